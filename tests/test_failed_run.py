"""A run whose numbers become NaN or infinite has failed, and says so; it can be resumed with other settings."""

import dask
import numpy as np
import pytest
import xarray as xr

from pylops_distributed.basicoperators import MatrixMult
from pylops_distributed.errors import NotFiniteError
from pylops_distributed.execution.state import Reason
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.inversion.result import write_result
from pylops_distributed.problems.base import Problem
from pylops_distributed.runs.audit import verify
from pylops_distributed.storage.labels import Labels
from pylops_distributed.storage.lease import acquire
from pylops_distributed.storage.policies import Every
from pylops_distributed.storage.run import Run
from pylops_flows.settings.pipeline import validate

N = 12
WORDS = "NaN or infinity in"


class Plain(Problem):
    """A small matrix."""

    scale: float = 1.0

    def operator(self, ds):
        return MatrixMult(ds["matrix"].data) * self.scale

    def data(self, ds):
        return ds["y"].data

    def labels(self, ds):
        return {"domain": Labels(("x",)), "codomain": Labels(("t",))}

    def label(self, ds, x):
        return xr.Dataset({"model": ("x", x)})


@pytest.fixture
def stored(tmp_path):
    rng = np.random.default_rng(5)
    matrix = rng.standard_normal((20, N))
    ds = xr.Dataset({"matrix": (("t", "x"), matrix), "y": ("t", matrix @ np.ones(N))})
    ds.to_zarr(tmp_path / "raw.zarr", consolidated=False)
    with dask.config.set(scheduler="sync"):
        yield ingest(str(tmp_path / "raw.zarr"), str(tmp_path / "in.zarr"), chunks={"t": 10, "x": N}).url


def settings(**solver):
    return validate({"dataset": "in.zarr", "solver": solver}, "the test").solver


def started(tmp_path, stored, solver, **problem):
    return begin(str(tmp_path), stored, Plain(**problem), solver)


def test_a_run_that_diverges_has_failed(tmp_path, stored):
    solver = settings(name="ista", alpha=10.0, niter=10_000)
    run = started(tmp_path, stored, solver)
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


def test_a_run_that_cannot_begin_has_failed(tmp_path, stored):
    solver = settings(name="cgls", niter=10)
    run = started(tmp_path, stored, solver, scale=1e200)
    with Inversion(run, solver) as inversion:
        assert inversion.progress.reason is Reason.NOT_FINITE
        with pytest.raises(NotFiniteError, match=rf"iteration 0: {WORDS} kold.*checkpoint: none"):
            inversion.check()
    assert run.status().state == "failed"
    with pytest.raises(FileNotFoundError):
        write_result(run)
    acquire(run.storage).close()  # the next attempt has not failed yet
    assert run.status().state == "interrupted"
