"""Names that are never used twice, and nothing that stays behind, without a garbage collection."""

import gc
import sys
import threading
import time
import weakref
from contextlib import suppress

import dask
import dask.array as da
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import pylops_distributed as pld
from pylops_distributed import tuning
from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.compat import process
from pylops_distributed.compat.dask import meta_of
from pylops_distributed.execution import cluster_engine
from pylops_distributed.execution.partition import Partition
from pylops_distributed.graph.batching import vmap
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import Session, iterate, run_solver

STEPS = 6


@pytest.fixture
def threads():
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


@pytest.fixture
def uncollected():
    """Garbage stays: what goes, goes since nobody holds it."""
    gc.collect()  # what tests before this one have dropped is theirs
    gc.freeze()  # and what they hold is not walked again for the next one
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(params=["threads", "cluster"])
def place(request):
    """In process, or the client of two worker processes."""
    client = request.getfixturevalue(request.param)
    da.ones(8, chunks=1).sum().compute()  # Dask keeps the threads of its pool
    if not nothing_left(client):
        gc.collect()
    end = time.monotonic() + 30
    while not nothing_left(client) and time.monotonic() < end:
        time.sleep(0.05)  # what tests before this one have dropped is on its way
    return client


def system(rng):
    matrix = rng.standard_normal((40, 20))
    return matrix, pld.MatrixMult(da.from_array(matrix, chunks=(10, 20)))


def started():
    """Threads that belong to solves."""
    ours = ("solve", "part", "seat")
    return [t for t in threading.enumerate() if t.name.startswith(ours) or "_listen" in t.name]


def held(dask_worker=None):
    """Parts in a process, and threads that belong to solves."""
    return len(cluster_engine._parts), len(started())


def nothing_left(client):
    if client is None:
        return not started()
    return set(client.run(held).values()) == {(0, 0)} and not started()


def test_results_of_many_solves_are_each_their_own(place, rng):
    gc.freeze()  # collections see what this test makes alone
    matrix, op = system(rng)
    data, kept = rng.standard_normal((10, 40)), []
    for n, y in enumerate(data):
        kept.append(run_solver(CGLS(25, tol=0.0), op, da.from_array(y, chunks=10)).x)
        if n % 3 == 0:  # so that engines are freed, and their addresses used again
            gc.collect()
    right = np.linalg.lstsq(matrix, data.T, rcond=None)[0].T
    assert len({x.name for x in kept}) == len(kept)
    np.testing.assert_allclose(dask.compute(*kept), right, rtol=1e-8, atol=1e-10)
    (difference,) = dask.compute(kept[0] - kept[1])
    np.testing.assert_allclose(difference, right[0] - right[1], rtol=1e-8, atol=1e-10)


def test_placeholders_inside_others_are_not_the_same(threads, rng):
    """Columns of a matrix, multiplied by a vector of the state that is not there yet either."""
    vectors = da.from_array(rng.standard_normal((8, 3)), chunks=(4, 3))

    class ByState(CGLS):
        def step(self, op, y, state):
            scaled = vmap(lambda x: state.x * x, vectors)
            return type(state)(**{**vars(state), "iteration": state.iteration + 1, "x": scaled.sum(axis=1)})

    op, x0 = Diagonal(da.ones(8, chunks=4)), rng.standard_normal(8)
    found = run_solver(ByState(1, tol=-1.0), op, da.ones(8, chunks=4), da.from_array(x0, chunks=4)).x
    np.testing.assert_allclose(found.compute(), x0 * vectors.compute().sum(axis=1))


def by_class(op, y):
    pld.optimization.cls_basic.CGLS(op).solve(y, niter=STEPS, tol=0.0)


def by_hand(op, y):
    solver = pld.optimization.cls_basic.CGLS(op)
    x = solver.setup(y, niter=STEPS)
    solver.step(solver.step(x))


class Raising(pld.optimization.callback.Callbacks):
    def on_step_end(self, solver, x):
        raise KeyError("callback")


def raising(op, y):
    with pytest.raises(KeyError, match="callback"):
        pld.optimization.cls_basic.CGLS(op, [Raising()]).solve(y, niter=STEPS, tol=0.0)


def on_step_raising(op, y):
    def look(state):
        raise KeyError("look")

    with pytest.raises(KeyError, match="look"):
        run_solver(CGLS(STEPS, tol=0.0), op, y, on_step=look)


def half(op, y):
    states = iterate(CGLS(STEPS, tol=0.0), op, y, CGLS(STEPS, tol=0.0).init(op, y))
    next(states)
    next(states)


def interrupted(op, y):
    def look(state):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_solver(CGLS(STEPS, tol=0.0), op, y, on_step=look)


def failing(op, y):
    broken = da.from_array(np.ones(20), chunks=20).map_blocks(_broken, dtype=float)
    with pytest.raises(ArithmeticError, match="block"):
        pld.cgls(op @ Diagonal(broken), y, niter=STEPS, tol=0.0)


def _broken(block):
    raise ArithmeticError("a block of the operator")


FUNCTIONS = [
    lambda op, y: pld.cgls(op, y, niter=STEPS, tol=0.0),
    lambda op, y: pld.lsqr(op, y, niter=STEPS),
    lambda op, y: pld.ista(op, y, niter=3),
    lambda op, y: pld.optimization.sparsity.irls(op, y, nouter=2),
    lambda op, y: pld.optimization.leastsquares.regularized_inversion(op, y, [pld.Identity(20)]),
    lambda op, y: pld.optimization.eigs.power_iteration(op.H @ op, niter=3),
    lambda op, y: run_solver(CGLS(STEPS, tol=0.0), op, y),
    by_class, by_hand, raising, on_step_raising, half, interrupted, failing,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_left_of_a_solve(place, rng, uncollected, function):
    before, switch = threading.active_count(), sys.getswitchinterval()
    matrix, op = system(rng)
    function(op, da.from_array(matrix[:, 0], chunks=10))
    while function is by_hand and not nothing_left(place):
        pass  # dropped rather than closed: the last message is on its way
    assert nothing_left(place)
    assert threading.active_count() <= before + 4 * (place is not None)  # Dask's own
    assert sys.getswitchinterval() == switch


@pytest.mark.parametrize("function", FUNCTIONS)
def test_blocks_of_the_operator_are_gone_at_once(threads, rng, uncollected, function):
    gone = []

    def cast(block):
        made = block.copy()
        gone.append(weakref.ref(made))
        return made

    matrix, _ = system(rng)
    blocks = da.from_array(matrix, chunks=(10, 20)).map_blocks(cast, dtype=float, meta=np.empty((0, 0)))
    op = pld.MatrixMult(blocks, dtype=float)
    function(op, da.from_array(matrix[:, 0], chunks=10))
    assert gone
    assert not any(block() is not None for block in gone)


class Counted:
    """An array that counts how often it is read, as one on disk would be."""

    shape, dtype, ndim = (40,), np.dtype(float), 1

    def __init__(self):
        self.reads = 0

    def __getitem__(self, index):
        self.reads += 1
        return np.arange(1.0, 41.0)[index]


def test_the_operator_is_computed_once_a_solve(threads, rng):
    scale = Counted()
    op = Diagonal(da.from_array(scale, chunks=10))
    scale.reads = 0
    pld.cgls(op, da.ones(40, chunks=10), niter=5, tol=0.0)
    assert scale.reads == 4


def test_a_kept_result_keeps_no_more_than_its_blocks(threads, rng, uncollected):
    alive = []

    class Wide(pld.LinearOperator):
        """Returns pieces of arrays that are far larger."""

        def _matvec(self, x):
            return x.map_blocks(_piece, alive=alive, dtype=x.dtype, meta=meta_of(x))

        _rmatvec = _matvec

    space = pld.Diagonal(da.ones(8, chunks=4)).domain
    x = run_solver(CGLS(3, tol=-1.0), Wide(domain=space, codomain=space), da.ones(8, chunks=4)).x
    assert alive
    assert not any(base() is not None for base in alive)
    assert x.compute().shape == (8,)


def _piece(block, alive):
    base = np.zeros((1000, len(block)))
    alive.append(weakref.ref(base))
    base[0] = 2 * block
    return base[0]


def test_settings_of_the_process_are_restored_by_the_last_to_leave(rng):
    entered, leave = threading.Barrier(3), [threading.Event() for _ in range(2)]

    def inside(n):
        with process.computing():
            entered.wait()
            leave[n].wait(10)

    def blas():
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    process.find_libraries()
    with threadpool_limits(2, "blas"):
        before = sys.getswitchinterval(), blas()
        both = [threading.Thread(target=inside, args=(n,)) for n in range(2)]
        for thread in both:
            thread.start()
        entered.wait()
        # Python keeps whole microseconds.
        assert sys.getswitchinterval() == pytest.approx(tuning.seconds("execution.switch-interval"), abs=2e-6)
        assert set(blas()) == {1}
        for n in range(2):  # the first to enter is not the last to leave
            assert set(blas()) == {1}
            leave[n].set()
            both[n].join()
        assert (sys.getswitchinterval(), blas()) == before


def test_solves_in_threads_restore_the_settings_of_the_process(threads, rng):
    matrix, op = system(rng)
    y = da.from_array(matrix[:, 0], chunks=10)
    process.find_libraries()
    with threadpool_limits(2, "blas"):
        before = sys.getswitchinterval(), threadpool_info()
        both = [threading.Thread(target=run_solver, args=(CGLS(n, tol=-1.0), op, y)) for n in (30, 60)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert (sys.getswitchinterval(), threadpool_info()) == before


def test_a_part_is_closed_while_it_takes_steps(threads, rng):
    matrix, op = system(rng)
    session = Session(CGLS(10**9, tol=-1.0), op, da.from_array(matrix[:, 0], chunks=10))
    running = threading.Thread(target=_endless, args=(session,))
    running.start()
    session.close()
    running.join(30)
    assert not running.is_alive()
    assert not started()


def _endless(session):
    with suppress(Exception):
        session.run()


def test_an_engine_that_is_dropped_leaves_nothing(place, rng, uncollected):
    matrix, op = system(rng)
    session = Session(CGLS(STEPS, tol=0.0), op, da.from_array(matrix[:, 0], chunks=10))
    session.run()
    assert not nothing_left(place)
    del session
    while not nothing_left(place):
        pass


def test_one_part_runs_at_a_time_and_closing_is_idempotent(threads, rng):
    matrix, op = system(rng)
    session = Session(CGLS(STEPS, tol=0.0), op, da.from_array(matrix[:, 0], chunks=10))
    part = weakref.ref(session._engine._part)
    assert isinstance(part(), Partition)
    session.close()
    session.close()
    assert part()._constants._kept == {} == part().state
    with pytest.raises(ConnectionError, match="closed"):
        part().run(1)


def test_a_failed_solve_says_that_its_state_is_lost(threads, rng):
    matrix, op = system(rng)
    session = Session(CGLS(STEPS, tol=-1.0), op, da.from_array(matrix[:, 0], chunks=10))
    session._engine._part.stop()
    with pytest.raises(ConnectionError):
        session.run()
    with pytest.raises(RuntimeError, match="begin a new solve"):
        session.state  # noqa: B018
