"""A small sample of ``benchmarks/parity.py``: the same calls give PyLops' models."""

import pytest

from benchmarks.parity import compare

# Errors of PyLops are no failures of this library; warnings are its own.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("first", range(0, 20, 5))
def test_generated_calls(first):
    messages = []
    counts = compare(0, range(first, first + 5), tell=messages.append)
    assert sum(counts.values()) == 5
    assert counts["agree"] >= 4
    assert not messages
