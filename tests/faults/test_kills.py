"""The flow's process killed at random moments of an inversion: it goes on, to the same bits."""

import random
import time

import numpy as np
import pytest

from pylops_distributed import open_run
from pylops_distributed.store.run import list_runs

KILLS = 20
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


def timed(pld, command, root, server):
    """The uninterrupted run, and the seconds from its first to its last sign of life."""
    process = pld(*command, "--root", root, wait=False, **server)
    run = when_begun(process, root)
    begun = time.monotonic()
    while not run.storage.exists("report.html"):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    life = time.monotonic() - begun
    process.communicate(timeout=60)
    assert process.returncode == 0
    return run, life


@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_twenty_kills(pld, server, config, tmp_path):
    command = ("run", config, *SETTINGS)
    reference, life = timed(pld, command, tmp_path / "whole", server)
    wanted, moments = solution(reference), random.Random(20261125)
    kills = 0
    while kills < KILLS:
        root, moment = tmp_path / f"kill{kills}", moments.uniform(0, life)
        process = pld(*command, "--root", root, wait=False, **server)
        run = when_begun(process, root)
        time.sleep(moment)
        process.kill()
        process.communicate(timeout=60)
        if process.returncode == 0:  # this one was faster: another moment
            root.rename(tmp_path / f"missed{moment}")
            continue
        before = run.status()
        again = ("resume", run.storage.folder) if kills % 2 else (*command, "--root", root)
        code, text = pld(*again, **server)
        assert code == 0, text
        after = run.status()
        print(
            f"killed after {moment:.1f} of {life:.1f} s, {before.state} at {before.iteration}: {again[0]} ended"
        )
        assert [found.storage.url for found in list_runs(root)] == [run.storage.url]
        assert (after.state, after.iteration) == ("finished", NITER)
        np.testing.assert_array_equal(solution(run), wanted, strict=True)
        assert run.storage.exists("report.html")
        kills += 1
