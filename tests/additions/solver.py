"""Landweber's iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pylops_distributed.execution.state import Reason, State, scalar
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.arithmetic import axpy, norm
from pylops_distributed.vectors.elementwise import zero_model
from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class LandweberState(State):
    """State of :class:`Landweber`."""

    kind: ClassVar[str] = "LandweberState"
    history: ClassVar[tuple[str, ...]] = ("cost",)

    cost: Any = scalar("cost")


@dataclass(frozen=True)
class Landweber:
    """Steps of one length along the gradient.

    Parameters
    ----------
    niter : int
        Number of iterations.
    tau : float
        Length of a step.
    """

    niter: int = 10
    tau: float = 0.04

    state: ClassVar[type[LandweberState]] = LandweberState

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> LandweberState:
        """State before the first step, lazily."""
        y = op.codomain.fit(y)
        x = zero_model(op, op.apply_adjoint(y)) if x0 is None else op.domain.fit(x0)
        return LandweberState(0, x, norm(y))

    def step(self, op: LinearOperator, y: Vector, state: LandweberState) -> LandweberState:
        """State after one more step, lazily."""
        residual = y - op.apply(state.x)
        x = axpy(self.tau, op.apply_adjoint(residual), state.x)
        return LandweberState(state.iteration + 1, x, norm(residual))

    def done(self, state: LandweberState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        return Reason.NITER if state.iteration >= self.niter else None
