r"""Douglas-Rachford splitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pylops_distributed.execution.state import Reason, State, scalar, vector
from pylops_distributed.optimization.numerics.proximal_objective import (
    data_term,
    objective,
    reason,
    start,
    unknown,
)
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import (
    distance,
    elementwise,
    lincomb,
    scalar_array,
    scalar_kind,
)
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


@dataclass(frozen=True)
class DouglasRachfordSplittingState(State):
    """State of :class:`DouglasRachfordSplitting`; the objective is infinite where it is not asked for."""

    kind: ClassVar[str] = "DouglasRachfordSplittingState"
    history: ClassVar[tuple[str, ...]] = ("cost", "gap")

    y: Vector = vector("governing_model", "domain")
    gap: Any = scalar("gap", "never")
    cost: Any = scalar("cost", "always")
    change: Any = scalar("change", "always")


@dataclass(frozen=True)
class DouglasRachfordSplitting:
    r"""Minimises :math:`f(\mathbf{x}) + g(\mathbf{x})` for functions with proximal operators.

    Parameters
    ----------
    g : ProxOperator
        One function.
    f : ProxOperator, optional
        The other one; half the squared norm of the data residual if not given.
    tau : float
        Step length :math:`\tau`.
    eta : float
        Relaxation, between 0 and 2.
    niter : int
        Maximum number of iterations.
    gfirst : bool
        Begin a step with ``g``, whose result is then the model.
    tol : float, optional
        Stop when the relative change of the objective is below this value, for which it is computed in each
        step.
    inner : int
        Number of conjugate gradient steps, from the last model, of the data's proximal operator without ``f``.

    Notes
    -----
    As ``pyproximal.optimization.primal.DouglasRachfordSplitting``; ``gap`` is the norm of the difference of what
    both proximal operators return. Lions and Mercier, 1979, doi:10.1137/0716071.
    """

    g: ProxOperator
    f: ProxOperator | None = None
    tau: float = 1.0
    eta: float = 1.0
    niter: int = 10
    gfirst: bool = True
    tol: float | None = None
    inner: int = 10

    state: ClassVar[type[DouglasRachfordSplittingState]] = DouglasRachfordSplittingState

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> DouglasRachfordSplittingState:
        """State before the first step, lazily."""
        x = start(op, y, x0)
        scalars = unknown(scalar_kind(x))
        if self.tol is not None:
            scalars["cost"] = data_term(self.f, op, y, self.inner)(x) + self.g(x)
        return DouglasRachfordSplittingState(0, x, x, scalar_array(0, scalar_kind(x)), **scalars)

    def step(
        self, op: LinearOperator, y: Vector, state: DouglasRachfordSplittingState
    ) -> DouglasRachfordSplittingState:
        """State after one more step, lazily."""
        f = data_term(self.f, op, y, self.inner)
        first, second = (self.g, f) if self.gfirst else (f, self.g)
        x = first.warm(state.y, self.tau, state.x)
        other = second.warm(lincomb(2.0, x, -1.0, state.y), self.tau, x)
        moved = elementwise(_moved, state.y, other, x, self.eta)
        scalars = {"cost": state.cost, "change": state.change}
        if self.tol is not None:
            scalars = objective(f(x) + self.g(x), state)
        return DouglasRachfordSplittingState(state.iteration + 1, x, moved, distance(other, x), **scalars)

    def done(self, state: DouglasRachfordSplittingState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        return reason(state, state.iteration, self.niter, self.tol)


def _moved(y: NDArray, other: NDArray, x: NDArray, eta: float) -> NDArray:
    return y + eta * (other - x)
