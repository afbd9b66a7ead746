"""Runs that older versions wrote are read, verified, and solved further."""

import shutil
from pathlib import Path

import dask
import numpy as np
import pytest
from make import HALF, WHOLE

from pylops_distributed import open_run
from pylops_distributed.inversion.inversion import Inversion
from pylops_distributed.runs.audit import verify
from pylops_distributed.settings.solver_settings import SOLVERS
from pylops_distributed.storage.run import Run, list_runs

HERE = Path(__file__).parent
VERSIONS = sorted(path.parent for path in HERE.glob("*/run.zip"))


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name)
def golden(request, tmp_path):
    shutil.unpack_archive(request.param / "run.zip", tmp_path)
    return tmp_path, np.load(request.param / "expected.npz")


def test_a_golden_run(golden):
    folder, expected = golden
    (run,) = list_runs(folder)
    assert run.status().state == "finished"
    assert verify(run.storage.url) == []  # with its dataset, which has moved along
    tree = open_run(run.storage.url)
    newest = tree["iterates"].to_dataset()["model"].isel(iteration=-1)
    assert int(newest.iteration) == HALF
    np.testing.assert_array_equal(newest.values, expected["half"], strict=True)
    np.testing.assert_array_equal(tree["history"]["cost"].values, expected["cost"][: HALF + 1])
    assert 0 < tree["model"].attrs["metrics"]["misfit"] < 1


def test_a_golden_run_resumes(golden):
    folder, expected = golden
    run = Run.open(folder / "golden.zarr")
    solver = SOLVERS["cgls"](name="cgls", niter=WHOLE, tol=0.0)
    with dask.config.set(scheduler="sync"), Inversion(run, solver) as inversion:
        assert inversion.resumed == HALF
        inversion.advance()
        np.testing.assert_allclose(inversion.session.state.x.compute(), expected["whole"], rtol=1e-5)
