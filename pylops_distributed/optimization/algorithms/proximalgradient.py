r"""Proximal gradients."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

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
    scalars,
    total,
    where,
)
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator

Acceleration: TypeAlias = Literal["vandenberghe", "fista"] | None
ACCELERATIONS = (None, "vandenberghe", "fista")


@dataclass(frozen=True)
class ProximalGradientState(State):
    """State of :class:`ProximalGradient`; the objective is infinite where it is not asked for."""

    kind: ClassVar[str] = "ProximalGradientState"
    history: ClassVar[tuple[str, ...]] = ("cost", "update", "tau")

    y: Vector = vector("extrapolated_model", "domain")
    tau: Any = scalar("tau", "never")
    t: Any = scalar("momentum")
    count: Any = scalar("count")
    tries: Any = scalar("tries")
    update: Any = scalar("update")
    cost: Any = scalar("cost", "always")
    change: Any = scalar("change", "always")


@dataclass(frozen=True)
class ProximalGradient:
    r"""Minimises :math:`f(\mathbf{x}) + \epsilon g(\mathbf{x})` for an :math:`f` with a gradient.

    A step takes the gradient once. With backtracking a step is one trial of a step length, and values of
    :math:`f` are two forwards more.

    Parameters
    ----------
    g : ProxOperator
        Function with a proximal operator.
    f : ProxOperator, optional
        Function with a gradient; half the squared norm of the data residual if not given.
    epsg : float
        Weight :math:`\epsilon`.
    tau : float, optional
        Step length; looked for by backtracking from one if not given.
    backtracking : bool
        Make the step shorter until the objective is below its bound.
    beta : float
        By what to make it shorter.
    eta : float
        Relaxation, only without acceleration and backtracking.
    niter, niterback : int
        Maximum number of iterations, and of trials in each.
    acceleration : {None, "vandenberghe", "fista"}
        How to extrapolate.
    tol : float, optional
        Stop when the relative change of the objective is below this value, for which it is computed in each
        step: one forward more.

    Raises
    ------
    ValueError
        If the acceleration is unknown, or relaxation comes with acceleration or backtracking.

    Notes
    -----
    As ``pyproximal.optimization.primal.ProximalGradient``. Parikh and Boyd, 2014, doi:10.1561/2400000003.
    """

    g: ProxOperator
    f: ProxOperator | None = None
    epsg: float = 1.0
    tau: float | None = None
    backtracking: bool = False
    beta: float = 0.5
    eta: float = 1.0
    niter: int = 10
    niterback: int = 100
    acceleration: Acceleration = None
    tol: float | None = None

    state: ClassVar[type[ProximalGradientState]] = ProximalGradientState

    def __post_init__(self) -> None:
        if self.acceleration not in ACCELERATIONS:
            raise ValueError(f"acceleration must be one of {ACCELERATIONS}, got {self.acceleration!r}")
        if self.eta != 1 and (self.acceleration or self._trying):
            raise ValueError("eta takes neither acceleration nor backtracking")

    @property
    def _trying(self) -> bool:
        return self.backtracking or self.tau is None

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> ProximalGradientState:
        """State before the first step, lazily."""
        x = start(op, y, x0, tau=self.tau)
        real = scalar_kind(x)
        numbers = {
            "tau": scalar_array(1.0 if self.tau is None else self.tau, real),
            "t": scalar_array(1, real),
        }
        numbers |= {
            "count": scalar_array(0, real),
            "tries": scalar_array(0, real),
            "update": scalar_array(0, real),
            **unknown(real),
        }
        if self.tol is not None:
            numbers["cost"] = data_term(self.f, op, y)(x) + self.epsg * self.g(x)
        return ProximalGradientState(0, x, x, **numbers)

    def step(self, op: LinearOperator, y: Vector, state: ProximalGradientState) -> ProximalGradientState:
        """State after one more step, or with backtracking trial, lazily."""
        f, real = data_term(self.f, op, y), state.tau.dtype
        gradient = f.grad(state.y)
        x = self.g.prox(elementwise(_moved, state.y, gradient, state.tau), self.epsg * state.tau)
        if self.eta != 1:
            x = elementwise(_relaxed, x, state.y, self.eta)
        taken: Any = scalar_array(1, real)
        tau, tries = state.tau, state.tries
        if self._trying:
            slack = total(_bound, x, state.y, gradient, state.tau, dtype=real)
            tried = scalars(
                _tried, ("taken", "tau", "tries"), f(x), f(state.y) + slack, state.tau, state.tries,
                settings=(self.beta, self.niterback), dtype=real,
            )  # fmt: skip
            taken, tau, tries = tried["taken"], tried["tau"], tried["tries"]
        t = elementwise(_momentum, taken, state.t, dtype=real)
        omega = elementwise(_omega, state.t, state.count, self.acceleration, dtype=real)
        numbers: dict[str, Any] = {"cost": state.cost, "change": state.change}
        if self.tol is not None:
            new = objective(f(x) + self.epsg * self.g(x), state)
            numbers = {name: where(taken, value, getattr(state, name)) for name, value in new.items()}
        return ProximalGradientState(
            state.iteration + 1, where(taken, x, state.x), elementwise(_ahead, taken, omega, x, state.x, state.y),
            tau, t, state.count + taken, tries,
            update=where(taken, distance(x, state.x), state.update), **numbers,
        )  # fmt: skip

    def done(self, state: ProximalGradientState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        return reason(state, state.count, self.niter, self.tol)


def _moved(y: NDArray, gradient: NDArray, tau: NDArray) -> NDArray:
    result: NDArray = y - tau * gradient
    return result


def _relaxed(x: NDArray, before: NDArray, eta: float) -> NDArray:
    return before + eta * (x - before)


def _bound(x: NDArray, y: NDArray, gradient: NDArray, tau: NDArray) -> NDArray:
    """How far the quadratic that bounds the objective is above its value at ``y``."""
    d = x - y
    result: NDArray = (np.conj(gradient) * d).real + (np.conj(d) * d).real / (2 * tau)
    return result


def _tried(
    beta: float, most: int, value: NDArray, bound: NDArray, tau: NDArray, tries: NDArray
) -> tuple[object, ...]:
    if np.isnan(value) or np.isnan(bound):  # no shorter step would tell
        return 1.0, np.nan, 0.0
    if value <= bound:
        return 1.0, tau, 0.0
    last = tries + 1 >= most
    return float(last), tau * beta, 0.0 if last else tries + 1


def _momentum(taken: NDArray, t: NDArray) -> NDArray:
    return np.asarray((1 + sqrt(1 + 4 * float(t) ** 2)) / 2 if taken else t, t.dtype)


def _omega(t: NDArray, count: NDArray, acceleration: str | None) -> NDArray:
    if acceleration == "vandenberghe":
        result: NDArray = count / (count + 3)
        return result
    after = (1 + sqrt(1 + 4 * float(t) ** 2)) / 2
    return np.asarray((float(t) - 1) / after if acceleration == "fista" else 0, t.dtype)


def _ahead(taken: NDArray, omega: NDArray, x: NDArray, before: NDArray, y: NDArray) -> NDArray:
    return x + omega * (x - before) if taken else y
