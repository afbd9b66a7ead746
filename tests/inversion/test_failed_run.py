"""A run whose numbers become NaN or infinite has failed, and says so; it can be resumed with other settings."""

import pytest

from pylops_distributed.errors import NotFiniteError
from pylops_distributed.execution.state import Reason
from pylops_distributed.inversion.inversion import Inversion
from pylops_distributed.inversion.result import write_result
from pylops_distributed.runs.audit import verify
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.lease import acquire
from pylops_distributed.storage.run import Run

WORDS = "NaN or infinity in"


def test_a_run_that_diverges_has_failed(started):
    run, solver = started(name="ista", alpha=10.0, niter=10_000)
    with Inversion(run, solver, save=Every(20, 1e9)) as inversion:
        with pytest.raises(NotFiniteError, match=rf"{WORDS} .*checkpoint: iteration \d\d"):
            inversion.advance()
        assert inversion.progress.reason is Reason.NOT_FINITE
        kept = inversion.kept
        with pytest.raises(NotFiniteError, match=WORDS):
            inversion.check()
    status = Run.open(run.storage.url).status()
    assert (status.state, WORDS in status.reason, status.iteration) == ("failed", True, kept)
    assert 0 < kept < inversion.progress.iteration
    assert not [finding for finding in verify(run.storage.url) if finding.harmful]
    with pytest.raises(NotFiniteError), Inversion(run, solver) as inversion:
        inversion.advance()


def test_a_run_that_cannot_begin_has_failed(started):
    run, solver = started(name="cgls", niter=10, scale=1e200)
    with Inversion(run, solver) as inversion:
        assert inversion.progress.reason is Reason.NOT_FINITE
        with pytest.raises(NotFiniteError, match=rf"iteration 0: {WORDS} kold.*checkpoint: none"):
            inversion.check()
    assert run.status().state == "failed"
    with pytest.raises(FileNotFoundError):
        write_result(run)
    acquire(run.storage).close()  # the next attempt has not failed yet
    assert run.status().state == "interrupted"
