"""PyLops' own tests against this library: nearly all pass, and what fails is explained."""

import pytest
import suite
from explanations import explained

# Least share of the items that count.
SHARE = {"chunks": 0.993, "numpy": 0.995}

pytestmark = [pytest.mark.peers, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module", params=suite.ARRAYS)
def arrays(request):
    return request.param


@pytest.fixture(scope="module")
def items(arrays):
    folder = suite.fetch()
    return suite.run(folder, suite.runnable(suite.files(folder)), arrays, timeout=7000)


def test_nearly_all_items_that_exercise_an_operator_pass(items, arrays):
    outcomes = [item.outcome for item in items.values() if item.counts]
    assert len(outcomes) > 2700
    assert outcomes.count("passed") >= SHARE[arrays] * len(outcomes)


def test_every_failure_is_explained(items):
    failed = {node: item.message for node, item in items.items() if item.outcome == "failed"}
    assert {node: message for node, message in failed.items() if not explained(node, message)} == {}
