"""A run is solved in pieces, stopped and resumed, and says where it stands."""

import threading
import time

import numpy as np
import pytest

from pylops_distributed.errors import RunBusyError
from pylops_distributed.execution.state import Reason
from pylops_distributed.inversion.inversion import Inversion
from pylops_distributed.inversion.result import write_result
from pylops_distributed.runs.reading import open_run
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run

LONG = {"name": "ista", "alpha": 1e-4, "niter": 100_000, "tol": 0.0}
SHORT = {"name": "cgls", "niter": 8, "tol": 0.0}


def final(inversion):
    return inversion.session.state.x.compute()


def partly(inversion):
    """Take steps until the first report of progress."""
    return inversion.advance(on_progress=lambda progress: True).iteration


def test_time_that_is_over_ends_a_piece(started):
    run, solver = started(**LONG)
    with Inversion(run, solver) as inversion:
        assert inversion.advance(0.0).iteration == 0
        first = partly(inversion)
        progress = inversion.advance(0.2)
        assert 0 < first < progress.iteration < LONG["niter"]
        assert progress.reason is None
        assert 0 < progress.fraction < 1
        # Only these steps count, not what came between them.
        assert 0 < progress.seconds * progress.iteration < 30
        assert progress.left == pytest.approx(progress.seconds * (LONG["niter"] - progress.iteration))


def test_pieces_and_resumes_reach_the_same_bits(started, tmp_path):
    run, solver = started(**SHORT)
    with Inversion(run, solver) as whole:
        assert whole.resumed is None
        assert whole.kept == -1
        progress = whole.advance()
        assert (progress.iteration, progress.reason, progress.resumed) == (8, Reason.NITER, None)
        assert (progress.fraction, progress.left) == (1.0, 0.0)
        assert len(progress.cost) == 9
        expected = final(whole)
    run, solver = started(tmp_path / "again", **SHORT)
    with Inversion(run, solver, save=Every(1)) as pieces:
        stopped = partly(pieces)
        assert 0 < stopped < 8
    with Inversion(run, solver, save=Every(1)) as pieces:
        assert (pieces.resumed, pieces.kept) == (stopped, stopped)
        pieces.advance()
        np.testing.assert_array_equal(final(pieces), expected)
        assert len(pieces.progress.cost) == 9


def test_a_callback_stops_a_piece_and_its_state_is_kept(started):
    run, solver = started(**LONG)
    with Inversion(run, solver) as inversion:
        seen = []
        inversion.advance(on_progress=lambda progress: seen.append(progress.iteration) or len(seen) > 2)
        assert len(seen) == 3
        reached = inversion.progress.iteration
        assert reached == seen[-1] < LONG["niter"]
    assert Run.open(run.storage.url).status().iteration == reached


def test_nothing_stays_behind(started):
    run, solver = started(**LONG)
    before = set(threading.enumerate())
    with Inversion(run, solver) as inversion:
        partly(inversion)
        with pytest.raises(RunBusyError), Inversion(run, solver):
            pass
    end = time.monotonic() + 10  # threads that were asked to end need a moment for it
    while set(threading.enumerate()) - before and time.monotonic() < end:
        time.sleep(0.01)
    assert set(threading.enumerate()) - before == set()
    with Inversion(run, solver):  # and another can begin
        pass


def test_a_failed_step_begins_again_at_the_newest_checkpoint(started, caplog):
    run, solver = started(**SHORT)
    with Inversion(run, solver, save=Every(1)) as inversion:
        reached = partly(inversion)
        attempt = inversion.attempt.number
        inversion.session.failed = True  # as after workers that were lost
        inversion.advance()
        assert inversion.resumed == reached
        assert inversion.attempt.number == attempt  # nothing was being written
        assert inversion.progress.reason is Reason.NITER
    assert f"iteration {reached} after a failure" in caplog.text


def test_another_dataset_at_the_same_place_is_an_error(started, stored):
    run, solver = started(**SHORT)
    storage = open_storage(stored)
    storage.delete_prefix("")
    with pytest.raises(FileNotFoundError), Inversion(run, solver):
        pass
    assert run.status().state == "interrupted"  # and the run is free


def test_the_result_is_that_of_the_last_state(started):
    run, solver = started(**SHORT)
    with Inversion(run, solver) as inversion:
        inversion.advance()
        expected = final(inversion)
    write_result(run)
    np.testing.assert_array_equal(open_run(run.storage.url)["model"]["model"].values, expected)
