"""A problem in a module that runs can import by its name: conftest is the name of many."""

import xarray as xr

from pylops_distributed.basicoperators import MatrixMult
from pylops_distributed.problems.base import Problem
from pylops_distributed.storage.labels import Labels


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
