"""Runs that older versions wrote are read, found sound, and solved further."""

import shutil
from pathlib import Path

import dask
import numpy as np
import pytest
from make import HALF, WHOLE

from pylops_distributed import open_run
from pylops_distributed.assembly import assemble
from pylops_distributed.audit import verify
from pylops_distributed.ingest import open_dataset
from pylops_distributed.optimization.solver import Session
from pylops_distributed.problems import load_problem
from pylops_distributed.solvers import SOLVERS
from pylops_distributed.store.checkpoint import CheckpointStore
from pylops_distributed.store.run import Run, list_runs

HERE = Path(__file__).parent
VERSIONS = sorted(path.parent for path in HERE.glob("*/run.zip"))


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name)
def golden(request, tmp_path):
    shutil.unpack_archive(request.param / "run.zip", tmp_path)
    return tmp_path, np.load(request.param / "expected.npz")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_golden_run(golden):
    folder, expected = golden
    (run,) = list_runs(folder)
    assert run.status().state == "finished"
    harmful = [finding.words for finding in verify(run.storage.url) if finding.harmful]
    assert ["its dataset" in words for words in harmful] == [True]  # which was elsewhere then
    tree = open_run(run.storage.url)
    newest = tree["iterates"].to_dataset()["model"].isel(iteration=-1)
    assert int(newest.iteration) == HALF
    np.testing.assert_array_equal(newest.values, expected["half"], strict=True)
    np.testing.assert_array_equal(tree["history"]["cost"].values, expected["cost"][: HALF + 1])
    assert 0 < tree["model"].attrs["metrics"]["misfit"] < 1


def test_a_golden_run_goes_on(golden):
    folder, expected = golden
    run = Run.open(folder / "golden.zarr")
    solver = SOLVERS["cgls"](name="cgls", niter=WHOLE, tol=0.0)
    ready = assemble(
        load_problem(run.attrs["problem"]), open_dataset(str(folder / "datasets/golden.zarr")), solver
    )
    with run.attempt() as attempt, CheckpointStore(attempt) as store, dask.config.set(scheduler="sync"):
        session = Session(ready.solver, ready.op, ready.y, store=store)
        assert session.iteration == HALF
        session.run()
        np.testing.assert_allclose(np.asarray(session.state.x.compute()), expected["whole"], rtol=1e-5)
        session.close()
