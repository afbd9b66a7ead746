r"""Primal-dual hybrid gradients with step lengths that adapt."""

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
from pylops_distributed.vectors.arithmetic import norm, vdot
from pylops_distributed.vectors.elementwise import (
    elementwise,
    scalar_array,
    scalar_kind,
    scalars,
)
from pylops_distributed.vectors.space import Vector, reshape
from pylops_distributed.vectors.types import NDArray

STEPS = ("tau", "mu", "alpha")


@dataclass(frozen=True)
class AdaptivePrimalDualState(State):
    """State of :class:`AdaptivePrimalDual`; the objective is infinite where it is not asked for."""

    kind: ClassVar[str] = "AdaptivePrimalDualState"
    history: ClassVar[tuple[str, ...]] = ("cost", "primal", "dual_residual", *STEPS)

    ax: Vector = vector("transformed_model", "split")
    y: Vector = vector("dual", "split")
    back: Vector = vector("adjoint_dual", "domain")
    primal: Any = scalar("primal")
    dual_residual: Any = scalar("dual_residual")
    tau: Any = scalar("tau", "never")
    mu: Any = scalar("mu", "never")
    alpha: Any = scalar("alpha", "never")
    cost: Any = scalar("cost", "always")
    change: Any = scalar("change", "always")


@dataclass(frozen=True)
class AdaptivePrimalDual:
    r"""Minimises :math:`f(\mathbf{x}) + \mathbf{z}^T\mathbf{x} + g(\mathbf{A}\,\mathbf{x})`.

    A step takes one :math:`\mathbf{A}` and one adjoint. One step length grows and the other shrinks where the
    residuals of model and dual differ much.

    Parameters
    ----------
    g : ProxOperator
        Function of the transformed model.
    A : LinearOperator
        Transform.
    f : ProxOperator, optional
        Function of the model; half the squared norm of the data residual if not given.
    tau, mu : float
        First step lengths of model and dual, :math:`\tau\mu\lambda_{max}(\mathbf{A}^H\mathbf{A}) < 1`.
    alpha : float
        First part by which the step lengths change, from 0 to 1.
    eta : float
        By what that part shrinks with each change.
    s : float
        Scale of the dual's residual against the model's.
    delta : float
        Ratio of the residuals, above 1, from which step lengths change.
    z : dask.array.Array or Blocks, optional
        Linear term, laid out as the model.
    niter : int
        Maximum number of iterations.
    tol : float, optional
        Stop when the relative change of the objective is below this value, for which it is computed in each
        step.
    xytol : float, optional
        Stop when the residual of model or dual is not above this value.
    inner : int
        Number of conjugate gradient steps, from the last model, of the data's proximal operator without ``f``.

    Notes
    -----
    As ``pyproximal.optimization.primaldual.AdaptivePrimalDual``, except that the first step knows the image of the
    initial model, for which that takes zero, and that ``z`` has no part in the residuals.
    Goldstein et al., 2015, arXiv:1305.0546.
    """

    g: ProxOperator
    A: LinearOperator
    f: ProxOperator | None = None
    tau: float = 1.0
    mu: float = 1.0
    alpha: float = 0.5
    eta: float = 0.95
    s: float = 1.0
    delta: float = 1.5
    z: Vector | None = None
    niter: int = 10
    tol: float | None = None
    xytol: float | None = None
    inner: int = 10

    state: ClassVar[type[AdaptivePrimalDualState]] = AdaptivePrimalDualState

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> AdaptivePrimalDualState:
        """State before the first step, lazily."""
        x = start(op, y, x0)
        ax, kind = self.A.apply(reshape(x, self.A.domain)), scalar_kind(x)
        numbers = {name: scalar_array(getattr(self, name), kind) for name in STEPS}
        numbers |= dict.fromkeys(("primal", "dual_residual"), scalar_array(np.inf, kind)) | unknown(kind)
        if self.tol is not None:
            numbers["cost"] = self._objective(data_term(self.f, op, y, self.inner), x, ax)
        return AdaptivePrimalDualState(0, x, ax, ax * 0.0, x * 0.0, **numbers)

    def step(self, op: LinearOperator, y: Vector, state: AdaptivePrimalDualState) -> AdaptivePrimalDualState:
        """State after one more step, lazily."""
        f = data_term(self.f, op, y, self.inner)
        slope = state.back if self.z is None else plus(state.back, 1.0, self.z)
        x = f.warm(plus(state.x, -state.tau, slope), state.tau, state.x)
        ax = self.A.apply(reshape(x, self.A.domain))
        ascent = elementwise(_ascent, state.y, ax, state.ax, state.mu)
        dual = self.g.proxdual(ascent, state.mu)
        back = match_layout(self.A.apply_adjoint(dual), state.x)
        primal = norm(elementwise(_residual, state.x, x, state.back, back, state.tau))
        residual = norm(elementwise(_residual, state.y, dual, state.ax, ax, state.mu))
        numbers = scalars(
            _adapted, STEPS, primal, residual, *(getattr(state, name) for name in STEPS),
            dtype=state.cost.dtype, settings=(self.s, self.delta, self.eta),
        )  # fmt: skip
        numbers |= {"primal": primal, "dual_residual": residual, "cost": state.cost, "change": state.change}
        if self.tol is not None:
            numbers |= objective(self._objective(f, x, ax), state)
        return AdaptivePrimalDualState(state.iteration + 1, x, ax, dual, back, **numbers)

    def done(self, state: AdaptivePrimalDualState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        if self.xytol is not None and min(float(state.primal), float(state.dual_residual)) <= self.xytol:
            return Reason.CONVERGED
        return reason(state, state.iteration, self.niter, self.tol)

    def _objective(self, f: ProxOperator, x: Vector, ax: Vector) -> da.Array:
        value = f(x) + self.g(ax)
        return value if self.z is None else value + vdot(self.z, x).real


def _ascent(y: NDArray, ax: NDArray, before: NDArray, mu: NDArray) -> NDArray:
    result: NDArray = y + mu * (2 * ax - before)
    return result


def _residual(before: NDArray, x: NDArray, image: NDArray, new: NDArray, length: NDArray) -> NDArray:
    result: NDArray = (before - x) / length - (image - new)
    return result


def _adapted(
    s: float, delta: float, eta: float, primal: float, dual: float, tau: float, mu: float, alpha: float
) -> tuple[float, float, float]:
    if primal > s * dual * delta:
        return tau / (1 - alpha), mu * (1 - alpha), alpha * eta
    if primal < s * dual / delta:
        return tau * (1 - alpha), mu / (1 - alpha), alpha * eta
    return tau, mu, alpha
