"""Common parts of PyProximal's functions: a solve of functions alone, with callbacks and a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

import dask.array as da

from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.execution.state import State
from pylops_distributed.optimization.numerics.proximal_objective import match_layout
from pylops_distributed.optimization.session import OnStep, Solution, Solver, run_solver
from pylops_distributed.optimization.solver_inputs import as_numpy_vector, checked_settings
from pylops_distributed.vectors.space import BlockVector, Vector, as_floating, reshape
from pylops_distributed.vectors.types import Results

if TYPE_CHECKING:
    from pylops_distributed.execution.state import Reason
    from pylops_distributed.linearoperator.operator import LinearOperator

Callback: TypeAlias = Callable[..., None] | None
IterShow: TypeAlias = tuple[int, int, int]
TABLE: IterShow = (10, 10, 10)
S = TypeVar("S", bound=State)


class Machine(Solver[S], Protocol[S]):
    """An algorithm with a limit of iterations."""

    @property
    def niter(self) -> int:
        """Maximum number of iterations."""


@dataclass(frozen=True)
class Begun(Generic[S]):
    """A solver that begins with further vectors than the model."""

    machine: Machine[S]
    given: Mapping[str, Vector]

    @property
    def state(self) -> type[S]:
        """Class of its states."""
        kind: type[S] = self.machine.state
        return kind

    @property
    def niter(self) -> int:
        """Maximum number of iterations."""
        return int(self.machine.niter)

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> S:
        """State before the first step, lazily."""
        first = self.machine.init(op, y, x0)
        placed: dict[str, Any] = {n: match_layout(v, getattr(first, n)) for n, v in self.given.items()}
        return replace(first, **placed)

    def step(self, op: LinearOperator, y: Vector, state: S) -> S:
        """State after one more step, lazily."""
        return self.machine.step(op, y, state)

    def done(self, state: S) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        return self.machine.done(state)


def as_evaluated(tol: float | None, rtol: float | None, show: bool) -> float | None:
    """The objective is computed where it is asked for in any way."""
    return 0.0 if tol is None and (rtol is not None or show) else tol


def shown(show: bool, itershow: IterShow) -> IterShow | None:
    """Which rows of a table are printed; None for none."""
    return itershow if show else None


def minimise(
    machine: Machine[S], x0: Vector, rtol: float | None, callback: Callback, rows: IterShow | None,
    names: tuple[str, ...], called: int = 1, count: str = "iteration", given: Mapping[str, Vector | None] | None = None,
    system: tuple[LinearOperator, Vector] | None = None,
) -> Results:  # fmt: skip
    """As :func:`minimised`; returns the vectors of the last state by their ``names``."""
    state = minimised(machine, x0, rtol, callback, rows, names[:called], count, given, system).state
    return tuple(getattr(state, name) for name in names)


def minimised(
    machine: Machine[S], x0: Vector, rtol: float | None, callback: Callback, rows: IterShow | None,
    names: tuple[str, ...], count: str = "iteration", given: Mapping[str, Vector | None] | None = None,
    system: tuple[LinearOperator, Vector] | None = None,
) -> Solution[S]:  # fmt: skip
    """Solve a problem of functions, or of a ``system`` of operator and data too, from ``x0``.

    The callback gets the vectors of ``names``; ``count`` is the scalar that counts iterations, and ``given`` holds
    vectors of the first state by name.
    """
    machine = checked_settings(machine, machine.niter)
    placed = {name: _started(v) for name, v in (given or {}).items() if v is not None}
    solver: Any = Begun(machine, placed) if placed else machine
    op, data, model = _problem(_started(x0), system)
    first = None if rtol is None else float(solver.init(op, data, model).cost)
    on_step = _watcher(first, rtol, callback, rows, names, count, machine.niter)
    return run_solver(solver, op, data, model, on_step=on_step)


def _started(x: Vector) -> Vector:
    return as_floating(x if isinstance(x, BlockVector | da.Array) else as_numpy_vector(x))


def _problem(
    x0: Vector, system: tuple[LinearOperator, Vector] | None
) -> tuple[LinearOperator, Vector, Vector]:
    """Operator, data and initial model."""
    if system is not None:
        op, data = system
        return op, data, reshape(x0, op.domain)
    arrays = x0.arrays if isinstance(x0, BlockVector) else (x0,)
    shape: Any = sum(a.size for a in arrays) if isinstance(x0, BlockVector) else x0.shape
    identity = Identity(shape, dtype=arrays[0].dtype)  # only its spaces are looked at
    model = reshape(x0, identity.domain)
    return identity, model, model


def _watcher(
    first: float | None, rtol: float | None, callback: Callback, rows: IterShow | None, names: tuple[str, ...],
    count: str, niter: int,
) -> OnStep:  # fmt: skip
    seen = 0

    def on_step(reached_state: State) -> bool:
        nonlocal seen
        state: Any = reached_state
        if (reached := int(getattr(state, count))) == seen:
            return False  # a trial that was not taken
        seen = reached
        if rows is not None and (seen <= rows[0] or niter - seen < rows[1] or seen % rows[2] == 0):
            print(f"{seen:6d}  {float(state.cost):12.5e}")
        if callback is not None:
            callback(*(getattr(state, name) for name in names))
        return rtol is not None and first is not None and float(state.cost) < rtol * first

    return on_step
