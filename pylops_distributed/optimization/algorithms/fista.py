r"""Iterative shrinkage-thresholding with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pylops_distributed.execution.state import scalar, vector
from pylops_distributed.optimization.algorithms.ista import ISTA, ISTAState
from pylops_distributed.vectors.arithmetic import squared_norm
from pylops_distributed.vectors.elementwise import (
    elementwise,
    scalar_array,
    scalar_kind,
    zero_model,
)
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


@dataclass(frozen=True)
class FISTAState(ISTAState):
    """State of :class:`FISTA`: the point from which to step, and both residuals."""

    kind: ClassVar[str] = "FISTAState"
    z: Vector = vector("extrapolated_model", "domain")
    r: Vector = vector("data_residual", "codomain")
    rz: Vector = vector("extrapolated_residual", "codomain")
    t: Any = scalar("momentum")


@dataclass(frozen=True)
class FISTA(ISTA):
    r"""Iterative shrinkage-thresholding with momentum, with one forward and one adjoint a step.

    Parameters are those of :class:`~pylops_distributed.optimization.algorithms.ista.ISTA`.

    Notes
    -----
    As :class:`pylops.optimization.cls_sparsity.FISTA`, with a forward less: the residual of the extrapolated
    model is that of the models extrapolated. Beck and Teboulle, 2009, doi:10.1137/080716542.
    """

    state: ClassVar[type[FISTAState]] = FISTAState

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> FISTAState:
        """State before the first step, lazily."""
        r = op.codomain.fit(y)
        if x0 is None:
            x = zero_model(op, op.apply_adjoint(r))
        else:
            x = op.domain.fit(x0)
            r = r - op.apply(x)
        return FISTAState(0, x, **self.begin(op, x), z=x, r=r, rz=r, t=scalar_array(1, scalar_kind(x)))

    def step(self, op: LinearOperator, y: Vector, state: FISTAState) -> FISTAState:  # type: ignore[override]
        """State after one more step, lazily."""
        x = self.shrink(op, state.z, state.rz, state)
        r = y - op.apply(x)
        t = elementwise(_next, state.t)
        measures = self.measure(state, x, squared_norm(state.rz), squared_norm(r))
        z, rz = (elementwise(_extrapolated, a, b, state.t) for a, b in ((x, state.x), (r, state.r)))
        return FISTAState(state.iteration + 1, x, **measures, z=z, r=r, rz=rz, t=t)


def _next(t: NDArray) -> NDArray:
    if isinstance(t, float):  # of NumPy vectors: three times a step, at a tenth of the price
        number: Any = (1 + sqrt(1 + 4 * float(t) * float(t))) / 2
        return np.float64(number)
    return ((1 + sqrt(1 + 4 * t**2)) / 2 + 0 * t).astype(t.dtype)


def _extrapolated(x: NDArray, before: NDArray, t: NDArray) -> NDArray:
    momentum = (t - 1) / _next(t)
    result: NDArray = x + momentum * (x - before)
    return result
