"""PyLops' solver classes over the algorithms of this package: one adapter for all of them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import fields, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import dask.array as da
import numpy as np

from pylops_distributed import tuning
from pylops_distributed.execution import Engine
from pylops_distributed.execution import replay as prepare
from pylops_distributed.execution.state import (
    Reason,
    State,
    Stops,
    as_nan,
    not_finite,
    reason_to_stop,
    stopping,
)
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.cost_limits import look_at_costs_alone, mark_stopped, within_costs
from pylops_distributed.optimization.solver_inputs import (
    as_lazy_vector,
    as_numpy_vector,
    check_sizes,
    checked_settings,
    copy_of_numpy,
)
from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.space import (
    BlockVector,
    Space,
    Vector,
    VectorLike,
    as_floating,
    flatten,
    reshape,
)
from pylops_distributed.vectors.types import ArrayLike, NDArray

if TYPE_CHECKING:
    from pylops_distributed.optimization.callback import Callbacks

log = logging.getLogger(__name__)

_UNITS = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30}


def _announced(name: str, method: Callable[..., object]) -> Callable[..., object]:
    """``method`` with the callbacks called before it and, in reverse order, after it."""

    @wraps(method)
    def announced(self: Solver, *args: object, **kwargs: object) -> object:
        if name in self._announcing:  # by a method of a subclass, which is announced already
            return method(self, *args, **kwargs)

        def argument() -> object:
            return kwargs.get("x0") if name == "setup" else args[0] if args else kwargs.get("x")

        self._announcing.add(name)
        try:
            for callback in self.callbacks or ():
                getattr(callback, f"on_{name}_begin")(self, argument())
            result = method(self, *args, **kwargs)
            after = argument() if name == "setup" else result[0] if isinstance(result, tuple) else result
            for callback in reversed(self.callbacks or ()):
                getattr(callback, f"on_{name}_end")(self, after)
            return result
        except BaseException:
            self.leave()
            raise
        finally:
            self._announcing.discard(name)

    return announced


class _AtRounds:
    """When to stop, asked only where a step of PyLops', which is many of the algorithm, has ended."""

    def __init__(self, done: Callable[[State], Reason | None], rounds: str, before: int) -> None:
        self._done, self._rounds, self._before = done, rounds, before

    def __call__(self, state: State) -> Reason | None:
        if not_finite(state):
            return Reason.NOT_FINITE
        before, self._before = self._before, _count(state, self._rounds)
        return self._done(state) if self._before > before else None


def _count(state: State, rounds: str) -> int:
    """How many of PyLops' steps a state has seen; the first one may be ahead of them."""
    return max(0, int(getattr(state, rounds)))


S = TypeVar("S", bound="Solver")


class Solver:
    """Base of PyLops' solver classes: ``setup``, ``step``, ``run``, ``finalize`` and ``solve``.

    A subclass names its algorithm, what of its state users see as attributes, and PyLops' signatures.

    Parameters
    ----------
    Op : LinearOperator
        Operator, of this library or of PyLops.
    callbacks : list of Callbacks, optional
        Called before and after ``setup``, ``run`` and each ``step``; one with a true ``stop`` ends the run.

    Attributes
    ----------
    state : State
        Newest state of the algorithm, computed.
    iiter : int
        Number of steps taken.
    reason : Reason or None
        Why the run ended.
    """

    algorithm: ClassVar[Any]
    # Attributes that collect a number a step, and the scalar of the state each takes.
    tracked: ClassVar[dict[str, str]] = {"cost": "cost"}
    # Whether they begin with the state before the first step.
    initial: ClassVar[bool] = True
    # The scalar that counts PyLops' steps where one of them is many of the algorithm.
    rounds: ClassVar[str | None] = None
    # Whether the model is given flat; None for as the data came.
    flat: bool | None = None
    # Columns of the table shown: title and attribute of the state.
    columns: ClassVar[dict[str, str]] = {"r2norm": "cost"}
    # What a subclass defines, each with PyLops' own arguments, and what it tracks.
    step: Callable[..., Any]
    cost: NDArray

    def __init__(self, Op: LinearOperator, callbacks: Sequence[Callbacks] | None = None) -> None:
        self.Op, self.callbacks = aslinearoperator(Op), callbacks
        self.iiter, self.tstart = 0, time.time()
        self.reason: Reason | None = None
        self.ncp = da
        self.state: Any = None
        self._x: Any = None
        self._engine: Engine[Any] | None = None
        self._announcing, self._lazy = set[str](), True

    def __init_subclass__(cls) -> None:
        # Not for each instance: methods that an instance holds would hold it, until Python looks for garbage.
        super().__init_subclass__()
        for name in {"setup", "step", "run"} & vars(cls).keys():
            setattr(cls, name, _announced(name, vars(cls)[name]))

    def callback(self, x: VectorLike, *args: object, **kwargs: object) -> None:
        """Called with the model after every step of a run; assign your function to it."""

    # -- steps ---------------------------------------------------------------------------------------------

    def begin(
        self,
        machine: Any,
        y: VectorLike,
        x0: VectorLike | None,
        niter: int | None,
        show: bool,
        op: LinearOperator | None = None,
        data: VectorLike | None = None,
    ) -> Vector:
        """Compute the first state of ``machine``; returns the model.

        ``op`` and ``data`` are the system to solve where it is not ``Op`` and ``y``.
        """
        if op is None and data is None:
            check_sizes(self.Op, y, x0)
        self.machine, self.niter, self.y = checked_settings(machine, niter), niter, y
        machine = self.machine
        self.system = self.Op if op is None else op
        self._flat = not isinstance(y, BlockVector) and np.ndim(y) == 1 if self.flat is None else self.flat
        self._lazy = holds_dask(y, data, x0, self.system, *vars(machine).values())
        self.data = reshape(self._vector(y if data is None else data), self.system.codomain)
        start = None if x0 is None else copy_of_numpy(reshape(self._vector(x0), self.system.domain))
        self.leave()
        self._engine = self._replay(machine.init(self.system, self.data, start))
        self.state = self._engine.state()
        self._x = self.shaped(self.state.x)
        self.iiter, self.reason = 0, None
        for name, field in self.tracked.items():
            setattr(self, name, [float(getattr(self.state, field))] if self.initial else [])
        if show:
            self._print_setup()
        result: Vector = self._x
        return result

    def _vector(self, x: VectorLike) -> Vector:
        """A vector that users give, in floating point: lazy if one of them, or the operator, is."""
        if not self._lazy and isinstance(x, da.Array):
            self._lazy = True
        vector = as_lazy_vector(x) if self._lazy else as_numpy_vector(x)
        return as_floating(vector, self.system.dtype)

    def advance(self, x: VectorLike, show: bool = False) -> Vector:
        """One step of PyLops from model ``x``; returns the new one."""
        if names := not_finite(self.state):
            raise ArithmeticError(
                f"{type(self).__name__} takes no step from NaN or infinity ({', '.join(names)}): "
                "check data, initial model and operator"
            )
        engine, before = self._from(x), self._round()
        try:
            while True:
                (numbers,) = engine.run(1)
                if self.rounds is None or not_finite(numbers) or _count(numbers, self.rounds) > before:
                    break
            self.state = engine.state()
        except BaseException:
            self.leave()
            raise
        self._x = self.shaped(self.state.x)
        self._note([self.state])
        if show:
            self._print_step()
        result: Vector = self._x
        return result

    def iterate(self, x: Any, niter: int | None, show: bool, itershow: Sequence[int]) -> Any:
        """Steps until the algorithm is done or a callback stops it; returns the last model."""
        self.niter = self.niter if niter is None else niter
        if self.niter is None:
            raise ValueError("give niter to setup or to run")
        limited = self.limited(self.niter)
        self.reason = reason_to_stop(limited, self.state)
        try:
            if self.reason is None and self._decided_by_numbers(show):
                x = self.in_batches(x, limited)
            while self.reason is None:
                left = self.niter - self.iiter
                due = self.iiter < itershow[0] or left < itershow[1] or self.iiter % itershow[2] == 0
                x = self._stepped(x, show and due)
                self.reason = reason_to_stop(limited, self.state)
                if any(getattr(callback, "stop", False) for callback in self.callbacks or ()):
                    self.reason = self.reason or Reason.CALLBACK
            return self._nan_model() if self.reason is Reason.NOT_FINITE else x
        finally:
            self.leave()

    def unwatched(self, show: bool) -> bool:
        """Whether nobody looks at the way: no callback, no table, no method of the user's own."""
        return not self.callbacks and self._decided_by_numbers(show)

    def _decided_by_numbers(self, show: bool) -> bool:
        """Whether nobody looks at the models on the way; callbacks may look at costs."""
        methods = (self.callback, getattr(self, "step", None), self.advance)
        package = __name__.partition(".")[0] + "."
        ours = all((getattr(method, "__module__", None) or "").startswith(package) for method in methods)
        return not show and ours and look_at_costs_alone(self.callbacks, self.tracked)

    def in_batches(self, x: VectorLike, limited: Stops[State]) -> Any:
        """Steps until ``limited``, an algorithm, is done, many at a time; returns the last model."""
        engine, ends, pace = self._from(x), list[Any](), math.inf
        done: Any = within_costs(stopping(limited), self.tracked.get("cost", ""), self.cost, self.callbacks)
        if self.rounds is not None:
            done = _AtRounds(done, self.rounds, self._round())
        engine.until(copy(done))
        before, moment = self._round(), tuning.seconds("execution.report-interval")
        while self.reason is None:
            start = time.monotonic()
            taken = engine.run(max(1, int(moment / pace)))
            pace = max(1e-6, (time.monotonic() - start) / len(taken))
            if self.rounds is None:
                ends += taken
                # The engine has asked for those before the last; limits of costs follow them all.
                taken = taken if self.callbacks else taken[-1:]
            for numbers in taken:
                self.reason = done(numbers)
                lost = self.reason is Reason.NOT_FINITE
                if self.rounds is not None and (lost or _count(numbers, self.rounds) > before):
                    before += 1
                    ends.append(numbers)
        self.state = engine.state()
        self._x = self.shaped(self.state.x)
        self._note(ends)
        mark_stopped(self.callbacks, self.cost)
        return self._x

    def _nan_model(self) -> Vector:
        """A model of NaN, with a word in the log: PyLops' functions do not all return a reason."""
        names = ", ".join(not_finite(self.state))
        log.warning(
            "%s stopped at iteration %d: NaN or infinity in %s; the model is NaN. Check data, initial model and "
            "operator for NaN, infinity and overflow",
            type(self).__name__, self.iiter, names,
        )  # fmt: skip
        self.state = as_nan(self.state)
        self._x = self.shaped(self.state.x)
        result: Vector = self._x
        return result

    def limited(self, niter: int) -> Any:
        """The algorithm with another limit of steps."""
        return replace(self.machine, niter=niter)

    def shaped(self, x: Vector) -> Vector:
        """A model in the layout that the data came in."""
        if self._flat or self.flat is None:
            return flatten(x) if self._flat else x
        return reshape(x, Space(self.Op.dims, self.Op.dtype))

    def finalize(self, show: bool = False) -> None:
        """Take the time and turn the collected numbers into arrays."""
        self.leave()
        self.tend = time.time()
        self.telapsed = self.tend - self.tstart
        for name in self.tracked:
            setattr(self, name, np.array(getattr(self, name)))
        if show:
            print(f"\nIterations = {self.iiter}        Total time (s) = {self.telapsed:.2f}\n{'-' * 80}\n")

    if TYPE_CHECKING:
        memory_usage: Callable[..., float]  # some solvers take the sizes of further terms first
    else:

        def memory_usage(self, show: bool = False, unit: str = "B") -> float:
            """Size of data and state on all workers, in ``B``, ``KB``, ``MB`` or ``GB``; ``show`` prints it."""
            kind = self.algorithm.state if isinstance(self.algorithm.state, type) else self.algorithm().state
            return self.measure(kind, show, unit)

    def measure(self, kind: type[State], show: bool, unit: str, others: int = 0) -> float:
        """Size of the data, of all vectors of a state of a class, and of ``others``, numbers of samples."""
        sizes = {"codomain": self.Op.shape[0], "domain": self.Op.shape[1]}
        elements = (
            others + sizes["codomain"] + sum(sizes.get(f.metadata.get("space", ""), 0) for f in fields(kind))
        )
        size = elements * np.dtype(self.Op.dtype).itemsize / _UNITS[unit]
        if show:
            print(f"{type(self).__name__} predicted memory usage: {size:.2f} {unit}")
        return size

    def leave(self) -> None:
        """Let go of all that takes steps; the next one begins from ``state``."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _replay(self, state: State) -> Engine[State]:
        machine, system, data = self.machine, self.system, self.data
        done = stopping(machine)
        return prepare(lambda before: machine.step(system, data, before), state, done)

    def _restart(self, state: State) -> None:
        self.leave()
        self.state = state
        self._x = self.shaped(state.x)

    def _from(self, x: VectorLike) -> Engine[State]:
        """The engine that takes steps from model ``x``."""
        if x is not self._x:
            model = reshape(self._vector(x), self.system.domain)
            self._restart(replace(self.state, x=model))
        if self._engine is None:
            self._engine = self._replay(self.state)
        return self._engine

    def _round(self) -> int:
        """How many of PyLops' steps the state has seen."""
        return self.iiter if self.rounds is None else _count(self.state, self.rounds)

    def _note(self, ends: Sequence[object]) -> None:
        """Collect the numbers of states at the ends of PyLops' steps."""
        self.iiter += len(ends)
        for name, field in self.tracked.items():
            getattr(self, name).extend(float(getattr(numbers, field)) for numbers in ends)

    def _stepped(self, x: ArrayLike, show: bool) -> Any:
        """A step of a run, with the user's callback."""
        result = self.step(x, show=show)
        x = result[0] if isinstance(result, tuple) else result
        self.callback(x)
        return x

    # -- showing -------------------------------------------------------------------------------------------

    def _print_setup(self) -> None:
        settings = ", ".join(f"{f.name} = {getattr(self.machine, f.name)}" for f in fields(self.machine))
        print(f"{type(self).__name__}\n{'-' * 80}")
        print(f"The Operator Op has {self.system.shape[0]} rows and {self.system.shape[1]} cols\n{settings}")
        print("-" * 80 + f"\n{'Itn':>6}  {'x[0]':>24}  " + "  ".join(f"{name:>11}" for name in self.columns))
        self._print_step()

    def _print_step(self) -> None:
        first = self.state.x.arrays[0] if isinstance(self.state.x, BlockVector) else self.state.x
        value = np.asarray(first[(0,) * first.ndim])[()]
        numbers = "  ".join(f"{float(getattr(self.state, name)):11.4e}" for name in self.columns.values())
        print(f"{self.iiter:6d}  {value:24.4e}  {numbers}")
