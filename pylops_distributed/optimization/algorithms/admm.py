r"""Alternating direction method of multipliers."""

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
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator, plus
from pylops_distributed.vectors.elementwise import (
    distance,
    elementwise,
    scalar_array,
    scalar_kind,
)
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


@dataclass(frozen=True)
class ADMMState(State):
    """State of :class:`ADMM`; the objective is infinite where it is not asked for."""

    kind: ClassVar[str] = "ADMMState"
    history: ClassVar[tuple[str, ...]] = ("cost", "gap")

    z: Vector = vector("split_model", "domain")
    u: Vector = vector("dual", "domain")
    gap: Any = scalar("gap", "never")
    cost: Any = scalar("cost", "always")
    change: Any = scalar("change", "always")


@dataclass(frozen=True)
class ADMM:
    r"""Minimises :math:`f(\mathbf{x}) + g(\mathbf{x})` for functions with proximal operators.

    Parameters
    ----------
    g : ProxOperator
        One function.
    f : ProxOperator, optional
        The other one; half the squared norm of the data residual if not given.
    tau : float
        Step length :math:`\tau`.
    niter : int
        Maximum number of iterations.
    gfirst : bool
        Begin a step with ``g``.
    tol : float, optional
        Stop when the relative change of the objective is below this value, for which it is computed in each
        step.
    inner : int
        Number of conjugate gradient steps, from the last model, of the data's proximal operator without ``f``.

    Notes
    -----
    As ``pyproximal.optimization.primal.ADMM``; ``gap`` is the norm of the difference of both models.
    Boyd et al., 2011, doi:10.1561/2200000016.
    """

    g: ProxOperator
    f: ProxOperator | None = None
    tau: float = 1.0
    niter: int = 10
    gfirst: bool = False
    tol: float | None = None
    inner: int = 10

    state: ClassVar[type[ADMMState]] = ADMMState

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> ADMMState:
        """State before the first step, lazily."""
        x = start(op, y, x0, tau=self.tau)
        scalars = unknown(scalar_kind(x))
        if self.tol is not None:
            scalars["cost"] = data_term(self.f, op, y, self.inner)(x) + self.g(x)
        return ADMMState(0, x, x, x * 0.0, scalar_array(0, scalar_kind(x)), **scalars)

    def step(self, op: LinearOperator, y: Vector, state: ADMMState) -> ADMMState:
        """State after one more step, lazily."""
        f, x, z = data_term(self.f, op, y, self.inner), state.x, state.z
        if self.gfirst:
            z = self.g.prox(plus(x, 1.0, state.u), self.tau)
            x = f.warm(plus(z, -1.0, state.u), self.tau, x)
        else:
            x = f.warm(plus(z, -1.0, state.u), self.tau, x)
            z = self.g.prox(plus(x, 1.0, state.u), self.tau)
        u = elementwise(_dual, state.u, x, z)
        scalars = {"cost": state.cost, "change": state.change}
        if self.tol is not None:
            scalars = objective(f(x) + self.g(x), state)
        return ADMMState(state.iteration + 1, x, z, u, distance(x, z), **scalars)

    def done(self, state: ADMMState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        return reason(state, state.iteration, self.niter, self.tol)


def _dual(u: NDArray, x: NDArray, z: NDArray) -> NDArray:
    return u + x - z
