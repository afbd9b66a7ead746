"""Operators of users that are no pure functions of lazy vectors: handled, or rejected in words; never a wrong model."""

from itertools import product

import dask
import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.compat.dask import meta_of
from pylops_distributed.execution import unroll
from pylops_distributed.linearoperator.memory_check import check_memory
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.algorithms.ista import ISTA
from pylops_distributed.optimization.session import iterate, run_solver
from pylops_distributed.vectors.space import Space

N = 40
AGAIN = "returns other numbers when it is applied again"
WRITES = r"writes into a block that it was given.*have it work on a copy"
rng = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _threads():
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


class Base(pld.LinearOperator):
    def __init__(self):
        space = Space.of(N, "f8")
        super().__init__(domain=space, codomain=space)

    def _rmatvec(self, y):
        return self._matvec(y)


class Computes(Base):
    def _matvec(self, x):
        return x * (2.0 if float(abs(x).max().compute()) >= 0 else 1.0)


class Decides(Base):
    def _matvec(self, x):
        return x * 2 if bool(abs(x).sum() >= 0) else x * 3


class TakesValues(Base):
    def _matvec(self, x):
        return da.from_array(np.asarray(x) * 2.0, chunks=x.chunks)


class Counts(Base):
    calls = 0

    def _matvec(self, x):
        self.calls += 1
        return x * float(self.calls)

    def _rmatvec(self, y):
        return y * 2.0


class RandomTasks(Base):
    def _matvec(self, x):
        return x.map_blocks(lambda b: b * (1 + rng.standard_normal(b.shape)), dtype=x.dtype)


class RandomAdjoint(Base):
    def __init__(self):
        super().__init__()
        self.state = np.random.RandomState(3)

    def _matvec(self, x):
        return x * 2.0

    def _rmatvec(self, y):
        return y * float(self.state.uniform())


def random_block(block_info=None):
    return np.random.default_rng().random(10)


def random_blocks():
    return da.map_blocks(random_block, chunks=((10,) * 4,), dtype=float)


class RandomConstant(Base):
    def __init__(self):
        super().__init__()
        self.weights = random_blocks()

    def _matvec(self, x):
        return x * self.weights


class WritesIntoInput(Base):
    def _matvec(self, x):
        return x.map_blocks(twice_in_place, dtype=x.dtype)

    def _rmatvec(self, y):
        return y * 2.0


def twice_in_place(block):
    block *= 2
    return block


class WritesIntoItself(Base):
    def __init__(self):
        super().__init__()
        self.weights = da.full(N, 2.0, chunks=10)

    def _matvec(self, x):
        return da.map_blocks(spoil_weights, x, self.weights, dtype=x.dtype)


def spoil_weights(block, weights):
    result = block * weights
    weights += 1
    return result


class Selects(Base):
    def _matvec(self, x):
        return x[abs(x) > -1]


class Rechunks(Base):
    def _matvec(self, x):
        return x.rechunk((7, 33)) * 2.0

    def _rmatvec(self, y):
        return y.rechunk((13, 27)) * 2.0


@pytest.fixture
def y():
    return da.from_array(np.arange(1.0, N + 1), chunks=10)


def right(x):
    np.testing.assert_allclose(x, np.arange(1.0, N + 1) / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "scheduler"),
    [*product([Computes, Decides, TakesValues, Rechunks], ["threads", "sync"]), (Computes, "distributed")],
)
def test_those_that_compute_while_they_are_applied(kind, scheduler, y, request, caplog):
    if scheduler == "distributed":
        request.getfixturevalue("cluster")
    with dask.config.set(scheduler=scheduler):
        right(run_solver(CGLS(niter=5, tol=1e-20), kind(), y).x)
        if scheduler == "distributed":
            return
        right(pld.cgls(kind(), y, niter=5, tol=1e-20)[0])
        right(unroll(CGLS(), kind(), y, 4).x)
        *_, last = iterate(CGLS(niter=5, tol=1e-20), kind(), y, CGLS().init(kind(), y))
        right(last.x)
    assert (kind is Rechunks) != (
        f"{kind.__name__} with dtype=float64> computes while it is applied" in caplog.text
    )


def test_its_cost_is_unknown(y):
    with pytest.raises(TypeError, match="Computes with dtype=float64> computes while it is applied"):
        check_memory(Computes(), data=y)


@pytest.mark.parametrize("kind", [Counts, RandomTasks, RandomAdjoint, RandomConstant])
@pytest.mark.parametrize("solver", [CGLS(), ISTA(alpha=0.1)], ids=lambda s: type(s).__name__)
def test_those_that_change_between_calls(kind, solver, y):
    with pytest.raises(ValueError, match=rf"{kind.__name__}.* {AGAIN}"):
        run_solver(solver, kind(), y)


@pytest.mark.parametrize("kind", [Counts, RandomTasks, RandomAdjoint, RandomConstant])
def test_division_by_those_that_change_between_calls(kind, y):
    with pytest.raises(ValueError, match=rf"{kind.__name__}.* {AGAIN}"):
        kind() / y


@pytest.mark.parametrize(
    "op",
    [
        pld.Diagonal(random_blocks()),
        pld.VStack([pld.Identity(N), RandomTasks()]),
        2 * RandomTasks(),
        pld.FunctionOperator(lambda x: x * rng.standard_normal(), lambda x: x, N),
        pld.FunctionOperator(lambda x: x * rng.standard_normal(), lambda x: x, N, chunked=True),
    ],
    ids=["blocks", "stack", "scaled", "function", "lazy function"],
)
def test_random_numbers_within_operators_of_the_library(op, y):
    data = y if op.shape[0] == N else op.apply(da.ones(N, chunks=10))
    with pytest.raises(ValueError, match=AGAIN):
        run_solver(CGLS(), op, data)


def test_random_numbers_with_a_seed_are_taken(y):
    weights = da.random.default_rng(3).uniform(1, 2, N, chunks=10)
    found = run_solver(CGLS(niter=60, tol=1e-24), pld.Diagonal(weights), y).x
    np.testing.assert_allclose(found * weights, y, rtol=1e-8)


def test_those_that_write_into_their_input(y):
    kept = y.compute()
    for found in (
        lambda: run_solver(CGLS(), WritesIntoInput(), y),
        lambda: pld.cgls(WritesIntoInput(), y),
        lambda: run_solver(CGLS(), 2 * WritesIntoInput(), y),
        lambda: unroll(CGLS(), WritesIntoInput(), y, 3),
    ):
        with pytest.raises(ValueError, match=WRITES):
            found()
    for lazy in (
        WritesIntoInput() @ y,
        WritesIntoInput().matmat(da.ones((N, 3), chunks=(10, 3))),
        pld.FunctionOperator(twice_in_place, twice_in_place, N) @ y,
    ):
        with pytest.raises(ValueError, match="read-only"):
            lazy.compute()
    np.testing.assert_array_equal(y.compute(), kept)


def test_those_that_write_into_their_own_blocks(y):
    with pytest.raises(ValueError, match=WRITES):
        run_solver(CGLS(), WritesIntoItself(), y)


class Returns(Base):
    """Twice the model, with something done to it in the forward."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def _matvec(self, x):
        return self.function(x * 2.0)

    def _rmatvec(self, y):
        return y * 2.0


SOLVERS = {
    "cgls": lambda op, y: pld.cgls(op, y),
    "lsqr": lambda op, y: pld.lsqr(op, y),
    "division": lambda op, y: op / y,
    "forward": lambda op, y: op @ y,
}


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("function", [lambda x: x[:1], lambda x: x[:-1], lambda x: x[:, None], lambda x: 1.0])
def test_those_that_return_another_shape(function, solver, y):
    """A single number was broadcast to the data, and division returned a model without a word."""
    with pytest.raises(
        (TypeError, ValueError),
        match=r"the forward of .*Returns.* of shape .*: expected Array of shape \(40,\)",
    ):
        SOLVERS[solver](Returns(function), y)


def first_of(block):
    return block[0]


@pytest.mark.parametrize("solver", ["cgls", "lsqr", "division"])
@pytest.mark.parametrize(
    "function", [first_of, lambda b: b[:, None], lambda b: b.astype(int), lambda b: b * 1j]
)
def test_those_whose_blocks_are_not_what_their_graph_states(function, solver, y):
    """Each block's first number was broadcast to the whole block."""
    op = Returns(lambda x: x.map_blocks(function, dtype=float, meta=meta_of(x)))
    with pytest.raises(
        ValueError, match=r"Returns.* returned a block of type .* where its graph states float64 and \(10,\)"
    ):
        SOLVERS[solver](op, y)


def test_those_that_round(y):
    with pytest.raises(ValueError, match="returned a block of type int64"):
        pld.cgls(Returns(lambda x: x.astype(int)), y)


def test_on_worker_processes(y, cluster):
    with dask.config.set(scheduler="distributed"):
        for kind, words in ((RandomTasks, AGAIN), (WritesIntoInput, WRITES)):
            with pytest.raises(ValueError, match=words):
                run_solver(CGLS(), kind(), y)


def test_unknown_chunks(y):
    with pytest.raises(ValueError, match=r"sizes of chunks are unknown|chunk sizes .*are unknown"):
        run_solver(CGLS(), Selects(), y)


def nested(scale):
    y = da.from_array(np.arange(1.0, N + 1) * scale, chunks=10)
    return (
        np.asarray(run_solver(CGLS(niter=5, tol=1e-20), pld.Diagonal(da.full(N, 2.0, chunks=10)), y).x)
        / scale
    )


def test_a_solve_in_a_task(cluster):
    # More of them than the workers have threads: none may hold one that the parts of another need.
    for found in cluster.map(nested, [3.0] * 4, pure=False):
        right(found.result(60))
