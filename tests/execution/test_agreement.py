"""Parts that would not agree, solves that share workers, and workers that are started again."""

import gc
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import wait

import pylops_distributed as pld
from pylops_distributed import tuning
from pylops_distributed.compat.dask import Task
from pylops_distributed.errors import WorkerLostError
from pylops_distributed.execution import cluster_engine
from pylops_distributed.execution.cluster_engine import ActorEngine
from pylops_distributed.execution.operator_cache import OperatorCache
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import Session, run_solver


@pytest.fixture
def system(rng):
    matrix = rng.standard_normal((40, 20))
    return (
        matrix,
        pld.MatrixMult(da.from_array(matrix, chunks=(10, 20))),
        da.from_array(matrix[:, 0], chunks=10),
    )


@dataclass(frozen=True)
class Undecided(CGLS):
    """Stops after another number of steps in each process, as if processors rounded otherwise."""

    home: int = 0

    def done(self, state):
        here = 3 if os.getpid() == self.home else 5 + os.getpid() % 7
        return "enough" if state.iteration >= here else None


def test_parts_that_decide_otherwise_stop_together(cluster, system):
    _, op, y = system
    session = Session(Undecided(niter=10**6, tol=-1.0), op, y)
    assert isinstance(session._engine, ActorEngine)
    assert session.run() == "enough"
    assert 5 <= session.iteration <= 11
    assert session.state.iteration == session.iteration
    session.close()


def test_the_driver_has_the_last_word(cluster, system):
    _, op, y = system
    session = Session(Undecided(niter=10**6, tol=-1.0, home=os.getpid()), op, y)
    session.run(seconds=30)
    assert session.iteration >= 3
    session.close()


def _nudged(k):
    """A scalar that is another one in each process."""
    return k * (1 + os.getpid() * 1e-9)


class Nudged(CGLS):
    def step(self, op, y, state):
        after = super().step(op, y, state)
        return type(state)(
            **{**vars(after), "cost1": after.cost1.map_blocks(_nudged, dtype=after.cost1.dtype)}
        )


def _broadcast(x, number):
    return np.full_like(x, number)


@dataclass(frozen=True)
class Written(Nudged):
    """Writes the scalar it has into each block of the model."""

    def step(self, op, y, state):
        after = super().step(op, y, state)
        x = da.blockwise(_broadcast, "i", state.x, "i", state.cost1, "", dtype=state.x.dtype)
        return type(state)(**{**vars(after), "x": x})


def test_all_parts_have_the_scalars_of_the_first(cluster, rng):
    matrix = rng.standard_normal((40, 20))
    op = pld.MatrixMult(da.from_array(matrix, chunks=(10, 5)))
    x = run_solver(Written(niter=4, tol=-1.0), op, da.from_array(rng.standard_normal(40), chunks=10)).x
    assert x.npartitions > 1
    assert len(np.unique(x.compute())) == 1


@pytest.mark.parametrize("watched", [False, True])
def test_threads_of_one_program_share_the_workers(cluster, rng, watched):
    wrong, steps = [], []

    def work(seed):
        matrix, y = np.random.default_rng(seed).standard_normal((40, 9)), np.ones(40)
        op = pld.MatrixMult(da.from_array(matrix, chunks=(10, 9)))
        look = (lambda state: steps.append(1)) if watched else None
        for _ in range(2):
            x = run_solver(CGLS(10, tol=-1.0), op, da.from_array(y, chunks=10), on_step=look).x.compute()
            if not np.allclose(x, np.linalg.lstsq(matrix, y, rcond=None)[0]):
                wrong.append(seed)

    running = [threading.Thread(target=work, args=(k,), daemon=True) for k in range(3)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(120)
    assert not any(thread.is_alive() for thread in running)
    assert wrong == []
    assert len(steps) == (60 if watched else 0)


DIES = """
import os, sys, dask.array as da, pylops_distributed as pld
from distributed import Client
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import Session
client = Client(sys.argv[1])
op = pld.MatrixMult(da.ones((800, 4000), chunks=(200, 4000)))  # steps that leave Python's lock to others
session = Session(CGLS(10**9, tol=-1.0), op, da.ones(800, chunks=200))
session._engine._start(10**9)
session._engine._parts[0].address().result()
print("begun", flush=True)
sys.stdin.read()
os._exit(1)
"""


@pytest.fixture
def idle(cluster):
    """Workers on which Python looks for no garbage, and of which only one looks whether its driver still exists."""

    def look(collect, interval):
        (gc.enable if collect else gc.disable)()
        dask.config.set({f"{tuning.ROOT}.execution.abandoned-check-interval": interval})

    cluster.run(gc.collect)
    for interval, worker in zip(["100 ms", "1 h"], cluster.scheduler_info()["workers"], strict=True):
        cluster.run(look, False, interval, workers=[worker])
    yield cluster
    cluster.run(look, True, None)


def test_a_program_that_dies_amid_its_steps_leaves_nothing(idle, system):
    """Its parts, which would take steps for years, end when Dask reports that nobody wants them any more."""
    _, op, y = system
    command = [sys.executable, "-c", DIES, idle.scheduler.address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as dying:
        assert dying.stdout.readline() == "begun\n"
        x = run_solver(CGLS(25, tol=0.0), op, y).x.compute()  # meanwhile
        dying.stdin.close()
    np.testing.assert_allclose(x, np.eye(20)[0], atol=1e-8)

    def left(dask_worker):
        return len(dask_worker.state.actors) + len(cluster_engine._parts)

    while any(idle.run(left).values()):
        time.sleep(0.05)
    run_solver(CGLS(25, tol=0.0), op, y)


@pytest.mark.faults
def test_workers_started_again_amid_a_solve_are_lost(system):
    _, op, y = system
    with pld.utils.backend.dask(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as client:
        begun, errors = threading.Event(), []

        def work():
            seen = 0

            def look(state):
                nonlocal seen
                seen += 1
                if seen > 3:
                    begun.set()

            try:
                run_solver(CGLS(10**9, tol=-1.0), op, y, on_step=look)
            except Exception as error:
                errors.append(error)

        running = threading.Thread(target=work, daemon=True)
        running.start()
        assert begun.wait(60)
        client.restart()
        running.join(60)
        assert [type(error) for error in errors] == [WorkerLostError]
        assert "newest checkpoint" in str(errors[0])


def test_no_workers_between_one_start_and_the_next(cluster, system, monkeypatch):
    """The scheduler's answer amid a restart."""
    _, op, y = system
    info = cluster.scheduler_info

    def none(**options):
        return {**info(**options), "workers": {}}

    monkeypatch.setattr(cluster, "scheduler_info", none)
    with pytest.raises(WorkerLostError, match="newest checkpoint"):
        run_solver(CGLS(3), op, y)


def test_a_cancelled_actor_is_a_lost_worker(cluster, system):
    _, op, y = system
    session = Session(CGLS(10**9, tol=-1.0), op, y)
    cluster.cancel(session._engine._actors, force=True)
    wait(cluster.submit(int, pure=False))
    with pytest.raises(WorkerLostError, match="newest checkpoint"):
        session.run(seconds=60)
    session.close()


def test_a_missing_file_of_the_operator_is_not_a_lost_worker(cluster):
    blocks = da.from_array(np.ones(20), chunks=5).map_blocks(_missing, dtype=float, meta=np.empty(0))
    with pytest.raises(FileNotFoundError, match="kernel"):
        run_solver(CGLS(3), pld.Diagonal(blocks), da.ones(20, chunks=5))


def _missing(block):
    raise FileNotFoundError("no kernel")


@pytest.mark.parametrize("room", [10**6, 0])
def test_threads_that_want_one_constant_compute_it_once(room):
    calls, begun, go = [], threading.Event(), threading.Event()

    def read():
        calls.append(1)
        begun.set()
        assert go.wait(10)
        return np.ones(1000)

    constants, got = OperatorCache({"g": Task("g", read)}, room), []
    asking = [threading.Thread(target=lambda: got.append(constants["g"])) for _ in range(3)]
    for thread in asking:
        thread.start()
    assert begun.wait(10)
    while sum(thread.is_alive() for thread in asking) < 3:
        pass
    go.set()
    for thread in asking:
        thread.join(10)
    assert len(got) == 3
    if room:
        assert len(calls) == 1
        assert constants.reset() == got[0].nbytes
        constants.retain(set())
        assert constants._room == room
