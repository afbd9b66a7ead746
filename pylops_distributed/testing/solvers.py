"""Checks of a solver: parity with a reference, crashes at every iteration, laziness, passes, convergence, blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar

import dask
import dask.array as da
import numpy as np
import pylops
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.blockdiag import BlockDiag
from pylops_distributed.basicoperators.matrixmult import MatrixMult
from pylops_distributed.execution.state import State, materialise, state_arrays
from pylops_distributed.execution.tracing import trace_step, unroll
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.session import Loaded, run_solver
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run
from pylops_distributed.testing.checks import Check, expect, expect_close, forbid_compute
from pylops_distributed.testing.numpy_vectors import expect_numpy_solution
from pylops_distributed.vectors.space import BlockVector, Space, flatten
from pylops_distributed.vectors.types import NDArray

N, CHUNKS = 12, 5

Array: TypeAlias = NDArray
S = TypeVar("S", bound=State)
Reference: TypeAlias = Callable[[pylops.LinearOperator, Array], tuple[Array, Any]]


@dataclass(frozen=True)
class SolverCase:
    """A solver, and what holds of it.

    Parameters
    ----------
    name : str
        Shown with the checks.
    solver : Solver or callable
        Settings that do not stop before ``steps`` steps; or a function of a dtype that returns them, where they hold
        operators.
    reference : callable, optional
        The same with PyLops, SciPy or NumPy: from an operator of PyLops and data to model and costs (or None).
    cost : callable, optional
        From a solution to the costs that the reference returns; by default its history of ``cost``.
    matrix : {"tall", "square"}, optional
        Operator of the checks: a square one is Hermitian and positive definite.
    passes : tuple of int, optional
        Forwards and adjoints a step; not counted if not given.
    steps : int, optional
        Steps of the checks that count them.
    settled : int, optional
        Steps after which nothing changes any more.
    tolerance : float, optional
        Largest difference from the reference's model, relative.

    Examples
    --------
    >>> from pylops_distributed.optimization import CGLS
    >>> from pylops_distributed.testing import SolverCase, check_solver
    >>> check_solver(SolverCase("cgls", CGLS(6, tol=0.0), passes=(1, 1)))
    """

    name: str
    solver: Any
    reference: Reference | None = None
    cost: Callable[[Any], Any] = field(default=lambda solution: solution.history["cost"])
    matrix: Literal["tall", "square"] = "tall"
    passes: tuple[int, int] | None = None
    steps: int = 6
    settled: int = 60
    tolerance: float = 1e-10

    def build(self, dtype: DTypeLike) -> Any:
        """The solver, with operators of a type."""
        is_settings = hasattr(self.solver, "step")
        return self.solver if is_settings else self.solver(dtype)

    def __str__(self) -> str:
        return self.name


def linear_system(case: SolverCase, dtype: DTypeLike) -> tuple[Array, Array]:
    """A well-conditioned matrix, of shape ``(3 * N, N)`` or square, and data of a sparse model with some noise."""
    rng = np.random.default_rng(3)
    matrix: Array = rng.standard_normal((3 * N, N))
    if np.dtype(dtype).kind == "c":
        matrix = matrix + 1j * rng.standard_normal(matrix.shape)
    matrix = np.linalg.qr(matrix)[0] * np.linspace(3, 5, N)
    if case.matrix == "square":
        matrix = matrix.conj().T * (1 + rng.random(3 * N)) @ matrix
    x = np.zeros(N)
    x[[2, 7, 9]] = 1, -2, 3
    data = matrix @ x + 0.01 * rng.standard_normal(len(matrix))
    return matrix.astype(dtype), data.astype(dtype)


def on_dask(matrix: Array, y: Array, chunks: int = CHUNKS) -> tuple[LinearOperator, da.Array]:
    """A matrix of shape ``(n, m)`` as an operator, and data of shape ``(n,)``, both on Dask."""
    return MatrixMult(da.from_array(matrix, chunks=chunks), dtype=matrix.dtype), da.from_array(
        y, chunks=chunks
    )


def check_solver(case: SolverCase) -> None:
    """Run all checks of a solver.

    Parameters
    ----------
    case : SolverCase
        The solver.

    Raises
    ------
    AssertionError
        If a check fails.
    """
    for check in solver_checks(case)[1]:
        check()


def solver_checks(*cases: SolverCase) -> tuple[str, list[Check]]:
    """Checks of solvers as the arguments of ``pytest.mark.parametrize``.

    Parameters
    ----------
    *cases : SolverCase
        The solvers. The first case of each class takes all checks; the others, which are other settings, those for
        parity and for one graph.

    Returns
    -------
    tuple
        The name ``"check"``, and the checks, each to be called by the test.
    """
    checks, seen = list[Check](), set[type[Any]]()
    for case in cases:
        form = type(case.build("f8"))
        checks += _checks(case, whole=form not in seen)
        seen.add(form)
    return "check", checks


def _checks(case: SolverCase, whole: bool) -> Iterator[Check]:
    parity = [_reference] if case.reference is not None else []
    for function in [*parity, _one_graph]:
        for dtype in ("f8", "c16") if function is _reference else ("f4", "c8"):
            yield _check(case, function, dtype)
    if whole:
        for alone in (
            _names_apart, _lazy_and_stepwise, _crash_at_every_iteration, _checkpoint, _complex_data,
            _nothing_computed, _passes, _rest_past_convergence, _zero_data, _blocks, _numpy_vectors,
        ):  # fmt: skip
            yield _check(case, alone)


def _check(case: SolverCase, function: Callable[..., None], *dtype: str) -> Check:
    name = "-".join((case.name, function.__name__.strip("_"), *dtype))
    return Check(name, partial(_in_threads, function, case, *dtype))


def _in_threads(function: Callable[..., None], *arguments: object) -> None:
    with dask.config.set(scheduler="threads", num_workers=2):
        function(*arguments)


class _MemoryStore:
    """A store that keeps states in memory."""

    def __init__(self) -> None:
        self.checkpoints: list[Any] = []

    def save(self, state: State, history: object) -> None:
        self.checkpoints.append(type("Checkpoint", (), {"state": state, "history": history}))

    def latest(self, kind: type[S]) -> Loaded[S] | None:
        expect(
            all(isinstance(c.state, kind) for c in self.checkpoints), f"a saved state is no {kind.__name__}"
        )
        return self.checkpoints[-1] if self.checkpoints else None


def expect_same(state: State, expected: State) -> None:
    """Raise unless all arrays of two computed states are equal, bit by bit."""
    expect(
        state.iteration == expected.iteration, f"iteration {state.iteration}, expected {expected.iteration}"
    )
    for x, y in zip(*dask.compute(state_arrays(state), state_arrays(expected)), strict=True):
        np.testing.assert_array_equal(x, y, "arrays of two states are not equal, bit by bit")


def _expect_same_history(history: Mapping[str, NDArray], expected: Mapping[str, NDArray]) -> None:
    expect(history.keys() == expected.keys(), f"history has {set(history)}, expected {set(expected)}")
    for name in history.keys() - {"seconds", "bytes"}:
        np.testing.assert_array_equal(history[name], expected[name], f"history of {name}")


def _reference(case: SolverCase, dtype: str) -> None:
    """Model and costs are those of the reference."""
    if case.reference is None:
        return
    matrix, y = linear_system(case, dtype)
    solution = run_solver(case.build(dtype), *on_dask(matrix, y))
    model: Any = solution.x
    x, cost = case.reference(pylops.MatrixMult(matrix, dtype=dtype), y)
    expect(model.dtype == dtype, f"the model is of type {model.dtype}, expected {dtype}")
    near = {"rtol": case.tolerance, "atol": case.tolerance * np.abs(x).max()}
    np.testing.assert_allclose(model.compute(), x, **near, err_msg="model, and that of the reference")
    if cost is not None:
        np.testing.assert_allclose(
            case.cost(solution), cost, rtol=1e-10, err_msg="costs, and those of the reference"
        )


def _one_graph(case: SolverCase, dtype: str) -> None:
    """A step keeps types and chunks, and its graph depends on the state alone: the engine traces it once."""
    op, data = on_dask(*linear_system(case, dtype))
    solver = case.build(dtype)
    first = solver.init(op, data)
    second = solver.step(op, data, first)
    before, after = state_arrays(first), state_arrays(second)
    for a, b in zip(before, after, strict=True):
        expect(
            (a.dtype, a.chunks) == (b.dtype, b.chunks),
            f"a step turns {a} into {b}: expected type and chunks kept",
        )
        # Numbers of a small problem, in a row without a place in model or data, are double as scalars are.
        small = a.ndim == 0 or (a.ndim == 1 and a.npartitions == 1 and a.dtype == "f8")
        expect(small or a.dtype in (np.dtype(dtype), np.dtype("f4")), f"{a} for a problem of {dtype}")
    for lazy, *computed in zip(before, *dask.compute(before, after), strict=True):
        types = {value.dtype for value in computed}
        expect(types == {lazy.dtype}, f"computed arrays are of {types}, declared of {lazy.dtype}")
    names = [a.name for a in after]
    again = case.build(dtype).step(op, data, first)
    later = solver.step(op, data, replace(first, iteration=5))
    for other in (again, later):
        expect(names == [a.name for a in state_arrays(other)], "a step of the same state has other keys")


def _names_apart(case: SolverCase) -> None:
    """Names under which a checkpoint keeps the arrays of a state are all different."""
    state = case.build("f8").state
    names = [f.metadata["name"] for f in fields(state) if "name" in f.metadata]
    expect(
        len({*names, "iteration"}) == len(names) + 1,
        f"names of {state.__name__} are not all different: {names}",
    )
    unknown = set(state.history) - {f.name for f in fields(state)} - set(dir(state))
    expect(not unknown, f"history of {state.__name__} names {unknown}, which it does not have")


def _lazy_and_stepwise(case: SolverCase) -> None:
    """Steps in one graph end in the same bits as steps computed one by one."""
    op, data = on_dask(*linear_system(case, "f8"))
    solver = case.build("f8")
    lazy = materialise(unroll(solver, op, data, case.steps))
    state = materialise(solver.init(op, data))
    for _ in range(case.steps):
        state = materialise(solver.step(op, data, state))
    expect_same(lazy, state)


def _crash_at_every_iteration(case: SolverCase) -> None:
    """A solve that ends at each of its first iterations, and resumes, ends in the same bits."""
    op, data = on_dask(*linear_system(case, "f8"))
    solver, store = case.build("f8"), _MemoryStore()
    whole = run_solver(solver, op, data)

    def crash(at: int) -> Callable[[State], bool]:
        return lambda state: bool(state.iteration >= at)

    for stop in range(1, min(whole.state.iteration, 5)):
        run_solver(solver, op, data, store=store, on_step=crash(stop))
    resumed = run_solver(solver, op, data, store=store)
    expect_same(resumed.state, whole.state)
    expect(resumed.history.keys() >= {"seconds", "bytes"}, "the history lacks seconds or bytes")
    _expect_same_history(resumed.history, whole.history)


def _checkpoint(case: SolverCase) -> None:
    """A state read from a checkpoint has the same bits."""
    op, data = on_dask(*linear_system(case, "c8"))
    solver = case.build("c8")
    solution = run_solver(solver, op, data, on_step=lambda state: state.iteration >= 2)
    with TemporaryDirectory() as folder:
        run = Run.create_or_open(f"{folder}/run.zarr", identity={"solver": case.name})
        with run.attempt() as attempt, CheckpointStore(attempt, background=False) as store:
            store.save(solution.state, solution.history)
            checkpoint = store.latest(solver.state)
        if checkpoint is None:
            raise AssertionError("the checkpoint that was saved is not found")
        expect_same(checkpoint.state, solution.state)
        _expect_same_history(checkpoint.history, solution.history)


def _complex_data(case: SolverCase) -> None:
    """Real operators take complex data."""
    matrix, y = linear_system(case, "f8")
    op, data = on_dask(matrix, y * (1 + 0.5j))
    solver = case.build("f8")
    first = solver.init(op, data)
    second = solver.step(op, data, first)
    expect(first.x.dtype == "c16", f"the model is of {first.x.dtype} for complex data, expected complex128")
    types = [[a.dtype for a in state_arrays(state)] for state in (first, second)]
    expect(types[0] == types[1], f"a step of complex data turns types {types[0]} into {types[1]}")


def _nothing_computed(case: SolverCase) -> None:
    op, data = on_dask(*linear_system(case, "f8"))
    with dask.config.set(scheduler=forbid_compute):
        unroll(case.build("f8"), op, data, 3)


def _passes(case: SolverCase) -> None:
    """A step applies the operator as often as the case says."""

    class Counting(LinearOperator):
        counts: ClassVar[list[int]] = [0, 0]

        def _matvec(self, x: da.Array) -> da.Array:
            self.counts[0] += 1
            return 2 * x

        def _rmatvec(self, y: da.Array) -> da.Array:
            self.counts[1] += 1
            return 2 * y

    if case.passes is None:
        return
    data = da.ones(N)
    space = Space.of((N,), data.dtype, data.chunks)
    op, solver = Counting(domain=space, codomain=space), case.build("f8")
    state = solver.init(op, data)
    Counting.counts[:] = [0, 0]
    solver.step(op, data, state)
    passes = tuple(Counting.counts)
    expect(passes == case.passes, f"{passes} forwards and adjoints a step, expected {case.passes}")


def _rest_past_convergence(case: SolverCase) -> None:
    """In single precision, where squares of a gradient's remainder underflow first."""
    dtype = "c8"
    op, data = on_dask(*linear_system(case, dtype), chunks=3 * N)
    solver = case.build(dtype)
    with dask.config.set(scheduler="sync"):
        reached = materialise(unroll(solver, op, data, case.settled))
        later = materialise(trace_step(lambda s: solver.step(op, data, s), reached).expand(reached, 50))
        _expect_no_nan(later)
        x, expected = dask.compute(later.x, reached.x)
    np.testing.assert_allclose(
        x, expected, rtol=0, atol=1e-4 * np.abs(expected).max(), err_msg="model after 50 more steps"
    )


def _expect_no_nan(state: State) -> None:
    expect(not any(np.isnan(a).any() for a in dask.compute(*state_arrays(state))), "the state holds NaN")


def _zero_data(case: SolverCase) -> None:
    """Zero data give a zero model."""
    matrix, y = linear_system(case, "f4")
    op, data = on_dask(matrix, 0 * y)
    state = materialise(unroll(case.build("f4"), op, data, case.steps))
    _expect_no_nan(state)
    np.testing.assert_array_equal(state.x.compute(), np.zeros(N), "model of zero data")


def _blocks(case: SolverCase) -> None:
    """Models and data of several arrays give the results of the same vectors in one array."""
    dtype = "c16"
    matrix, y = linear_system(case, dtype)
    half = N // 2
    rows = half if case.matrix == "square" else 20
    matrix[:rows, half:] = matrix[rows:, :half] = 0
    whole, data = on_dask(matrix, y)
    members = [on_dask(m, y)[0] for m in (matrix[:rows, :half], matrix[rows:, half:])]
    op, blocks = BlockDiag(members), BlockVector((data[:rows], data[rows:]))
    solver = case.build(dtype)
    expected = materialise(unroll(solver, whole, data, case.steps))
    state = materialise(unroll(solver, op, blocks, case.steps))
    expect(isinstance(state.x, BlockVector), f"the model is {type(state.x).__name__}, expected BlockVector")
    x, one = dask.compute(flatten(state.x), expected.x)
    expect_close(x, one, 1e-10, "model of several arrays, and of one")


def _numpy_vectors(case: SolverCase) -> None:
    expect_numpy_solution(case.build("f8"), *linear_system(case, "f8"), CHUNKS)
