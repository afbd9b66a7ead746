"""Taking many steps: traced once, then replayed where the state lives."""

from __future__ import annotations

import itertools
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import dask.array as da
import numpy as np

from pylops_distributed import tuning
from pylops_distributed.compat.dask import DataNode, meta_of
from pylops_distributed.compat.malloc import free_memory
from pylops_distributed.compat.worker import current_worker, memory_limit_of, threads_of
from pylops_distributed.execution.partition import Partition, Row, Taken
from pylops_distributed.execution.partition_plan import plan_partitions
from pylops_distributed.execution.state import State, materialise, replace_arrays, scalars_of, without_vectors
from pylops_distributed.execution.tracing import StepTemplate, trace_initial_state
from pylops_distributed.vectors.space import keys_of
from pylops_distributed.vectors.types import NDArray

S = TypeVar("S", bound=State)
T_co = TypeVar("T_co", covariant=True)
Step = Callable[[S], S]
Done = Callable[[S], Any]


class Call(Protocol[T_co]):
    """Something that a part was asked, which answers in its time."""

    def result(self, timeout: float | None = None) -> T_co:
        """The answer, which is waited for."""

    def done(self) -> bool:
        """Whether the answer has come."""


def should_stop(state: S, until: Done[S], iteration: int, row: Row) -> bool:
    """Whether a solver, whose ``done`` is ``until``, stops after ``iteration`` steps with these scalars."""
    return until(without_vectors(state, iteration, row)) is not None


class Engine(ABC, Generic[S]):
    """A solver's step, traced for states like ``state`` and taken any number of times.

    Parameters
    ----------
    template : Template
        The traced step.
    state : State
        Lazy state to begin with.
    done : callable
        Whether to stop, from a state's scalars.

    Attributes
    ----------
    first : State
        The first state without its vectors.
    iteration : int
        Number of the newest state.
    moved : int
        Bytes that crossed between workers, or of the operator that had to be read, since the beginning.
    """

    first: S

    def __init__(self, template: StepTemplate, state: S, done: Done[S]) -> None:
        self.template, self.iteration, self.moved = template, state.iteration, 0
        self._numbers = itertools.count()
        self._token = secrets.token_bytes(16)  # who has seen a name of this engine's will never see it again
        # Without its scalars, too, where they are lazy: with them the operator would go to each worker.
        self._bare = without_vectors(state, self.iteration, [None] * len(scalars_of(state)))
        self.done = partial(should_stop, self._bare, done)

    def until(self, done: Done[S]) -> None:
        """Stop from now on when another function of the scalars says so."""
        self.done = partial(should_stop, self._bare, done)

    @abstractmethod
    def run(self, steps: int) -> list[S]:
        """Take up to ``steps`` steps, fewer if the solver is done; returns the states without their vectors."""

    @abstractmethod
    def finish(self) -> list[S]:
        """Wait for a ``run`` that was interrupted, and return its result."""

    @abstractmethod
    def state(self) -> S:
        """The newest state, whose vectors stay what they are when further steps are taken."""

    def could_spread(self) -> bool:
        """Whether there are more workers by now than this works on, and it could use them."""
        return False

    def close(self) -> None:
        """Let go of the state, of the operator, and of all that works on them; may be called again."""
        self.__dict__.pop("template", None)


class SchedulerEngine(Engine[S]):
    """Each step as a separate graph for Dask's scheduler: the reference, and for custom schedulers."""

    def __init__(self, template: StepTemplate, state: S, done: Done[S]) -> None:
        super().__init__(template, state, done)
        self._state = materialise(state)
        self.first = without_vectors(self._state, self.iteration, scalars_of(self._state).values())

    def run(self, steps: int) -> list[S]:
        """As :meth:`Engine.run`."""
        taken: list[S] = []
        while len(taken) < steps:
            self._state = self._next()
            self.iteration, row = self._state.iteration, list(scalars_of(self._state).values())
            taken.append(without_vectors(self._state, self.iteration, row))
            if self.done(self.iteration, row):
                break
        return taken

    def _next(self) -> S:
        return materialise(self.template.expand(self._state), optimize_graph=False)

    def finish(self) -> list[S]:
        """As :meth:`Engine.finish`."""
        return []

    def state(self) -> S:
        """As :meth:`Engine.state`."""
        return self._state

    def close(self) -> None:
        """As :meth:`Engine.close`."""
        super().close()
        self.__dict__.pop("_state", None)


class PartitionedEngine(Engine[S]):
    """Steps taken by parts, each of which holds its share of the state."""

    _row: Row
    _under_way: list[Call[Taken]]
    _interrupted = False  # in the middle of steps, which may never end
    _failed = False

    def _begin(self) -> None:
        """Have the first state made, which is what parts do first."""
        self.iteration -= 1
        (self.first,) = self.run(1)

    @abstractmethod
    def _start(self, steps: int) -> list[Call[Taken]]:
        """Have all parts take steps."""

    @abstractmethod
    def _array(self, a: da.Array, name: str) -> da.Array:
        """A state's array, under another name."""

    def run(self, steps: int) -> list[S]:
        """As :meth:`Engine.run`."""
        self._under_way = self._start(steps) if steps > 0 else []
        return self.finish()

    def finish(self) -> list[S]:
        """As :meth:`Engine.finish`."""
        if self._failed:
            raise RuntimeError("a step of this solve has failed, and its state is lost: begin a new solve")
        if not self._under_way:
            return []
        calls, self._under_way = self._under_way, []
        try:
            taken = self._gather(calls)
        except BaseException as error:
            self._failed = isinstance(error, Exception)
            if not self._failed:  # an interrupt: the steps are taken nevertheless
                self._under_way, self._interrupted = calls, True
            raise
        finally:
            del calls  # they hold an error, if there was one, and that holds this frame
        self._interrupted = False
        rows, self.moved = taken[0][0], sum(moved for _, moved in taken)
        self._row, before = rows[-1], self.iteration
        self.iteration += len(rows)
        return [without_vectors(self._bare, before + n, row) for n, row in enumerate(rows, 1)]

    @abstractmethod
    def _gather(self, calls: list[Call[Taken]]) -> list[Taken]:
        """Answers of the parts about the requested steps."""

    def state(self) -> S:
        """As :meth:`Engine.state`."""
        arrays, scalars = [], iter(self._row)
        for a in self.template.inputs:
            if a.ndim:
                # Never twice: Dask may let go of the blocks of one state as those of the next come.
                name = f"state-{self._token.hex()}-{self.iteration}-{next(self._numbers)}-{a.name}"
                arrays.append(self._array(a, name))
            else:
                arrays.append(next(scalars))
        newest: S = replace_arrays(self.template.before, arrays, self.iteration)  # type: ignore[assignment]
        return newest


class ThreadedEngine(PartitionedEngine[S]):
    """One part, in this process.

    Background threads take its steps, so that an interrupt leaves the state whole.

    Parameters
    ----------
    threads : int
        How many tasks to run at once.
    """

    def __init__(self, template: StepTemplate, state: S, done: Done[S], threads: int) -> None:
        super().__init__(template, state, done)
        (first,) = plan_partitions(trace_initial_state(state, template), 1).shares
        (share,) = plan_partitions(template, 1).shares
        worker = current_worker()  # of which each thread may do as much
        room = free_memory() if worker is None else free_memory(memory_limit_of(worker)) // threads_of(worker)
        kept = int(tuning.share("execution.operator-memory") * room)
        self._part = Partition(first, share, state.iteration, kept, threads, self.done)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="solve")
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def until(self, done: Done[S]) -> None:
        """As :meth:`Engine.until`."""
        super().until(done)
        self._part.done = self.done

    def _start(self, steps: int) -> list[Call[Taken]]:
        return [self._thread.submit(self._part.run, steps)]

    def _gather(self, calls: list[Call[Taken]]) -> list[Taken]:
        (call,) = calls
        try:
            return [call.result()]
        finally:
            del call, calls

    def _array(self, a: da.Array, name: str) -> da.Array:
        keys = {k: (name, *k[1:]) for k in keys_of(a)}
        graph = {new: DataNode(new, own(self._part.state[k])) for k, new in keys.items()}
        return da.Array(graph, name, a.chunks, meta=meta_of(a))

    def close(self) -> None:
        """As :meth:`Engine.close`."""
        super().close()
        self._part.stop()
        self._thread.shutdown()
        self._part.close()


def own(block: NDArray) -> NDArray:
    """A block that keeps nothing else in memory: a copy, if it is a piece of a larger one."""
    base = getattr(block, "base", None)
    return block.copy() if isinstance(base, np.ndarray) and base.nbytes > block.nbytes else block
