"""Doubling: numbers from their doubles."""

from __future__ import annotations

from typing import Any, Literal

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import Field

from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.problems.base import Demo, Problem
from pylops_distributed.problems.fields.variables import chunked, errors, fit_of, labels_of, like, variable
from pylops_distributed.storage.labels import Labels


class Doubling(Problem):
    """Numbers from their doubles."""

    name: Literal["doubling"] = "doubling"
    doubles: str = Field(default="doubles", description="variable with the doubles")
    truth: str | None = Field(default=None, description="variable with the true numbers, if they are known")

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """Twice each number."""
        return Diagonal(da.full_like(self.data(ds), 2.0))

    def data(self, ds: xr.Dataset) -> da.Array:
        """The doubles."""
        return chunked(variable(ds, self.doubles), float)

    def labels(self, ds: xr.Dataset) -> dict[str, Labels]:
        """The same for model and data."""
        return dict.fromkeys(("domain", "codomain"), labels_of(variable(ds, self.doubles)))

    def label(self, ds: xr.Dataset, x: da.Array) -> xr.Dataset:
        """The numbers and the data."""
        doubles = variable(ds, self.doubles)
        fit = fit_of(like(doubles, self.data(ds), "observed data"), self.operator(ds).apply(x))
        return xr.Dataset({"numbers": like(doubles, x, "numbers"), **fit})

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> dict[str, Any]:
        """Relative misfit; with a truth, the relative error."""
        return super().metrics(ds, result) | errors(ds, result, self.truth, error="numbers")

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """Random numbers."""
        numbers = np.random.default_rng(seed).standard_normal((8, 12))
        data = xr.Dataset({"doubles": (("y", "x"), 2 * numbers), "truth": (("y", "x"), numbers)})
        settings = {"problem": {"name": "doubling", "truth": "truth"}, "solver": {"name": "cgls", "niter": 3}}
        return Demo(data, settings, "numbers from their doubles")
