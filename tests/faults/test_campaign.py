"""A part of the campaign of faults; the whole is a separate command, see CONTRIBUTING."""

import pytest
from campaign import KINDS, campaign, table


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_two_hundred():
    outcomes = campaign(200, 20261125)
    assert sum(sum(found.values()) for found in outcomes.values()) == 200
    assert table(outcomes).count("\n") == len(
        KINDS
    )  # all but the full disk, which needs a separate file system
