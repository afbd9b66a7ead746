"""NaN, infinity and overflow stop every solver at once, and never leave it as zeros or as a success."""

from dataclasses import dataclass
from typing import ClassVar

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
from solvers import CASES, N

import pylops_distributed as pld
from pylops_distributed.errors import NotFiniteError
from pylops_distributed.execution import unroll
from pylops_distributed.execution.state import Reason, State, scalar
from pylops_distributed.optimization import sparsity
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.algorithms.lsqr import LSQR
from pylops_distributed.optimization.algorithms.proximalgradient import ProximalGradient
from pylops_distributed.optimization.proximal import (
    L0,
    L1,
    TV,
    Box,
    Euclidean,
    EuclideanBall,
    Huber,
    HuberCircular,
    L1Ball,
    Log,
    Nuclear,
    NuclearBall,
    VStack,
)
from pylops_distributed.optimization.session import Session, iterate, run_solver
from pylops_distributed.testing import linear_system, on_dask
from pylops_distributed.vectors.arithmetic import squared_norm
from pylops_distributed.vectors.space import BlockVector, flatten
from pylops_distributed.vectors.thresholding import KINDS

# Kernels of NumPy warn of infinite data; not of NaN, which they pass on.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
FIRST = list({type(case.build("f8")): case for case in reversed(CASES)}.values())[::-1]
every_solver = pytest.mark.parametrize("case", FIRST, ids=str)
COLD = ("omp", "mp", "irls", "irls-model")  # they take no initial model
every_case = pytest.mark.parametrize("case", CASES, ids=str)
# What becomes of the data, and the type of the problem.
FAULTS = {
    "NaN": ("f8", lambda y: _put(y, np.nan)),
    "NaN in an imaginary part": ("c16", lambda y: _put(y, complex(1, np.nan))),
    "minus infinity": ("f8", lambda y: _put(y, -np.inf)),
    "overflow of squares": ("f8", lambda y: y * 1e200),
}


@pytest.fixture(autouse=True)
def _sync():
    with dask.config.set(scheduler="sync"), np.errstate(all="ignore"):
        yield


def _put(y, value):
    y = y.copy()
    y[3] = value
    return y


def nan_everywhere(x):
    return np.isnan(np.asarray(flatten(x))).all()


class BreaksLater(pld.LinearOperator):
    """An operator whose forward is NaN for every model but zero."""

    def __init__(self, op):
        super().__init__(domain=op.domain, codomain=op.codomain, dtype=op.dtype)
        self.op = op

    def _matvec(self, x):
        return self.op.apply(x).map_blocks(_spoil, dtype=self.dtype)

    def _rmatvec(self, y):
        return self.op.apply_adjoint(y)


def _spoil(block):
    return block * np.nan if np.abs(block).max() > 0 else block


@pytest.mark.parametrize("fault", FAULTS)
@every_solver
def test_data(case, fault):
    dtype, spoil = FAULTS[fault]
    matrix, y = linear_system(case, dtype)
    op, data = on_dask(matrix, spoil(y))
    solution = run_solver(case.build(dtype), op, data)
    assert (solution.reason, solution.state.iteration <= 1) == (Reason.NOT_FINITE, True)
    assert nan_everywhere(solution.x)
    assert solution.x.dtype == dtype
    # In one graph there is no reason to tell.
    assert nan_everywhere(unroll(case.build(dtype), op, data, 3).x)


@pytest.mark.parametrize("case", [case for case in CASES if case not in FIRST], ids=str)
def test_nan_data_for_every_setting(case):
    matrix, y = linear_system(case, "f8")
    solution = run_solver(case.build("f8"), *on_dask(matrix, _put(y, np.nan)))
    assert solution.reason is Reason.NOT_FINITE


@every_solver
def test_an_operator_that_returns_nan_in_a_step(case):
    matrix, y = linear_system(case, "f8")
    op, data = on_dask(matrix, y)
    solver = case.build("f8")
    solution = run_solver(solver, BreaksLater(op), data)
    assert (solution.reason, solution.state.iteration <= 2) == (Reason.NOT_FINITE, True)
    assert nan_everywhere(solution.x)
    *_, last = iterate(solver, BreaksLater(op), data, solver.init(op, data))
    assert last.iteration <= 2
    assert nan_everywhere(unroll(solver, BreaksLater(op), data, 4).x)


@pytest.mark.parametrize("scheduler", ["threads", "own"])
@pytest.mark.parametrize("case", [FIRST[1], FIRST[4], FIRST[8]], ids=str)
def test_every_engine(case, scheduler):
    matrix, y = linear_system(case, "f8")
    op, data = on_dask(matrix, _put(y, np.nan))
    own = {"scheduler": "threads" if scheduler == "threads" else _own}
    with dask.config.set(**own):
        assert run_solver(case.build("f8"), op, data).reason is Reason.NOT_FINITE


def _own(*args, **kwargs):
    return dask.get(*args)


def test_on_worker_processes(cluster):
    matrix, y = linear_system(FIRST[1], "f8")
    op, data = on_dask(matrix, y)
    with dask.config.set(scheduler="distributed"):
        solution = run_solver(FIRST[1].build("f8"), BreaksLater(op), data)
        assert (solution.reason, solution.state.iteration) == (Reason.NOT_FINITE, 1)
        assert nan_everywhere(solution.x)


@pytest.mark.parametrize("case", [case for case in FIRST if case.name not in COLD], ids=str)
def test_an_initial_model_of_nan(case):
    op, data = on_dask(*linear_system(case, "f8"))
    start = da.from_array(_put(np.ones(N), np.nan), chunks=op.domain.chunks or -1)
    assert run_solver(case.build("f8"), op, data, start).reason is Reason.NOT_FINITE


def test_blocks():
    op = pld.VStack([pld.Identity(6), pld.Identity(6)])
    bad = BlockVector((da.ones(6, chunks=3), da.from_array(_put(np.ones(6), np.nan), chunks=3)))
    assert run_solver(pld.optimization.CGLS(), op, bad).reason is Reason.NOT_FINITE


@pytest.mark.parametrize("name", ["CG", "CGLS", "LSQR"])
def test_a_preconditioner_that_returns_nan(name):
    op, data = on_dask(*linear_system(CASES[0], "f8"))
    solver = getattr(pld.optimization, name)(M=BreaksLater(pld.Identity(N)))
    assert run_solver(solver, op, data).reason is Reason.NOT_FINITE


def test_pylops_stops_and_counts_the_same():
    matrix = np.random.default_rng(0).standard_normal((40, 20))
    y = _put(np.ones(40), np.nan)
    op, data = pld.MatrixMult(da.from_array(matrix, chunks=(10, 20))), da.from_array(y, chunks=10)
    theirs = pylops.cgls(pylops.MatrixMult(matrix), y, niter=50)
    ours = pld.cgls(op, data, niter=50)
    assert ours[1:3] == theirs[1:3] == (3, 0)
    assert nan_everywhere(ours[0])
    assert (pld.lsqr(op, data, niter=50)[1:3], nan_everywhere(pld.lsqr(op, data, niter=50)[0])) == (
        (0, 0),
        True,
    )
    assert pld.cg(pld.MatrixMult(matrix.T @ matrix), matrix.T @ y, niter=50)[1] == 0


@pytest.mark.parametrize(
    "solve_it",
    [
        lambda op, y: sparsity.spgl1(op, y, sigma=0.1, iter_lim=5)[0],
        lambda op, y: sparsity.omp(op, y, niter_outer=2)[0],
        lambda op, y: sparsity.omp(op, y, niter_outer=2, niter_inner=0)[0],
        lambda op, y: sparsity.ista(op, y, niter=5)[0],
        lambda op, y: sparsity.fista(op, y, niter=5, alpha=0.01)[0],
        lambda op, y: sparsity.irls(op, y, nouter=3)[0],
        lambda op, y: sparsity.irls(op, y, nouter=3, kind="model")[0],
        lambda op, y: sparsity.splitbregman(op, y, [pld.Identity(6)], epsRL1s=[0.1])[0],
        lambda op, y: pld.cgls(op, y)[0],
        lambda op, y: pld.lsmr(op, y)[0],
        lambda op, y: op / y,
    ],
)
def test_functions_never_return_zeros_for_nan(solve_it):
    op = pld.MatrixMult(np.random.default_rng(0).standard_normal((10, 6)))
    assert nan_everywhere(solve_it(op, da.from_array(_put(np.ones(10), np.nan), chunks=5)))


def test_steps_by_hand_say_that_there_is_no_next_one():
    solver = pld.optimization.cls_basic.CGLS(pld.Identity(4))
    x = solver.setup(da.from_array(_put(np.ones(4), np.nan)), niter=3)
    with pytest.raises(ArithmeticError, match=r"CGLS takes no step from NaN or infinity .*cost"):
        solver.step(x)


@pytest.mark.parametrize("kind", KINDS)
def test_thresholds_keep_nan(kind):
    op = pld.MatrixMult(np.random.default_rng(0).standard_normal((10, 6)))
    y = da.from_array(_put(np.ones(10), np.nan), chunks=5)
    found = sparsity.ista(op, y, niter=5, alpha=0.01, threshkind=kind, perc=50)[0]
    assert nan_everywhere(found)


@pytest.mark.parametrize(
    "g",
    [
        L1(0.1),
        Box(0, 1),
        TV((6,), 0.1),
        Nuclear((2, 3), 0.1),
        Huber(0.1),
        HuberCircular(0.1),
        Euclidean(0.1),
        EuclideanBall(0.1, 1.0),
        L0(0.1),
        L1Ball(6, 1.0),
        Log(0.1),
        NuclearBall((2, 3), 1.0),
        VStack([L1(0.1), Euclidean(0.1)], [2, 4]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("tau", [0.01, None])
def test_proximal_operators_hide_nothing(g, value, tau):
    op = pld.MatrixMult(np.random.default_rng(0).standard_normal((10, 6)))
    y = da.from_array(_put(np.ones(10), value), chunks=5)
    assert run_solver(ProximalGradient(g, tau=tau, niter=20), op, y).reason is Reason.NOT_FINITE


def test_eigenvalues_of_an_operator_that_returns_nan():
    class Broken(pld.LinearOperator):
        def _matvec(self, x):
            return x * np.nan

        _rmatvec = _matvec

    space = pld.Identity(30).domain
    for settings in ({"neigs": 2, "ncv": 8}, {"neigs": 2, "symmetric": True}, {}):
        with pytest.raises(NotFiniteError, match="NaN or infinity"):
            Broken(domain=space, codomain=space).eigs(**settings)


@dataclass(frozen=True)
class Own(State):
    history: ClassVar = ("cost",)
    cost: object = scalar("cost")
    update: object = scalar("update")
    far: object = scalar("far", "always")


@dataclass(frozen=True)
class Descent:
    """A user's solver: steepest descent of a fixed length."""

    niter: int = 50
    length: float = 0.1
    state = Own

    def init(self, op, y, x0=None):
        x = op.apply_adjoint(y) * 0
        return Own(0, x, squared_norm(y), da.asarray(np.inf), da.asarray(np.inf))

    def step(self, op, y, state):
        gradient = op.apply_adjoint(op.apply(state.x) - y)
        x = state.x - self.length * gradient
        return Own(state.iteration + 1, x, squared_norm(y - op.apply(x)), squared_norm(gradient), state.far)

    def done(self, state):
        return Reason.NITER if state.iteration >= self.niter else None


def test_a_user_s_own_solver():
    op, y = pld.Diagonal(np.arange(1.0, 7)), da.ones(6, chunks=3)
    assert run_solver(Descent(length=0.01), op, y).reason is Reason.NITER
    assert run_solver(Descent(), op, da.from_array(_put(np.ones(6), np.nan))).state.iteration == 0
    diverges = run_solver(Descent(niter=10_000), op, y)
    assert diverges.reason is Reason.NOT_FINITE
    assert 10 < diverges.state.iteration < 500


def test_a_session_names_the_numbers_and_keeps_no_such_state():
    class Store(list):
        def latest(self, kind):
            return None

        def save(self, state, history):
            self.append(state.iteration)

    op, y = pld.Diagonal(np.arange(1.0, 7)), da.ones(6, chunks=3)
    saved = Store()
    session = Session(Descent(niter=10_000), op, y, store=saved)
    session.check()
    assert session.run(lambda state: state.iteration == 5) is Reason.CALLBACK
    session.reason = None
    session.run()
    session.save()
    with pytest.raises(NotFiniteError, match=rf"iteration {session.iteration}: NaN or infinity in update;"):
        session.check()
    session.close()
    assert saved == [5]


def _matrix(value):
    matrix = np.random.default_rng(0).standard_normal((36, 24))
    matrix[2, 2] = value
    return pld.MatrixMult(da.from_array(matrix, chunks=(12, 8)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    "solved",
    [
        lambda op, y: pld.omp(op, y, niter_outer=3)[0],
        lambda op, y: pld.omp(op, y, niter_outer=3, engine="pylops")[0],
        lambda op, y: pld.omp(op, y, niter_outer=3, niter_inner=0)[0],
        lambda op, y: pld.irls(op, y, nouter=2)[0],
        lambda op, y: pld.irls(op, y, nouter=2, kind="model")[0],
        lambda op, y: pld.splitbregman(op, y, [pld.Identity(24)], epsRL1s=[0.1])[0],
        lambda op, y: op / y,
    ],
)
def test_matrices_that_hold_a_number_that_is_not_finite(solved, value):
    """The callback that watches the cost ended OMP first, with a model of zeros but for one NaN."""
    assert nan_everywhere(solved(_matrix(value), np.ones(36)))


class TurnsComplex(pld.LinearOperator):
    def _matvec(self, x):
        return x * 1j

    def _rmatvec(self, y):
        return y * -1j


def test_operators_that_turn_real_models_complex():
    """Their dtype is real, and so are the data: the state is complex, and stated to be."""
    space = pld.Identity(N).domain
    op, y = TurnsComplex(domain=space, codomain=space), np.arange(1.0, N + 1)
    for solved in (pld.cgls, pld.lsqr, lambda op, y: (op / y,)):
        x = solved(op, y)[0]
        assert isinstance(x, np.ndarray)
        assert x.dtype == complex
        np.testing.assert_allclose(x, -1j * y)
        lazy = solved(op, da.from_array(y))[0]
        assert lazy.dtype == lazy.compute().dtype == complex
    for solver in (CGLS(), LSQR()):
        session = Session(solver, op, da.from_array(y))
        session.run()
        vectors = [v for v in vars(session.state).values() if isinstance(v, da.Array) and v.ndim]
        assert all(v.dtype == v.compute().dtype for v in vectors)
        session.close()


@pytest.mark.parametrize("op", [pld.Zero(24), pld.Identity(0)])
def test_no_step_length_for_operators_of_zero(op):
    for solved in (pld.ista, pld.fista):
        with pytest.raises(ValueError, match=r"largest eigenvalue of Op.H @ Op is 0 for .*; pass alpha"):
            solved(op, np.ones(op.shape[0]))
