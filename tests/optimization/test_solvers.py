"""Every solver: parity with PyLops, one definition of the step for all ways to run it, safety past convergence."""

from dataclasses import replace
from typing import ClassVar

import dask
import dask.array as da
import numpy as np
import pylops
import pytest

import pylops_distributed as pld
from pylops_distributed.execution import materialise
from pylops_distributed.optimization.basic import cg, cgls
from pylops_distributed.optimization.cg import CG
from pylops_distributed.optimization.cgls import CGLS
from pylops_distributed.optimization.leastsquares import regularized_inversion, regularized_system
from pylops_distributed.optimization.solver import solve, unroll
from pylops_distributed.space import Blocks

N, CHUNKS = 24, 7


@pytest.fixture(autouse=True)
def _threads():
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def problem(solver, dtype):
    rng = np.random.default_rng(3)
    square = isinstance(solver, CG)
    matrix = rng.standard_normal((N if square else N + 6, N))
    if np.dtype(dtype).kind == "c":
        matrix = matrix + 1j * rng.standard_normal(matrix.shape)
    matrix = (matrix.conj().T @ matrix / N + np.eye(N) if square else matrix).astype(dtype)
    local = pylops.MatrixMult(matrix, dtype=dtype)
    y = (local @ rng.standard_normal(N).astype(dtype)).astype(dtype)
    return local, pld.MatrixMult(da.from_array(matrix, chunks=(CHUNKS, CHUNKS)), dtype=dtype), y


SOLVERS = [CG(12, tol=0.0), CG(12, 0.5, 0.0), CGLS(12, tol=0.0), CGLS(12, 0.5, 0.0)]


@pytest.mark.parametrize("dtype", ["f8", "c16"])
@pytest.mark.parametrize("solver", SOLVERS, ids=repr)
def test_equals_pylops(solver, dtype):
    local, op, y = problem(solver, dtype)
    ours, theirs = (
        (cg, pylops.optimization.basic.cg)
        if isinstance(solver, CG)
        else (cgls, pylops.optimization.basic.cgls)
    )
    settings = {"niter": solver.niter, "damp": solver.damp, "tol": 0.0}
    x, *_, cost = ours(op, da.from_array(y, chunks=CHUNKS), **settings)
    x_local, *_, cost_local = theirs(local, y, x0=np.zeros(N, dtype), **settings)
    np.testing.assert_allclose(x.compute(), x_local, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(cost, cost_local, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("solver", SOLVERS, ids=repr)
def test_lazy_stepwise_and_resumed_agree_bitwise(solver):
    _, op, y = problem(solver, "f8")
    data = da.from_array(y, chunks=CHUNKS)
    lazy = unroll(solver, op, data, solver.niter).x.compute()
    state = materialise(solver.init(op, data))
    for _ in range(solver.niter):
        state = materialise(solver.step(op, data, state))
    stepwise = solve(solver, op, data)
    np.testing.assert_array_equal(lazy, state.x.compute())
    np.testing.assert_array_equal(lazy, stepwise.x.compute())

    class Store:
        def __init__(self):
            self.kept = []

        def save(self, state, history):
            self.kept.append(type("Checkpoint", (), {"state": state, "history": history}))

        def latest(self, kind):
            return self.kept[-1] if self.kept else None

    store = Store()
    for stop in range(1, solver.niter):  # crash and resume after every iteration
        solve(solver, op, data, store=store, on_step=lambda s, stop=stop: s.iteration >= stop)
    resumed = solve(solver, op, data, store=store)
    np.testing.assert_array_equal(lazy, resumed.x.compute())
    np.testing.assert_array_equal(resumed.history["cost"], stepwise.history["cost"])


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8"])
@pytest.mark.parametrize("solver", [CG(100), CGLS(100)], ids=repr)
def test_steps_past_convergence_rest(solver, dtype):
    _, op, y = problem(solver, dtype)
    data = da.from_array(y, chunks=CHUNKS)
    reached, later = (unroll(solver, op, data, n).x.compute() for n in (50, 100))
    assert later.dtype == dtype
    np.testing.assert_allclose(later, reached, rtol=1e-3 if dtype != "f8" else 1e-8, atol=1e-4)


def test_zero_data_give_zero():
    op = pld.Diagonal(da.arange(1, 9, chunks=3, dtype="f4"))
    np.testing.assert_array_equal((op / da.zeros(8, chunks=3, dtype="f4")).compute(), np.zeros(8))


def test_equal_blocks_of_a_state_stay_apart():
    """The residual's regularisation blocks start as equal zeros, and must not be taken for one array."""
    dims = (8, 6)
    op = pld.Diagonal(da.ones(dims, chunks=3))
    regs = [pld.FirstDerivative(dims, axis=0), pld.FirstDerivative(dims, axis=1)]
    local = [pylops.FirstDerivative(dims, axis=axis) for axis in (0, 1)]
    y = np.random.default_rng(0).standard_normal(dims)
    x, *_ = regularized_inversion(op, da.from_array(y, chunks=3), regs, epsRs=[2.0, 3.0], niter=9, tol=0.0)
    expected, *_ = pylops.optimization.leastsquares.regularized_inversion(
        pylops.Diagonal(np.ones(dims)), y.ravel(), local, epsRs=[2.0, 3.0],
        engine="pylops", x0=np.zeros(48), niter=9, tol=0.0,
    )  # fmt: skip
    np.testing.assert_allclose(x.compute().ravel(), expected, rtol=1e-10, atol=1e-12)


def test_regularisation_is_blocks_and_lazy():
    def refuse(*_args, **_kwargs):
        raise AssertionError("something was computed")

    with dask.config.set(scheduler=refuse):
        op = pld.Diagonal(da.ones((8, 6), chunks=3))
        system, data = regularized_system(op, da.ones((8, 6), chunks=3), [pld.FirstDerivative((8, 6))])
        assert isinstance(data, Blocks)
        assert [a.shape for a in data.arrays] == [(8, 6), (8, 6)]
        unroll(CGLS(5), system, data, 5)
        op / da.ones((8, 6), chunks=3)


def test_one_forward_and_one_adjoint_a_step():
    class Counting(pld.LinearOperator):
        counts: ClassVar[list[int]] = [0, 0]

        def _matvec(self, x):
            self.counts[0] += 1
            return x

        def _rmatvec(self, y):
            self.counts[1] += 1
            return y

    space = pld.Diagonal(da.ones(4)).domain
    op, solver = Counting(space, space), CGLS(3)
    state = solver.init(op, da.ones(4))
    Counting.counts[:] = [0, 0]
    solver.step(op, da.ones(4), state)
    assert Counting.counts == [1, 1]


def test_square_only():
    _, op, y = problem(CGLS(), "f8")
    with pytest.raises(ValueError, match="square"):
        cg(op, da.from_array(y))


def test_more_iterations_extend():
    solver = CGLS(5, tol=0.0)
    _, op, y = problem(solver, "f8")
    data = da.from_array(y, chunks=CHUNKS)
    assert solve(replace(solver, niter=9), op, data).state.iteration == 9
