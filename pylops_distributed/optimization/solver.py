"""Drivers: one definition of a step, run as one lazy graph or step by step with checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from pylops_distributed.execution import materialise, replay, trace
from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.optimization.state import Reason, State
from pylops_distributed.space import Vector

S = TypeVar("S", bound=State)
History = dict[str, np.ndarray[Any, Any]]


class Solver(Protocol[S]):
    """An algorithm: frozen settings, and pure functions on states that compute nothing."""

    state: ClassVar[type[Any]]

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> S:
        """State before the first step, lazily."""

    def step(self, op: LinearOperator, y: Vector, state: S) -> S:
        """State after one more step, lazily."""

    def done(self, state: S) -> Reason | None:
        """Why to stop at a computed state, or None to go on."""


class Store(Protocol):
    """Where states are kept; :class:`pylops_distributed.checkpoint.CheckpointStore` is one."""

    def save(self, state: Any, history: History) -> None:
        """Keep a computed state."""

    def latest(self, kind: type[Any]) -> Any:
        """The newest good checkpoint, with ``state`` and ``history``, or None."""


class Save(Protocol):
    """When to keep a state; :class:`pylops_distributed.checkpoint.Every` is one."""

    def due(self, iteration: int, elapsed: float) -> bool:
        """Whether to save now, ``elapsed`` seconds after the last save."""


@dataclass(frozen=True)
class Solution(Generic[S]):
    """What a solve gives: the last state, why it ended, and the numbers on the way.

    Attributes
    ----------
    state : State
        Last state, computed.
    reason : Reason
        Why the solver stopped.
    history : dict of numpy.ndarray
        One value a step and quantity, from the initial state on.
    """

    state: S
    reason: Reason
    history: History = field(repr=False)

    @property
    def x(self) -> Any:
        """The model."""
        return self.state.x


def unroll(solver: Solver[S], op: LinearOperator, y: Vector, niter: int, x0: Vector | None = None) -> S:
    """All of ``niter`` steps as one lazy graph; nothing is computed."""
    state = solver.init(op, y, x0)
    return trace(lambda before: solver.step(op, y, before), state).expand(state, niter)


def iterate(solver: Solver[S], op: LinearOperator, y: Vector, state: S) -> Iterator[S]:
    """Computed states after ``state``, one at a time, until the solver is done."""
    if solver.done(state) is not None:
        return
    advance = replay(lambda before: solver.step(op, y, before), state)
    while solver.done(state) is None:
        state = advance(state)
        yield state


def solve(
    solver: Solver[S],
    op: LinearOperator,
    y: Vector,
    x0: Vector | None = None,
    *,
    store: Store | None = None,
    save: Save | None = None,
    on_step: Callable[[S], bool | None] | None = None,
) -> Solution[S]:
    """Run a solver to its end, from the newest checkpoint where there is one.

    Parameters
    ----------
    solver : Solver
        Algorithm with its settings.
    op : LinearOperator
        Operator.
    y : dask.array.Array or Blocks
        Data, in the operator's codomain.
    x0 : dask.array.Array or Blocks, optional
        Initial model; zero if not given. Not used when a checkpoint is found.
    store : Store, optional
        Where checkpoints are kept.
    save : Save, optional
        When to keep a state; the last one is always kept.
    on_step : callable, optional
        Called with every computed state; return True to stop.

    Returns
    -------
    Solution
        Last state, reason to stop, history.
    """
    found = store.latest(solver.state) if store is not None else None
    state = materialise(solver.init(op, y, x0)) if found is None else found.state
    history = record({}, state) if found is None else found.history
    saved, unsaved, stopped = time.monotonic(), found is None, False
    for state in iterate(solver, op, y, state):
        history, unsaved = record(history, state), True
        if store is not None and save is not None and save.due(state.iteration, time.monotonic() - saved):
            store.save(state, history)
            saved, unsaved = time.monotonic(), False
        if on_step is not None and on_step(state):
            stopped = True
            break
    if store is not None and unsaved:
        store.save(state, history)
    return Solution(state, solver.done(state) or (Reason.CALLBACK if stopped else Reason.NITER), history)


def record(history: History, state: State) -> History:
    """``history`` with the numbers of a computed state at its end."""
    names: tuple[str, ...] = getattr(state, "history", ())
    return {name: np.append(history.get(name, np.empty(0)), getattr(state, name)) for name in names}
