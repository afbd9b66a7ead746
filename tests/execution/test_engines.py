"""One traced step, run plainly, in this process and on worker processes: the same bits everywhere."""

import asyncio
import os
import signal
import socket
import threading
import time
from functools import partial

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
import zarr

import pylops_distributed as pld
from pylops_distributed.compat.dask import Task
from pylops_distributed.errors import WorkerLostError
from pylops_distributed.execution import Engine, replay, trace_step
from pylops_distributed.execution.cluster_engine import ActorEngine
from pylops_distributed.execution.engine import SchedulerEngine, ThreadedEngine
from pylops_distributed.execution.operator_cache import OperatorCache
from pylops_distributed.execution.partition_plan import plan_partitions
from pylops_distributed.execution.transport import PeerTransport
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.leastsquares import regularized_system
from pylops_distributed.optimization.session import Session

STEPS = 6


def matrix(rng, tmp_path, dtype="c16", chunks=(7, 8)):
    values = rng.standard_normal((30, 22))
    if dtype == "c16":
        values = values + 1j * rng.standard_normal((30, 22))
    op = pld.MatrixMult(da.from_array(values.astype(dtype), chunks=chunks), dtype=dtype)
    return op, da.from_array((values @ rng.standard_normal(22)).astype(dtype), chunks=9)


def on_zarr(rng, tmp_path):
    values = rng.standard_normal((30, 22))
    stored = zarr.create_array(str(tmp_path / "matrix.zarr"), data=values, chunks=(7, 8))
    return pld.MatrixMult(da.from_zarr(stored)), da.from_array(values @ rng.standard_normal(22), chunks=9)


def regularised(rng, tmp_path):
    dims = (12, 10)
    y = da.from_array(rng.standard_normal(dims), chunks=(5, 4))
    regs = [pld.Laplacian(dims, axes=(0, 1)), pld.FirstDerivative(dims, axis=1)]
    local = pylops.Smoothing1D(5, dims, axis=0)
    op = pld.Diagonal(da.from_array(rng.random(dims) + 1, chunks=(6, 5))) @ local
    return regularized_system(op, y, regs, epsRs=[0.3, 0.2])


def single(rng, tmp_path):
    # Rows: once sent, a piece of a row lies closer to the next, and BLAS may round float32 otherwise.
    return matrix(rng, tmp_path, "f4", (7, 22))


PROBLEMS = [matrix, on_zarr, regularised, single]


@pytest.fixture
def threads():
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def start(op, y, niter=STEPS) -> Engine:
    solver = CGLS(niter, tol=0.0)
    return replay(partial(solver.step, op, y), solver.init(op, y), solver.done)


def computed(engine):
    """All arrays of an engine's state, and the scalars on the way."""
    state = engine.state()
    parts = [
        state.x,
        *getattr(state.s, "arrays", (state.s,)),
        state.c,
    ]
    return [*dask.compute(*parts), state.kold, state.cost]


def reference(op, y):
    solver = CGLS(STEPS, tol=0.0)
    with dask.config.set(scheduler="sync"):
        first = solver.init(op, y)
        plain = SchedulerEngine(trace_step(partial(solver.step, op, y), first), first, solver.done)
        numbers = plain.run(STEPS)
        return computed(plain), [n.cost for n in numbers]


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("scheduler", ["threads", "sync"])
def test_in_process_equals_plain(problem, scheduler, rng, tmp_path):
    op, y = problem(rng, tmp_path)
    expected, costs = reference(op, y)
    with dask.config.set(scheduler=scheduler, num_workers=2):
        engine = start(op, y)
        assert isinstance(engine, ThreadedEngine)
        taken = [*engine.run(2), *engine.run(100)]
        found = computed(engine)
    engine.close()
    assert [n.iteration for n in taken] == list(range(1, STEPS + 1))
    assert [n.cost for n in taken] == costs
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_on_workers_equals_plain(problem, cluster, rng, tmp_path):
    op, y = problem(rng, tmp_path)
    expected, costs = reference(op, y)
    engine = start(op, y)
    assert isinstance(engine, ActorEngine)
    taken = [*engine.run(2), *engine.run(100)]
    assert [n.cost for n in taken] == costs
    for a, b in zip(computed(engine), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    engine.close()


def test_states_given_out_stay_as_they_are(cluster, rng, tmp_path):
    op, y = matrix(rng, tmp_path)
    engine = start(op, y)
    engine.run(1)
    early = engine.state().x
    expected = early.compute()
    engine.run(3)
    np.testing.assert_array_equal(early.compute(), expected)
    assert not np.array_equal(engine.state().x.compute(), expected)
    engine.close()


def test_operator_held_by_the_cluster(cluster, rng):
    values = rng.standard_normal((30, 22))
    expected, _ = reference(pld.MatrixMult(da.from_array(values, chunks=(7, 8))), da.ones(30, chunks=9))
    op = pld.MatrixMult(da.from_array(values, chunks=(7, 8)).persist())
    engine = start(op, da.ones(30, chunks=9))
    engine.run(STEPS)
    for a, b in zip(computed(engine), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    engine.close()


def test_scheduler_holds_no_more_with_every_step(cluster, rng, tmp_path):
    def settled(most=float("inf")):
        """Number of tasks that are kept, once all releases have reached the scheduler."""
        end = time.monotonic() + 10
        while (held := cluster.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))) > most:
            if time.monotonic() > end:
                break
            time.sleep(0.05)
        return held

    engine = start(*regularised(rng, tmp_path), niter=1000)
    engine.run(1)
    engine.state().x.compute()
    held = settled()
    for _ in range(4):
        engine.run(5)
        engine.state().x.compute()
    assert settled(held) <= held
    engine.run(50)
    assert settled(held) <= held
    engine.close()


@pytest.mark.parametrize(
    "known",
    [pytest.param(False, id="in mid-step"), pytest.param(True, id="known to Dask", marks=pytest.mark.slow)],
)
def test_a_lost_worker_is_a_clear_error_and_a_new_session_continues(rng, tmp_path, known):
    op, y = matrix(rng, tmp_path)
    with pld.utils.backend.dask(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as client:
        session = Session(CGLS(10**6, tol=-1.0), op, y)
        session.run(seconds=0.1)
        os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
        end = time.monotonic() + 30
        while known and all(actor.status == "finished" for actor in session._engine._actors):
            assert time.monotonic() < end
            time.sleep(0.01)
        with pytest.raises(WorkerLostError, match="newest checkpoint"):
            session.run(seconds=60)
        assert session.failed
        with pytest.raises(TimeIsUpError), session._engine._watched():  # no retry takes its place
            raise TimeIsUpError
        session = Session(CGLS(3, tol=0.0), op, y)
        session.run()
        assert session.iteration == 3


def test_an_idle_worker_that_takes_the_task_of_another(rng, tmp_path):
    op, y = matrix(rng, tmp_path)
    expected, _ = reference(op, y)
    with pld.utils.backend.dask(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as client:
        engine = start(op, y)  # on new workers: nobody knows yet how short the tasks are
        engine.run(STEPS)
        busy = client.map(time.sleep, [0.5] * 8, workers=engine._workers[:1], pure=False)
        for a, b in zip(computed(engine), expected, strict=True):
            np.testing.assert_array_equal(a, b)
        client.cancel(busy)
        engine.close()


class Fragile(pld.LinearOperator):
    """Raises once a model is large."""

    def _matvec(self, x):
        return x.map_blocks(_fail_if_large, dtype=x.dtype)

    def _rmatvec(self, y):
        return y


def _fail_if_large(block):
    if np.abs(block).max() > 2:
        raise ArithmeticError("too large a model")
    return 3 * block


@pytest.mark.parametrize("where", ["threads", "cluster"])
def test_a_failing_task_is_the_error(where, request):
    request.getfixturevalue(where)
    space = pld.Diagonal(da.ones(8)).domain
    op = Fragile(domain=space, codomain=space)
    session = Session(CGLS(50, tol=-1.0), op, da.ones(8, chunks=3))
    with pytest.raises(ArithmeticError, match="too large"):
        session.run()
    assert session.failed


class Slow(pld.LinearOperator):
    """Waits on each block of a model."""

    seconds: float

    def _matvec(self, x):
        return x.map_blocks(_slowly, self.seconds, dtype=x.dtype)

    def _rmatvec(self, y):
        return y


def slow(seconds):
    space = pld.Diagonal(da.ones(8)).domain
    op = Slow(domain=space, codomain=space)
    op.seconds = seconds
    return op


def test_an_interrupt_leaves_the_state_whole(threads, monkeypatch):
    session = Session(CGLS(10**6, tol=-1.0), slow(0.02), da.arange(8, chunks=4, dtype=float))

    def interrupt(*_):
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.15)
    with pytest.raises(KeyboardInterrupt):
        session.run()
    signal.signal(signal.SIGALRM, old)
    state = session.state
    assert state.iteration == session.iteration == len(session.history["cost"]) - 1
    assert state.iteration > 0
    assert not session.failed
    session.close()


class TimeIsUpError(asyncio.CancelledError):
    """Raised by a time-out in the middle of whatever runs, as Prefect does."""


@pytest.mark.faults
def test_a_time_out_ends_the_wait_for_all_parts(cluster):
    session = Session(CGLS(10**6, tol=-1.0), slow(2), da.arange(8, chunks=4, dtype=float))

    def interrupt(*_):
        raise TimeIsUpError

    old = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.8)
        with pytest.raises(TimeIsUpError):
            session.run()
        assert not any(call.done() for call in session._engine._under_way)
        assert session._engine._under_way
    finally:
        signal.signal(signal.SIGALRM, old)
        session.close()


def _slowly(block, seconds):
    time.sleep(seconds)
    return block


def test_one_step_is_asked_for_at_a_time_where_each_state_is_wanted(threads, rng, tmp_path):
    op, y = matrix(rng, tmp_path, "f8")
    seen = []
    Session(CGLS(5, tol=0.0), op, y).run(lambda s: seen.append((s.iteration, s.x.compute())))
    assert [n for n, _ in seen] == [1, 2, 3, 4, 5]
    lazy = pld.execution.unroll(CGLS(), op, y, 2).x.compute()
    np.testing.assert_array_equal(seen[1][1], lazy)


def test_few_messages_a_step(rng, tmp_path):
    """Two all-reduces and two exchanges: scalars are summed up by everybody, what goes together travels together."""
    solver = CGLS(STEPS, tol=0.0)
    dims = (16, 8)
    op, y = pld.FirstDerivative(dims, axis=0), da.ones(dims, chunks=(4, 8))
    with dask.config.set(scheduler="sync"):
        template = trace_step(partial(solver.step, op, y), solver.init(op, y))
    shares = plan_partitions(template, 2)[0]
    assert all(len(s.sends) <= 4 and len(s.receives) <= 4 for s in shares)
    assert abs(len(shares[0].works) - len(shares[1].works)) <= 8


def test_blocks_of_the_operator_are_aligned_where_they_rest():
    block = np.frombuffer(bytearray(8 * 100 + 1), np.uint8)[1:].view("f8")
    assert not block.flags.aligned
    constants = OperatorCache({}, room=0)
    constants.give({"a": block})
    assert constants["a"].flags.aligned


def test_constants_without_room_are_read_again():
    calls = []

    def read():
        calls.append(1)
        return np.ones(1000)

    for room, expected in ((10**6, 1), (100, 3)):
        calls.clear()
        constants = OperatorCache({("g", 0): Task(("g", 0), read)}, room)
        for _ in range(3):
            np.testing.assert_array_equal(constants["g", 0], np.ones(1000))
        assert len(calls) == expected


def test_links_let_only_the_solve_in():
    ours, theirs = PeerTransport(0, b"secret", "127.0.0.1"), PeerTransport(1, b"secret", "127.0.0.1")
    addresses = [ours.address, theirs.address]
    stranger = socket.create_connection(ours.address)
    stranger.sendall(b"\0\0\0\1wrong!")
    got, lost = [], []
    other = threading.Thread(
        target=theirs.connect, args=(addresses, lambda *m: got.append(m), lambda *_: None)
    )
    other.start()
    ours.connect(addresses, lambda *m: got.append(m), lambda part, error: lost.append(part))
    other.join()
    assert stranger.recv(1) == b""
    big = np.arange(10**6, dtype="f8")
    ours.send(1, 5, 2, [big, np.float32(3)])
    deadline = time.monotonic() + 10
    while not got and time.monotonic() < deadline:
        time.sleep(0.01)
    ((step, sender, stage, (array, number)),) = got
    assert (step, sender, stage, number) == (5, 0, 2, 3)
    assert array.flags.aligned
    np.testing.assert_array_equal(array, big)
    theirs.close()
    while not lost and time.monotonic() < deadline:
        time.sleep(0.01)
    assert lost == [1]
    ours.close()
    stranger.close()
