"""A run on a small matrix, whose solution is known."""

import dask
import numpy as np
import pytest
import xarray as xr

from pylops_distributed.basicoperators import MatrixMult
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import begin
from pylops_distributed.problems.base import Problem
from pylops_distributed.storage.labels import Labels
from pylops_flows.settings.pipeline import validate

N = 12


class Matrix(Problem):
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


@pytest.fixture
def started(tmp_path, stored):
    """Begin a run with a solver, as settings of a pipeline name it."""

    def start(root=tmp_path, scale=1.0, **solver):
        settings = validate({"dataset": "in.zarr", "solver": solver}, "the test").solver
        return begin(str(root), stored, Matrix(scale=scale), settings), settings

    return start
