"""Callbacks that look at costs alone, decided from a step's numbers: no model is handed out for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pylops.optimization.callback import CostNanInfCallback, CostToDataCallback, CostToInitialCallback

from pylops_distributed.execution.state import Reason, State
from pylops_distributed.optimization import callback as ours
from pylops_distributed.vectors.types import NDArray


class CostCallback(Protocol):
    """A callback that ends a run by its cost."""

    stop: bool
    rtol: float
    ynorm: float


# Those of users that are made of these may do anything.
_KINDS = (CostNanInfCallback, CostToInitialCallback, CostToDataCallback, ours.CostToDataCallback)


@dataclass
class CostLimits:
    """When to stop: where a solver does, or where a callback would at a cost.

    Parameters
    ----------
    done : callable
        Where the solver stops.
    name : str
        Scalar of the state that is the cost.
    first : float or None
        Cost before the first step, if it counts.
    callbacks : sequence of Callbacks
        Callbacks that look at the cost alone.
    """

    done: Callable[[State], Reason | None]
    name: str
    first: float | None
    callbacks: Sequence[CostCallback] = field(default_factory=tuple)

    def __call__(self, state: State) -> Reason | None:
        """The reason to stop at a computed state, or None."""
        cost = float(getattr(state, self.name))
        self.first = cost if self.first is None else self.first
        reason = self.done(state)
        stops = any(ends_run(callback, self.first, cost) for callback in self.callbacks)
        return Reason.CALLBACK if stops and reason is None else reason


def ends_run(callback: CostCallback, first: float, cost: float) -> bool:
    """Whether a callback ends the run at a cost, given the first one."""
    if isinstance(callback, CostNanInfCallback):
        return not math.isfinite(cost)
    scale = first if isinstance(callback, CostToInitialCallback) else callback.ynorm
    return bool(cost < callback.rtol * scale)


def within_costs(
    done: Callable[[State], Reason | None],
    name: str,
    costs: Iterable[float],
    callbacks: Sequence[CostCallback] | None,
) -> Callable[[State], Reason | None]:
    """``done``, and where a callback would stop; ``costs`` are those so far, and ``name`` is their scalar."""
    return CostLimits(done, name, next(iter(costs), None), callbacks) if callbacks else done


def mark_stopped(callbacks: Sequence[CostCallback] | None, costs: NDArray) -> None:
    """Have callbacks know that they have ended a run with these costs."""
    for callback in callbacks or ():
        callback.stop = ends_run(callback, costs[0], costs[-1])


def look_at_costs_alone(callbacks: Sequence[CostCallback] | None, tracked: Mapping[str, str]) -> bool:
    """Whether none of the callbacks sees anything but costs, which a solver tracks, and none has ended a run before."""
    return not callbacks or ("cost" in tracked and all(type(c) in _KINDS and not c.stop for c in callbacks))
