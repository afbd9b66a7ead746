"""PyLops' callbacks, for solvers on Dask arrays; those written for PyLops' solvers work here too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import dask
from pylops.optimization.callback import Callbacks, CostNanInfCallback, CostToInitialCallback
from pylops.optimization.callback import CostToDataCallback as LocalCostToDataCallback
from pylops.optimization.callback import MetricsCallback as LocalMetricsCallback
from pylops.utils import metrics
from pylops.utils.metrics import mae, mse, psnr, snr

from pylops_distributed.optimization.numerics.systems import vector_of
from pylops_distributed.vectors.arithmetic import norm

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.vectors.space import Vector, VectorLike

__all__ = [
    "Callbacks",
    "CostNanInfCallback",
    "CostToDataCallback",
    "CostToInitialCallback",
    "MetricsCallback",
    "mae",
    "mse",
    "psnr",
    "snr",
]


class HasData(Protocol):
    """A solver as the callbacks of this module use it."""

    Op: LinearOperator
    y: VectorLike


class CostToDataCallback(LocalCostToDataCallback):
    """Stop when the cost is below a part of the norm of the data.

    Parameters
    ----------
    rtol : float
        The part.
    """

    def on_setup_end(self, solver: HasData, x: Vector) -> None:
        """Measure the data."""
        self.ynorm = float(norm(vector_of(solver.y, solver.Op.codomain)))


class MetricsCallback(LocalMetricsCallback):
    """Compare every model with the true one, chunk by chunk: what comes to the driver are numbers.

    Parameters
    ----------
    xtrue : array
        True model, shaped like the solver's models.
    Op : LinearOperator, optional
        Applied to the models first.
    which : sequence of str, optional
        Which of ``"mae"``, ``"mse"``, ``"snr"`` and ``"psnr"``.

    Attributes
    ----------
    metrics : dict of list
        One number a step, by name.
    """

    def on_step_end(self, solver: object, x: Vector) -> None:
        """Measure the model."""
        shown = x if self.Op is None else self.Op @ x
        lazy = {name: getattr(metrics, name)(self.xtrue, shown) for name in self.metrics}
        (computed,) = dask.compute(lazy)
        for name, value in computed.items():
            self.metrics[name].append(value)
