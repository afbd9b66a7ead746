"""PyLops' own tests against this library: nearly all pass, and what fails is explained."""

import pytest
import suite
from explanations import explained

SHARE = 0.97

pytestmark = [pytest.mark.peers, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def items():
    folder = suite.fetch()
    items = suite.run(folder, suite.files(folder), timeout=3500)
    suite.keep(items)
    return items


def test_nearly_all_items_that_exercise_an_operator_pass(items):
    outcomes = [item.outcome for item in items.values() if item.counts]
    assert len(outcomes) > 1500
    assert outcomes.count("passed") >= SHARE * len(outcomes)


def test_every_failure_is_explained(items):
    failed = {node: item.message for node, item in items.items() if item.outcome == "failed"}
    assert {node: message for node, message in failed.items() if not explained(node, message)} == {}
