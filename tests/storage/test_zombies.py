"""Writers stopped in mid-change, which wake after a takeover: some moments here, all in ``benchmarks/zombies.py``."""

import dask
import pytest

from benchmarks import zombies
from pylops_distributed.storage.run import Run


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The model that an undisturbed solve ends in."""
    source = zombies.template(tmp_path_factory.mktemp("whole"), "whole")
    with dask.config.set(scheduler="sync"), Run.open(source).attempt() as attempt:
        return zombies.iterate(attempt, 7)


@pytest.fixture(autouse=True)
def patience(tuned):
    tuned("storage.lease-time", "90 s")  # takeovers shorten it


@pytest.mark.parametrize(("name", "at"), [("result", 30), ("report", 2), ("save", 40), ("delete", 9)])
def test_a_writer_that_wakes_after_a_takeover(tmp_path, expected, name, at):
    with dask.config.set(scheduler="sync"):
        source = zombies.template(tmp_path, name)
        came, faults = zombies.trial(name, source, at, expected)
    assert (came, faults) == ("gone" if name == "delete" else "taken", [])


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", zombies.SCENARIOS)
def test_a_writer_stopped_at_every_change(name):
    trials, _, faults = zombies.run_scenario(name)
    assert trials > 3
    assert faults == []
