r"""Linearised alternating direction method of multipliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

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
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import (
    distance,
    elementwise,
    scalar_array,
    scalar_kind,
)
from pylops_distributed.vectors.space import Vector, reshape
from pylops_distributed.vectors.types import NDArray


@dataclass(frozen=True)
class LinearizedADMMState(State):
    """State of :class:`LinearizedADMM`; the objective is infinite where it is not asked for."""

    kind: ClassVar[str] = "LinearizedADMMState"
    history: ClassVar[tuple[str, ...]] = ("cost", "gap")

    ax: Vector = vector("transformed_model", "split")
    z: Vector = vector("split", "split")
    u: Vector = vector("dual", "split")
    gap: Any = scalar("gap", "never")
    cost: Any = scalar("cost", "always")
    change: Any = scalar("change", "always")


@dataclass(frozen=True)
class LinearizedADMM:
    r"""Minimises :math:`f(\mathbf{x}) + g(\mathbf{A}\,\mathbf{x})`, with one :math:`\mathbf{A}` and one adjoint a step.

    Parameters
    ----------
    g : ProxOperator
        Function of the transformed model.
    A : LinearOperator
        Transform.
    f : ProxOperator, optional
        Function of the model; half the squared norm of the data residual if not given.
    tau, mu : float
        Step lengths, :math:`0 < \mu \le \tau / \lambda_{max}(\mathbf{A}^H\mathbf{A})`.
    niter : int
        Maximum number of iterations.
    tol : float, optional
        Stop when the relative change of the objective is below this value, for which it is computed in each
        step.
    inner : int
        Number of conjugate gradient steps, from the last model, of the data's proximal operator without ``f``.

    Notes
    -----
    As ``pyproximal.optimization.primal.LinearizedADMM``; ``gap`` is the norm of the difference of transformed
    model and split. Parikh and Boyd, 2014, doi:10.1561/2400000003, section 4.4.2.
    """

    g: ProxOperator
    A: LinearOperator
    f: ProxOperator | None = None
    tau: float = 1.0
    mu: float = 1.0
    niter: int = 10
    tol: float | None = None
    inner: int = 10

    state: ClassVar[type[LinearizedADMMState]] = LinearizedADMMState

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> LinearizedADMMState:
        """State before the first step, lazily."""
        x = start(op, y, x0, tau=self.tau, mu=self.mu)
        ax = self.A.apply(reshape(x, self.A.domain))
        scalars = unknown(scalar_kind(x))
        if self.tol is not None:
            scalars["cost"] = data_term(self.f, op, y, self.inner)(x) + self.g(ax)
        return LinearizedADMMState(0, x, ax, ax, ax * 0.0, scalar_array(0, scalar_kind(x)), **scalars)

    def step(self, op: LinearOperator, y: Vector, state: LinearizedADMMState) -> LinearizedADMMState:
        """State after one more step, lazily."""
        f = data_term(self.f, op, y, self.inner)
        back = self.A.apply_adjoint(elementwise(_residual, state.ax, state.z, state.u))
        moved = elementwise(_moved, state.x, match_layout(back, state.x), self.mu / self.tau)
        x = f.warm(moved, self.mu, state.x)
        ax = self.A.apply(reshape(x, self.A.domain))
        z = self.g.prox(elementwise(_sum, ax, state.u), self.tau)
        u = elementwise(_dual, state.u, ax, z)
        scalars = {"cost": state.cost, "change": state.change}
        if self.tol is not None:
            scalars = objective(f(x) + self.g(ax), state)
        return LinearizedADMMState(state.iteration + 1, x, ax, z, u, distance(ax, z), **scalars)

    def done(self, state: LinearizedADMMState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        return reason(state, state.iteration, self.niter, self.tol)


def _residual(ax: NDArray, z: NDArray, u: NDArray) -> NDArray:
    return ax - z + u


def _moved(x: NDArray, back: NDArray, length: float) -> NDArray:
    return x - length * back


def _sum(ax: NDArray, u: NDArray) -> NDArray:
    return ax + u


def _dual(u: NDArray, ax: NDArray, z: NDArray) -> NDArray:
    return u + ax - z
