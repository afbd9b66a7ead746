"""Any linear problem: an operator named in the settings, with its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import BaseModel, ConfigDict, Field

from pylops_distributed.optimization.proximal import L1
from pylops_distributed.problems.base import Demo, Penalty, Prior, Problem
from pylops_distributed.problems.fields.operator_spec import OperatorSpec
from pylops_distributed.problems.fields.variables import errors, fit_of, labels_of, shaped, variable
from pylops_distributed.signalprocessing.radon2d import Radon2D
from pylops_distributed.storage.labels import Labels
from pylops_distributed.vectors.space import Space

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.storage.group_metadata import Json


class Term(BaseModel):
    """A term of the objective: an operator and its weight."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    operator: OperatorSpec
    weight: float = Field(gt=0)


class Linear(Problem):
    r"""A model from data, through any operator.

    .. math::
        \min \|\mathbf{d} - \mathbf{Op\,x}\|_2^2 + \sum_i \epsilon_i^2\|\mathbf{R}_i\mathbf{x}\|_2^2
        + \sum_j w_j\|\mathbf{A}_j\mathbf{x}\|_1

    as far as the solver takes the terms.
    """

    name: Literal["linear"] = "linear"
    forward: OperatorSpec = Field(description="the operator")
    observed: str = Field(default="data", description="variable with the data")
    truth: str | None = Field(default=None, description="variable with the true model, if it is known")
    regularisation: tuple[Term, ...] = Field(default=(), description="terms whose squares are small")
    sparse: tuple[Term, ...] = Field(default=(), description="terms whose magnitudes are small")
    sparsifying: OperatorSpec | None = Field(
        default=None,
        description="transform from sparse coefficients to models, for solvers that look for these",
    )

    def check(self, ds: xr.Dataset) -> None:
        """As for any problem; the truth must be on the operator's axes."""
        super().check(ds)
        if self.truth is not None:
            self.model(ds)

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """The operator that is named."""
        op = self.forward.build(ds)
        if not isinstance(op.domain, Space) or not isinstance(op.codomain, Space):
            raise ValueError(f"{self.forward.path} has vectors of blocks: write a custom problem for it")
        return op

    def data(self, ds: xr.Dataset) -> da.Array:
        """The data, in the operator's shape and type."""
        op = self.operator(ds)
        values = shaped(variable(ds, self.observed), op.dimsd)
        kind = np.result_type(op.dtype, values.dtype) if values.dtype.kind == "c" else op.dtype
        return values.astype(kind)

    def prior(self, ds: xr.Dataset) -> tuple[Prior, ...]:
        """The terms whose squares are small."""
        terms = enumerate(self.regularisation)
        return tuple(Prior(t.operator.build(ds), t.weight, f"regularisation_{k}") for k, t in terms)

    def penalties(self, ds: xr.Dataset) -> tuple[Penalty, ...]:
        """The terms whose magnitudes are small."""
        return tuple(Penalty(L1(t.weight), t.operator.build(ds)) for t in self.sparse)

    def transform(self, ds: xr.Dataset) -> LinearOperator | None:
        """The transform that is named."""
        return None if self.sparsifying is None else self.sparsifying.build(ds)

    def model(self, ds: xr.Dataset) -> da.Array:
        """The true model."""
        if self.truth is None:
            raise ValueError("there is no model to model from: name a variable as `truth`")
        op = self.operator(ds)
        return shaped(variable(ds, self.truth), op.dims).astype(op.dtype)

    def labels(self, ds: xr.Dataset) -> dict[str, Labels]:
        """Those of the truth and of the data, where they have the operator's shape."""
        op = self.operator(ds)
        return {
            "domain": _labels(ds, self.truth, op.dims, "model"),
            "codomain": _labels(ds, self.observed, op.dimsd, "data"),
        }

    def label(self, ds: xr.Dataset, x: da.Array) -> xr.Dataset:
        """The model and the data."""
        labels, data = self.labels(ds), self.data(ds)
        model = xr.DataArray(x, dims=labels["domain"].dims, coords=dict(labels["domain"].coords))
        axes = labels["codomain"]
        observed = xr.DataArray(data, dims=axes.dims, coords=dict(axes.coords))
        return xr.Dataset({"model": model, **fit_of(observed, self.operator(ds).apply(x))})

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> Json:
        """Relative misfit; with a truth, the relative error of the model."""
        return super().metrics(ds, result) | errors(ds, result, self.truth, error="model")

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """Few straight events on a seismic section, by a sparse Radon transform."""
        nt, nx, npx = 128, 64, 41
        t, h = np.arange(nt) * 0.004, np.linspace(-1.0, 1.0, nx)
        px, rng = np.linspace(-1.0, 1.0, npx) * 0.1, np.random.default_rng(seed)
        model = np.zeros((npx, nt))
        for k in rng.permutation(npx)[:4]:
            model[k, rng.integers(30, nt - 30)] = rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 1)
        args: dict[str, Any] = {"kind": "linear", "interp": True, "centeredh": True}
        op = Radon2D(t, h, px, **args)
        clean = (op @ da.from_array(model)).compute(scheduler="synchronous")
        noise = 0.05 * clean.std() * rng.standard_normal(clean.shape)
        data = xr.Dataset(
            {"data": (("offset", "t"), clean + noise), "model": (("slope", "t"), model)},
            {"t": t, "offset": h, "slope": px},
        )
        axes = [{"values": name} for name in ("t", "offset", "slope")]
        operator = {"path": "pylops_distributed.signalprocessing.Radon2D", "args": axes, "kwargs": args}
        problem = {"name": "linear", "forward": operator, "truth": "model"}
        solver = {"name": "fista", "eps": 1.0, "niter": 60}
        return Demo(
            data, {"problem": problem, "solver": solver}, "four straight events by a sparse Radon transform"
        )


def _labels(ds: xr.Dataset, name: str | None, shape: tuple[int, ...], fallback: str) -> Labels:
    if name is not None and variable(ds, name).shape == shape:
        return labels_of(variable(ds, name))
    return Labels(tuple(f"{fallback}_axis{k}" for k in range(len(shape))))
