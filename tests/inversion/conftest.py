"""A run on a small matrix, whose solution is known."""

import dask
import numpy as np
import pytest
import xarray as xr
from matrix_problem import Matrix

from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import begin
from pylops_flows.settings.pipeline import validate

N = 12


@pytest.fixture
def stored(tmp_path):
    rng = np.random.default_rng(5)
    matrix = rng.standard_normal((20, N))
    ds = xr.Dataset({"matrix": (("t", "x"), matrix), "y": ("t", matrix @ np.ones(N))})
    ds.to_zarr(tmp_path / "raw.zarr", consolidated=False)
    with dask.config.set(scheduler="sync"):
        yield ingest(str(tmp_path / "raw.zarr"), str(tmp_path / "in.zarr"), chunks={"t": 10, "x": N}).url


@pytest.fixture
def started(tmp_path, stored):
    """Begin a run with a solver, as settings of a pipeline name it."""

    def start(root=tmp_path, scale=1.0, **solver):
        settings = validate({"dataset": "in.zarr", "solver": solver}, "the test").solver
        return begin(str(root), stored, Matrix(scale=scale), settings), settings

    return start
