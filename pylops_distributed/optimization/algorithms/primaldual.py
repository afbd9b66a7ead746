r"""Primal-dual hybrid gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import dask.array as da
import numpy as np

from pylops_distributed.execution.state import Reason, State, scalar, vector
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.numerics.proximal_objective import (
    data_term,
    match_layout,
    objective,
    reason,
    start,
    unknown,
)
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator, plus
from pylops_distributed.vectors.arithmetic import vdot
from pylops_distributed.vectors.elementwise import (
    distance,
    elementwise,
    scalar_array,
    scalar_kind,
)
from pylops_distributed.vectors.space import Vector, reshape
from pylops_distributed.vectors.types import NDArray


@dataclass(frozen=True)
class PrimalDualState(State):
    """State of :class:`PrimalDual`; the objective is infinite where it is not asked for."""

    kind: ClassVar[str] = "PrimalDualState"
    history: ClassVar[tuple[str, ...]] = ("cost", "update")

    xhat: Vector = vector("extrapolated_model", "domain")
    y: Vector = vector("dual", "split")
    update: Any = scalar("update")
    cost: Any = scalar("cost", "always")
    change: Any = scalar("change", "always")


@dataclass(frozen=True)
class PrimalDual:
    r"""Minimises :math:`f(\mathbf{x}) + \mathbf{z}^T\mathbf{x} + g(\mathbf{A}\,\mathbf{x})`.

    A step takes one :math:`\mathbf{A}` and one adjoint.

    Parameters
    ----------
    g : ProxOperator
        Function of the transformed model.
    A : LinearOperator
        Transform.
    f : ProxOperator, optional
        Function of the model; half the squared norm of the data residual if not given.
    tau, mu : float
        Step lengths of model and dual, :math:`\tau\mu\lambda_{max}(\mathbf{A}^H\mathbf{A}) < 1`.
    theta : float
        Extrapolation, from 0 to 1.
    z : dask.array.Array or Blocks, optional
        Linear term, laid out as the model.
    gfirst : bool
        Begin a step with the dual.
    niter : int
        Maximum number of iterations.
    tol : float, optional
        Stop when the relative change of the objective is below this value, for which it is computed in each
        step: one :math:`\mathbf{A}` more.
    inner : int
        Number of conjugate gradient steps, from the last model, of the data's proximal operator without ``f``.

    Notes
    -----
    As ``pyproximal.optimization.primaldual.PrimalDual`` from a dual of zero.
    Chambolle and Pock, 2011, doi:10.1007/s10851-010-0251-1.
    """

    g: ProxOperator
    A: LinearOperator
    f: ProxOperator | None = None
    tau: float = 1.0
    mu: float = 1.0
    theta: float = 1.0
    z: Vector | None = None
    gfirst: bool = True
    niter: int = 10
    tol: float | None = None
    inner: int = 10

    state: ClassVar[type[PrimalDualState]] = PrimalDualState

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> PrimalDualState:
        """State before the first step, lazily."""
        x = start(op, y, x0, tau=self.tau, mu=self.mu)
        scalars = unknown(scalar_kind(x))
        if self.tol is not None:
            scalars["cost"] = self._objective(data_term(self.f, op, y, self.inner), x)
        return PrimalDualState(0, x, x, self._image(x) * 0.0, scalar_array(np.inf, scalar_kind(x)), **scalars)

    def step(self, op: LinearOperator, y: Vector, state: PrimalDualState) -> PrimalDualState:
        """State after one more step, lazily."""
        f, dual = data_term(self.f, op, y, self.inner), state.y
        if self.gfirst:
            dual = self._dual(dual, state.xhat)
        back = match_layout(self.A.apply_adjoint(dual), state.x)
        back = back if self.z is None else plus(back, 1.0, self.z)
        x = f.warm(plus(state.x, -self.tau, back), self.tau, state.x)
        xhat = elementwise(_ahead, x, state.x, self.theta)
        if not self.gfirst:
            dual = self._dual(dual, xhat)
        scalars = {"cost": state.cost, "change": state.change}
        if self.tol is not None:
            scalars = objective(self._objective(f, x), state)
        return PrimalDualState(state.iteration + 1, x, xhat, dual, distance(x, state.x), **scalars)

    def done(self, state: PrimalDualState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        return reason(state, state.iteration, self.niter, self.tol)

    def _image(self, x: Vector) -> Vector:
        return self.A.apply(reshape(x, self.A.domain))

    def _dual(self, dual: Vector, x: Vector) -> Vector:
        return self.g.proxdual(plus(dual, self.mu, self._image(x)), self.mu)

    def _objective(self, f: ProxOperator, x: Vector) -> da.Array:
        value = f(x) + self.g(self._image(x))
        return value if self.z is None else value + vdot(self.z, x).real


def _ahead(x: NDArray, before: NDArray, theta: float) -> NDArray:
    return x + theta * (x - before)
