r"""Half-quadratic splitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

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
    scalar_array,
    scalar_kind,
)
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


@dataclass(frozen=True)
class HQSState(State):
    """State of :class:`HQS`; the objective is infinite where it is not asked for."""

    kind: ClassVar[str] = "HQSState"
    history: ClassVar[tuple[str, ...]] = ("cost", "gap")

    z: Vector = vector("split_model", "domain")
    count: Any = scalar("count")
    gap: Any = scalar("gap", "never")
    cost: Any = scalar("cost", "always")
    change: Any = scalar("change", "always")


@dataclass(frozen=True)
class HQS:
    r"""Minimises :math:`f(\mathbf{x}) + g(\mathbf{z}) + \frac{1}{2\tau}\|\mathbf{x}-\mathbf{z}\|_2^2` by turns.

    With :math:`\tau` that goes to zero, both models become one, a minimiser of :math:`f + g`.

    Parameters
    ----------
    g : ProxOperator
        One function.
    f : ProxOperator, optional
        The other one; half the squared norm of the data residual if not given.
    tau : float or tuple of float
        Step length :math:`\tau`, or one for each iteration.
    niter : int
        Maximum number of iterations.
    gfirst : bool
        Begin a step with ``g``.
    tol : float, optional
        Stop when the relative change of the objective is below this value, for which it is computed in each
        step.
    inner : int
        Number of conjugate gradient steps, from the last model, of the data's proximal operator without ``f``.

    Raises
    ------
    ValueError
        If there are fewer step lengths than iterations.

    Notes
    -----
    As ``pyproximal.optimization.primal.HQS``, which rounds :math:`\tau` to single precision; ``gap`` is the norm of
    the difference of both models. Geman and Yang, 1995, doi:10.1109/83.392335.
    """

    g: ProxOperator
    f: ProxOperator | None = None
    tau: float | tuple[float, ...] = 1.0
    niter: int = 10
    gfirst: bool = True
    tol: float | None = None
    inner: int = 10

    state: ClassVar[type[HQSState]] = HQSState

    def __post_init__(self) -> None:
        if isinstance(self.tau, tuple) and len(self.tau) < self.niter:
            raise ValueError(
                f"tau has {len(self.tau)} step lengths, expected one for each of {self.niter} iterations"
            )

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> HQSState:
        """State before the first step, lazily."""
        x = start(op, y, x0)
        kind = scalar_kind(x)
        scalars = unknown(kind)
        if self.tol is not None:
            scalars["cost"] = data_term(self.f, op, y, self.inner)(x) + self.g(x)
        return HQSState(0, x, x, scalar_array(0, kind), scalar_array(0, kind), **scalars)

    def step(self, op: LinearOperator, y: Vector, state: HQSState) -> HQSState:
        """State after one more step, lazily."""
        f, x, z, tau = data_term(self.f, op, y, self.inner), state.x, state.z, self._tau(state)
        if self.gfirst:
            z = self.g.prox(x, tau)
            x = f.warm(z, tau, x)
        else:
            x = f.warm(z, tau, x)
            z = self.g.prox(x, tau)
        scalars = {"cost": state.cost, "change": state.change}
        if self.tol is not None:
            scalars = objective(f(x) + self.g(x), state)
        return HQSState(state.iteration + 1, x, z, state.count + 1, distance(x, z), **scalars)

    def done(self, state: HQSState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        return reason(state, state.iteration, self.niter, self.tol)

    def _tau(self, state: HQSState) -> Scalar:
        # A step is traced once for all iterations, so that its length is looked up when it is taken.
        if isinstance(self.tau, tuple):
            length: Scalar = elementwise(_nth, state.count, self.tau, dtype=state.cost.dtype)
            return length
        return self.tau


def _nth(count: NDArray, values: tuple[float, ...]) -> NDArray:
    # Steps ahead of the last one are computed and not looked at.
    return np.asarray(values[min(int(count), len(values) - 1)])[()]
