"""Drivers: one definition of a step, run as one lazy graph or step by step with checkpoints."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from pylops_distributed import tuning
from pylops_distributed.errors import NotFiniteError
from pylops_distributed.execution import Engine, await_workers, replay
from pylops_distributed.execution.state import Reason, State, as_nan, not_finite, stopping
from pylops_distributed.linearoperator.array_inputs import lazily
from pylops_distributed.optimization.resume_proof import prove, witness
from pylops_distributed.optimization.step_history import History, StepHistory
from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.space import Vector, as_floating
from pylops_distributed.vectors.types import Settings

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator

log = logging.getLogger(__name__)
S = TypeVar("S", bound=State)
S_co = TypeVar("S_co", bound=State, covariant=True)


Done: TypeAlias = Callable[[Any], Reason | None]


class Solver(Protocol[S]):
    """An algorithm: frozen settings, and pure functions on states that compute nothing.

    Vectors have the operator's layout: data ``y`` the shape ``op.dimsd``, and models, ``x0`` and ``state.x``, the shape
    ``op.dims``; or they are Blocks, where the operator's own are.
    """

    state: ClassVar[type[Any]]

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> S:
        """State before the first step, lazily."""

    def step(self, op: LinearOperator, y: Vector, state: S) -> S:
        """State after one more step, lazily."""

    def done(self, state: S) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""


class Loaded(Protocol[S_co]):
    """A checkpoint that was read."""

    @property
    def state(self) -> S_co:
        """The state that was saved."""

    @property
    def history(self) -> History:
        """The numbers up to it."""


class Store(Protocol):
    """Where states are kept; :class:`pylops_distributed.storage.checkpoints.CheckpointStore` is one."""

    def save(self, state: State, history: History) -> None:
        """Keep a computed state."""

    def latest(self, kind: type[S]) -> Loaded[S] | None:
        """The newest good checkpoint, with ``state`` and ``history``, or None."""


class Save(Protocol):
    """When to keep a state; :class:`pylops_distributed.storage.checkpoint_policies.Every` is one."""

    def due(self, iteration: int, elapsed: float) -> bool:
        """Whether to save now, ``elapsed`` seconds after the last save."""


@dataclass(frozen=True)
class Solution(Generic[S]):
    """Result of a solve: the last state, why it ended, and the numbers on the way.

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
    def x(self) -> Vector:
        """The model."""
        return self.state.x

    def _repr_html_(self) -> str:
        numbers = {
            "reason": str(self.reason),
            **{
                name: f"{values[0]:.4g} to {values[-1]:.4g}"
                for name, values in self.history.items()
                if len(values)
            },
        }
        steps = max((len(values) for values in self.history.values()), default=1) - 1
        rows = {"steps": steps, **numbers}
        lines = "".join(
            f"<tr><th>{escape(str(k))}</th><td>{escape(str(v))}</td></tr>" for k, v in rows.items()
        )
        return f"<b>Solution</b><table>{lines}</table>"


def iterate(solver: Solver[S], op: LinearOperator, y: Vector, state: S) -> Iterator[S]:
    """Computed states after ``state``, lazy or computed, one at a time, until the solver is done."""
    done, y = stopping(solver), as_floating(y, op.dtype)
    engine = replay(lambda before: solver.step(op, y, before), state, done)
    try:
        reason = done(engine.first)
        while reason is None:
            (numbers,) = engine.run(1)
            reason = done(numbers)
            yield engine.state()
    finally:  # a generator that is dropped, too, ends here
        engine.close()


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
        Initial model; zero if not given.
    store : Store, optional
        Where checkpoints are kept.
    save : Save, optional
        When to keep a state, besides at the end of a piece that ends the solve.
    start_known : bool, optional
        Whether ``x0`` is where the solve began; if it is not known any more, less of a checkpoint can be checked.
    until : callable, optional
        From the solver's reason to stop at a state, a function, to one with further reasons.

    Raises
    ------
    RunMismatchError
        If the checkpoint was made with another operator, other data or another solver: see
        :mod:`pylops_distributed.optimization.resume_proof` for how that is found, and for its price.

    Attributes
    ----------
    iteration : int
        Number of steps taken.
    history : dict of numpy.ndarray
        One value a step and quantity, from the initial state on: what the solver's states tell; ``seconds`` a step
        took; ``bytes`` that came from other workers or, where the operator is too large to be kept, were read.
    reason : Reason or None
        Why the solver stopped, if it did.
    failed : bool
        Whether a step has failed: the state is lost, only a new session can continue.
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
        start_known: bool = True,
        until: Callable[[Done], Done] | None = None,
    ) -> None:
        self.solver, self.store, self.policy = solver, store, save
        if store is not None:
            await_workers()  # who read it
            if claim := getattr(store, "claim", None):
                claim(solver, op, y, x0)
        y, x0 = as_floating(y, op.dtype), None if x0 is None else as_floating(x0, op.dtype)
        if store is not None or holds_dask(y, x0, op, *_settings(solver)):
            y, x0 = lazily(y), None if x0 is None else lazily(x0)
        checkpoint = store.latest(solver.state) if store is not None else None
        self._prove(op, y, x0, checkpoint, start_known)
        start = time.monotonic()
        first: S = solver.init(op, y, x0) if checkpoint is None else checkpoint.state
        self._done: Done = stopping(solver) if until is None else until(stopping(solver))
        self._moment = tuning.seconds("execution.report-interval")
        self._engine: Engine[S] = replay(lambda before: solver.step(op, y, before), first, self._done)
        self._newest: S = self._engine.first  # without its vectors
        self._moved = 0  # bytes, up to the newest state
        self._history = StepHistory({} if checkpoint is None else checkpoint.history)
        if checkpoint is None:
            self._note([self._engine.first], time.monotonic() - start)
        self.iteration, self.reason = first.iteration, self._done(self._engine.first)
        self._saved = None if checkpoint is None else first.iteration
        self._saved_at = time.monotonic()
        self._pace = math.inf  # seconds a step
        self.failed = False
        most = int(getattr(solver, "most", getattr(solver, "niter", 0)))
        self._tell(niter=most, ended=self._ended())
        if 0 < most < self.iteration:
            log.warning(
                "the checkpoint is of iteration %d, after the limit of %d, and so is the model: for fewer iterations, "
                "solve with another checkpoint", self.iteration, most,
            )  # fmt: skip

    def _prove(
        self,
        op: LinearOperator,
        y: Vector,
        x0: Vector | None,
        checkpoint: Loaded[S] | None,
        start_known: bool,
    ) -> None:
        """Before a step is taken, make sure that a checkpoint is of this solve; leave what proves the next ones."""
        stored_witness = getattr(self.store, "witness", None)
        if checkpoint is not None:
            proof = checkpoint.state, checkpoint.history, stored_witness
            prove(self.solver, op, y, x0, *proof, start=start_known)
        unproved = checkpoint is None or stored_witness is None
        if unproved and self.store is not None and hasattr(self.store, "witness"):
            self.store.witness = witness(self.solver, op, y)

    @property
    def history(self) -> History:
        """The numbers of all steps so far."""
        return self._history.arrays()

    @property
    def state(self) -> S:
        """Newest state, computed; its model is NaN where a number became NaN or infinite."""
        start = time.monotonic()
        self._note(self._engine.finish(), time.monotonic() - start)
        newest = self._engine.state()
        return as_nan(newest) if self.reason is Reason.NOT_FINITE else newest

    def run(
        self,
        on_step: Callable[[S], bool | None] | None = None,
        seconds: float | None = None,
        watch: Callable[[], bool | None] = lambda: None,
    ) -> Reason | None:
        """Take steps until the solver is done, ``on_step`` or ``watch`` returns True, or ``seconds`` have passed.

        Parameters
        ----------
        on_step : callable, optional
            Called with every computed state, vectors and all; returns True to stop.
        seconds : float, optional
            When to stop, after the step under way.
        watch : callable, optional
            Called whenever ``history`` has grown, every few steps if they are fast; returns True to stop for now.

        Returns
        -------
        Reason or None
            Why the solver stopped; None if it only ran out of ``seconds``, or ``watch`` stopped it.
        """
        end = math.inf if seconds is None else time.monotonic() + seconds
        while self.reason is None and time.monotonic() < end:
            steps = 1 if on_step is not None else self._batch()
            start = time.monotonic()
            try:
                taken = self._engine.run(steps)
            except Exception:
                self.failed = True
                raise
            seconds = time.monotonic() - start
            self._pace = seconds / len(taken)
            self._note(taken, seconds)
            if self.policy is not None and self.policy.due(self.iteration, time.monotonic() - self._saved_at):
                self.save()
            if watch():
                break
            if on_step is not None and on_step(self._engine.state()):
                self.reason = self.reason or Reason.CALLBACK
        if self.reason is not None:
            self.save()
            self._tell(ended=self._ended())
        return self.reason

    def _ended(self) -> Settings | None:
        """Where and why the solve has ended, if it has."""
        if self.reason in (None, Reason.NOT_FINITE):
            return None
        return {"iteration": self.iteration, "reason": str(self.reason)}

    def _tell(self, **about: object) -> None:
        """Let the store know how the solve stands, for those who look at it."""
        if note := getattr(self.store, "note", None):
            note(**about)

    def save(self) -> None:
        """Keep the newest state, unless that is done already or a step has failed and taken it along.

        A state with a number that is not finite is not kept: nothing can be resumed from it.
        """
        if self.store is None or self.failed or self.reason is Reason.NOT_FINITE:
            return
        try:
            state = self.state  # first: it may turn out newer than was known
        except Exception:
            self.failed = True
            raise
        if self._saved != self.iteration:
            self.store.save(state, self.history)
            self._saved, self._saved_at = self.iteration, time.monotonic()

    def check(self) -> None:
        """Raise an error if a number has become NaN or infinite.

        Raises
        ------
        NotFiniteError
            If so; it names the numbers.
        """
        if names := not_finite(self._newest):
            raise NotFiniteError(
                f"the solve stopped at iteration {self.iteration}: NaN or infinity in {', '.join(names)}; look for "
                "NaN, infinity and overflow in the data, the initial model and the operator"
            )

    def could_spread(self) -> bool:
        """Whether a new session, from the newest checkpoint on, would have more workers than this one."""
        return not self.failed and self._engine.could_spread()

    def close(self) -> None:
        """Let go of the state and of all that works on it, on workers too."""
        self._engine.close()

    def _batch(self) -> int:
        """How many steps to ask for at once: what takes a moment, up to the next that is to be saved."""
        most, elapsed = max(1, int(self._moment / self._pace)), time.monotonic() - self._saved_at
        for n in range(1, most):
            if self.policy is not None and self.policy.due(self.iteration + n, elapsed + n * self._pace):
                return n
        return most

    def _note(self, taken: list[S], seconds: float) -> None:
        """Add the numbers of steps to the history."""
        moved, self._moved = self._engine.moved - self._moved, self._engine.moved
        for numbers in taken:
            row = {name: getattr(numbers, name) for name in getattr(numbers, "history", ())}
            self._history.add(row | {"seconds": seconds / len(taken), "bytes": moved / len(taken)})
            self._newest = numbers
        if taken:  # the engine has asked whether to stop after those before the last
            self.iteration, self.reason = self._newest.iteration, self._done(self._newest)


def _settings(solver: object) -> tuple[object, ...]:
    return tuple(getattr(solver, "__dict__", {}).values())


def run_solver(
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
    try:
        reason = session.run(on_step)
        assert reason is not None  # without a time limit a session ends for a reason
        return Solution(session.state, reason, session.history)
    finally:
        session.close()


# A solver, a session, with states of whatever kind.
AnySolver: TypeAlias = Solver[Any]
AnySession: TypeAlias = Session[Any]
# Called with every computed state; returns True to stop.
OnStep: TypeAlias = Callable[[Any], bool | None]
