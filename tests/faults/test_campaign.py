"""Samples of the campaign of faults; the whole is a command of its own, see CONTRIBUTING."""

import pytest
from campaign import KINDS, campaign, table


@pytest.mark.faults
def test_each_kind():
    outcomes = campaign(len(KINDS) - 1, 3)
    assert sum(sum(found.values()) for found in outcomes.values()) == len(KINDS) - 1
    assert table(outcomes).count("\n") == len(KINDS)


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_two_hundred():
    campaign(200, 20261125)
