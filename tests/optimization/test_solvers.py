"""Every solver: parity, one definition of the step for all ways to run it, and safety past convergence."""

from dataclasses import fields, replace
from typing import ClassVar

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
from solvers import CASES, N, dense, distributed

import pylops_distributed as pld
from pylops_distributed import optimization
from pylops_distributed.execution import unroll
from pylops_distributed.execution.state import materialise, state_arrays
from pylops_distributed.execution.tracing import trace_step
from pylops_distributed.optimization.session import solve
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run
from pylops_distributed.vectors.space import BlockVector, flatten

every_case = pytest.mark.parametrize("case", CASES, ids=str)
# The first case of each algorithm: the others are settings of it, for parity.
FIRST = list({type(case.build("f8")): case for case in reversed(CASES)}.values())[::-1]
every_solver = pytest.mark.parametrize("case", FIRST, ids=str)


@pytest.fixture(autouse=True)
def _threads():
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


class Kept:
    """A store that keeps states in memory."""

    def __init__(self):
        self.kept = []

    def save(self, state, history):
        self.kept.append(type("Checkpoint", (), {"state": state, "history": history}))

    def latest(self, kind):
        assert all(isinstance(found.state, kind) for found in self.kept)
        return self.kept[-1] if self.kept else None


def assert_same(a, b):
    """All arrays of two computed states are equal, bit by bit."""
    assert a.iteration == b.iteration
    for x, y in zip(*dask.compute(state_arrays(a), state_arrays(b)), strict=True):
        np.testing.assert_array_equal(x, y)


def test_every_exported_solver_is_registered():
    registered = {type(case.build("f8")).__name__ for case in CASES}
    exported = {name for name in optimization.__all__ if isinstance(getattr(optimization, name), type)}
    assert registered == exported


@pytest.mark.parametrize("dtype", ["f8", "c16"])
@every_case
def test_equals_peer(case, dtype):
    matrix, y = dense(case, dtype)
    solution = solve(case.build(dtype), *distributed(matrix, y))
    x, cost = case.peer(pylops.MatrixMult(matrix, dtype=dtype), y)
    assert solution.x.dtype == dtype
    # The lasso of SPGL1 is compared with another algorithm's, at the accuracy of both.
    tol = 1e-6 if case.name == "spgl1" else 1e-10
    np.testing.assert_allclose(solution.x.compute(), x, rtol=tol, atol=tol * np.abs(x).max())
    if cost is not None:
        np.testing.assert_allclose(case.cost(solution), cost, rtol=1e-10)


@every_solver
def test_lazy_and_stepwise_agree_bitwise(case):
    op, data = distributed(*dense(case, "f8"))
    solver = case.build("f8")
    lazy = materialise(unroll(solver, op, data, case.steps))
    state = materialise(solver.init(op, data))
    for _ in range(case.steps):
        state = materialise(solver.step(op, data, state))
    assert_same(lazy, state)


@every_solver
def test_crash_at_every_iteration_and_resume_bitwise(case):
    op, data = distributed(*dense(case, "f8"))
    solver, store = case.build("f8"), Kept()
    whole = solve(solver, op, data)
    for stop in range(1, min(whole.state.iteration, 5)):
        solve(solver, op, data, store=store, on_step=lambda s, stop=stop: s.iteration >= stop)
    resumed = solve(solver, op, data, store=store)
    assert_same(resumed.state, whole.state)
    assert whole.history.keys() == resumed.history.keys() >= {"seconds", "bytes"}
    for name in whole.history.keys() - {"seconds", "bytes"}:
        np.testing.assert_array_equal(resumed.history[name], whole.history[name])


@every_solver
def test_on_worker_processes_bitwise(case, cluster):
    op, data = distributed(*dense(case, "f8"))
    expected = solve(case.build("f8"), op, data).state
    with dask.config.set(scheduler="distributed"):
        found = solve(case.build("f8"), op, data)
        assert_same(found.state, expected)
    assert found.history["bytes"][1:].min() > 0


@every_solver
def test_every_state_goes_through_a_checkpoint(case, tmp_path):
    op, data = distributed(*dense(case, "c8"))
    solver = case.build("c8")
    solution = solve(solver, op, data, on_step=lambda state: state.iteration >= 2)
    run = Run.create_or_open(tmp_path / "run.zarr", identity={"solver": case.name})
    with run.attempt() as attempt, CheckpointStore(attempt, background=False) as store:
        store.save(solution.state, solution.history)
        found = store.latest(solver.state)
    assert_same(found.state, solution.state)
    for name, values in solution.history.items():
        np.testing.assert_array_equal(found.history[name], values)


@every_case
def test_a_step_is_one_graph_and_keeps_types_and_chunks(case):
    """What the engine relies on: it traces a step once, on arrays that look like those of the first state."""
    for dtype in ("f4", "c8"):
        op, data = distributed(*dense(case, dtype))
        solver = case.build(dtype)
        first = solver.init(op, data)
        second = solver.step(op, data, first)
        for a, b in zip(state_arrays(first), state_arrays(second), strict=True):
            assert (a.dtype, a.chunks) == (b.dtype, b.chunks)
            assert a.ndim == 0 or a.dtype in (np.dtype(dtype), np.dtype("f4"))
        for lazy, *computed in zip(
            state_arrays(first), *dask.compute(state_arrays(first), state_arrays(second)), strict=True
        ):
            assert {found.dtype for found in computed} == {lazy.dtype}
        again = case.build(dtype).step(op, data, first)
        assert [a.name for a in state_arrays(second)] == [a.name for a in state_arrays(again)]
        later = solver.step(op, data, replace(first, iteration=5))
        assert [a.name for a in state_arrays(second)] == [a.name for a in state_arrays(later)]


@every_solver
def test_real_operators_take_complex_data(case):
    matrix, y = dense(case, "f8")
    op, data = distributed(matrix, y * (1 + 0.5j))
    solver = case.build("f8")
    first = solver.init(op, data)
    second = solver.step(op, data, first)
    assert first.x.dtype == "c16"
    assert [a.dtype for a in state_arrays(first)] == [a.dtype for a in state_arrays(second)]


@every_solver
def test_nothing_is_computed(case):
    def forbid_compute(*_args, **_kwargs):
        raise AssertionError("something was computed")

    op, data = distributed(*dense(case, "f8"))
    with dask.config.set(scheduler=forbid_compute):
        unroll(case.build("f8"), op, data, 3)


@every_solver
def test_passes_of_a_step(case):
    class Counting(pld.LinearOperator):
        counts: ClassVar[list[int]] = [0, 0]

        def _matvec(self, x):
            self.counts[0] += 1
            return 2 * x

        def _rmatvec(self, y):
            self.counts[1] += 1
            return 2 * y

    space = pld.Diagonal(da.ones(N)).domain
    op, solver = Counting(space, space), case.build("f8")
    state = solver.init(op, da.ones(N))
    Counting.counts[:] = [0, 0]
    solver.step(op, da.ones(N), state)
    assert tuple(Counting.counts) == case.passes


@every_solver
def test_steps_past_convergence_rest(case):
    """In single precision, where squares of a gradient's remainder underflow first."""
    dtype = "c8"
    matrix, y = dense(case, dtype)
    op, data = distributed(matrix, y, chunks=3 * N)
    solver = case.build(dtype)
    with dask.config.set(scheduler="sync"):
        reached = materialise(unroll(solver, op, data, case.settled))
        later = materialise(
            trace_step(lambda before: solver.step(op, data, before), reached).expand(reached, 50)
        )
        assert not any(np.isnan(a).any() for a in dask.compute(*state_arrays(later)))
        x, expected = dask.compute(later.x, reached.x)
    np.testing.assert_allclose(x, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@every_solver
def test_zero_data_give_zero(case):
    matrix, y = dense(case, "f4")
    op, data = distributed(matrix, 0 * y)
    state = materialise(unroll(case.build("f4"), op, data, case.steps))
    assert not any(np.isnan(a).any() for a in dask.compute(*state_arrays(state)))
    np.testing.assert_array_equal(state.x.compute(), np.zeros(N))


@every_solver
def test_blocks_on_both_sides(case):
    """Models and data of several arrays give what the same vectors in one piece give."""
    dtype = "c16"
    matrix, y = dense(case, dtype)
    half = N // 2
    rows = half if case.matrix == "square" else 20
    matrix[:rows, half:] = matrix[rows:, :half] = 0
    whole, data = distributed(matrix, y)
    members = [distributed(m, y)[0] for m in (matrix[:rows, :half], matrix[rows:, half:])]
    blocks = BlockVector((data[:rows], data[rows:]))
    op, solver = pld.BlockDiag(members), case.build(dtype)
    expected = materialise(unroll(solver, whole, data, case.steps))
    found = materialise(unroll(solver, op, blocks, case.steps))
    assert isinstance(found.x, BlockVector)
    x, y = dask.compute(flatten(found.x), expected.x)
    np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-10 * np.abs(y).max())


def test_more_iterations_extend():
    case = CASES[2]
    op, data = distributed(*dense(case, "f8"))
    assert solve(replace(case.solver, niter=9), op, data).state.iteration == 9


def test_states_are_named_apart():
    """Names under which a checkpoint keeps the arrays of a state are all different."""
    for case in CASES:
        state = case.build("f8").state
        names = [f.metadata["name"] for f in fields(state) if "name" in f.metadata]
        assert len(set(names)) == len(names)
        assert "iteration" not in names
        assert set(state.history) <= {f.name for f in fields(state)} | set(dir(state))
