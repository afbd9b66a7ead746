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


class Session(Generic[S]):
    """A solve that can be run in pieces, from the newest checkpoint on where there is one.

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
        When to keep a state, besides at the end of a piece that ends the solve.

    Attributes
    ----------
    state : State
        Newest state, computed.
    history : dict of numpy.ndarray
        One value a step and quantity, from the initial state on.
    reason : Reason or None
        Why the solver stopped, if it did.
    """

    def __init__(
        self,
        solver: Solver[S],
        op: LinearOperator,
        y: Vector,
        x0: Vector | None = None,
        *,
        store: Store | None = None,
        save: Save | None = None,
    ) -> None:
        self.solver, self.store, self.policy = solver, store, save
        found = store.latest(solver.state) if store is not None else None
        self.state: S = materialise(solver.init(op, y, x0) if found is None else found.state)
        self.history: History = record({}, self.state) if found is None else found.history
        self.reason = solver.done(self.state)
        self._saved = None if found is None else self.state.iteration
        self._saved_at = time.monotonic()
        self._steps = iterate(solver, op, y, self.state)

    def run(
        self, on_step: Callable[[S], bool | None] | None = None, seconds: float | None = None
    ) -> Reason | None:
        """Take steps until the solver is done, ``on_step`` returns True, or ``seconds`` have passed.

        Returns
        -------
        Reason or None
            Why the solver stopped; None if it only ran out of ``seconds``.
        """
        start = time.monotonic()
        while self.reason is None and (seconds is None or time.monotonic() - start < seconds):
            self.state = next(self._steps)
            self.history = record(self.history, self.state)
            self.reason = self.solver.done(self.state)
            if self.policy is not None and self.policy.due(
                self.state.iteration, time.monotonic() - self._saved_at
            ):
                self.save()
            if on_step is not None and on_step(self.state):
                self.reason = self.reason or Reason.CALLBACK
        if self.reason is not None:
            self.save()
        return self.reason

    def save(self) -> None:
        """Keep the newest state, unless that is done already."""
        if self.store is not None and self._saved != self.state.iteration:
            self.store.save(self.state, self.history)
            self._saved, self._saved_at = self.state.iteration, time.monotonic()


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

    Parameters are those of :class:`Session`; ``on_step`` is called with every computed state and returns True
    to stop.
    """
    session = Session(solver, op, y, x0, store=store, save=save)
    reason = session.run(on_step)
    assert reason is not None  # without a time limit a session ends for a reason
    return Solution(session.state, reason, session.history)


def record(history: History, state: State) -> History:
    """``history`` with the numbers of a computed state at its end."""
    names: tuple[str, ...] = getattr(state, "history", ())
    return {name: np.append(history.get(name, np.empty(0)), getattr(state, name)) for name in names}
