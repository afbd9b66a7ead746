"""The flow's process killed at random moments of an inversion: it resumes, to the same bits."""

import random
import time

import numpy as np
import pytest

from pylops_distributed import open_run
from pylops_distributed.storage.run import list_runs
from pylops_flows.cli.demo_data import make_demo

NITER = 40
SETTINGS = ("--set", f"solver.niter={NITER}", "--set", "checkpoint.iterations=1")


def solution(run):
    return open_run(run.storage.url)["iterates"].to_dataset()["model"].sel(iteration=NITER).values


def when_begun(process, root):
    """The run, as soon as the command has made it."""
    end = time.monotonic() + 300
    while not (found := list_runs(root)):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, "no run"
        time.sleep(0.02)
    return found[0]


@pytest.fixture(scope="module")
def uninterrupted(pld, server, tmp_path_factory):
    """The command, its solution, and the seconds from its first to its last sign of life."""
    folder = tmp_path_factory.mktemp("whole")
    command = ("run", make_demo(folder, shape=(12, 14, 64)), *SETTINGS)
    process = pld(*command, "--root", folder / "runs", wait=False, **server)
    run = when_begun(process, folder / "runs")
    begun = time.monotonic()
    while run.report is None:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    life = time.monotonic() - begun
    process.communicate(timeout=60)
    assert process.returncode == 0
    return command, solution(run), life


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kill", range(20))
def test_killed_at_any_moment(pld, server, uninterrupted, tmp_path, kill):
    command, wanted, life = uninterrupted
    moments = random.Random(f"20261125-{kill}")
    while True:
        root, moment = tmp_path / f"{time.monotonic()}", moments.uniform(0, life)
        process = pld(*command, "--root", root, wait=False, **server)
        run = when_begun(process, root)
        time.sleep(moment)
        process.kill()
        process.communicate(timeout=60)
        if process.returncode != 0:
            break
        # That one was faster: another moment.
    before = run.status()
    again = ("resume", run.storage.folder) if kill % 2 else (*command, "--root", root)
    code, text = pld(*again, **server)
    assert code == 0, text
    after = run.status()
    print(
        f"killed after {moment:.1f} of {life:.1f} s, {before.state} at {before.iteration}: {again[0]} ended"
    )
    assert [found.storage.url for found in list_runs(root)] == [run.storage.url]
    assert (after.state, after.iteration) == ("finished", NITER)
    np.testing.assert_array_equal(solution(run), wanted, strict=True)
    assert run.report is not None
