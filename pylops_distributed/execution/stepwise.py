"""Steps that cannot be traced, since an operator computes while it is applied."""

from __future__ import annotations

from typing import Any

from pylops_distributed.execution.engine import Done, S, SchedulerEngine, Step
from pylops_distributed.execution.state import materialise


class Stepwise(SchedulerEngine[S]):
    """Each step built anew from the computed state before.

    Parameters
    ----------
    step : callable
        Function from one state to the next, which may compute.
    state : State
        State to begin with.
    done : callable
        Given a state whose vectors are left out, a reason to stop, or None to continue.
    """

    def __init__(self, step: Step[S], state: S, done: Done[S]) -> None:
        template: Any = None  # there is none
        super().__init__(template, state, done)
        self._step = step

    def _next(self) -> S:
        return materialise(self._step(self._state))
