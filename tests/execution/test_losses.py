"""Workers, parts and listeners that are lost or left over."""

import gc
import threading
import time
import weakref
from functools import partial

import dask
import dask.array as da
import pytest
from distributed import Client, LocalCluster

import pylops_distributed as pld
from pylops_distributed.errors import NoWorkerError, WorkerLostError
from pylops_distributed.execution import replay
from pylops_distributed.execution.partition import Partition
from pylops_distributed.execution.transport import PeerTransport
from pylops_distributed.linearoperator.memory_check import _worker_limits
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import Session


@pytest.fixture
def system(rng):
    values = rng.standard_normal((30, 22))
    op = pld.MatrixMult(da.from_array(values, chunks=(7, 8)))
    return op, da.from_array(values @ rng.standard_normal(22), chunks=9)


def start(op, y):
    solver = CGLS(6, tol=0.0)
    return replay(partial(solver.step, op, y), solver.init(op, y), solver.done)


def test_a_worker_lost_while_parts_are_made_is_reported_as_such(cluster, system, monkeypatch):
    def gather(*_, **__):
        raise RuntimeError("Worker holding Actor was lost.  Status: error")

    monkeypatch.setattr(type(cluster), "gather", gather)
    with pytest.raises(WorkerLostError, match="newest checkpoint"):
        start(*system)


def test_a_missing_worker_is_reported_before_anything_is_read(tuned, system):
    class Unread:
        def latest(self, kind):
            raise AssertionError("there is nobody to read")

    op, y = system
    tuned("execution.local-worker-timeout", 0.5)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as nobody,
        Client(nobody),
        pytest.raises(NoWorkerError, match="no worker is left"),
    ):
        Session(CGLS(3), op, y, store=Unread())


def test_a_state_whose_workers_were_all_lost_is_reported_once_others_have_come(system):
    """Dask would wait for the workers of before: a save would hang."""
    op, y = system
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as few,
        Client(few) as client,
    ):
        session = Session(CGLS(3, tol=0.0), op, y)
        x = session.state.x
        few.scale(0)
        while client.scheduler_info()["workers"]:
            time.sleep(0.01)
        few.scale(1)
        client.wait_for_workers(1)
        with pytest.raises(WorkerLostError, match="newest checkpoint"):
            client.compute(x)
        session.close()


def test_listening_does_not_keep_a_part_that_its_solve_has_let_go_of():
    parts = [object.__new__(Partition) for _ in range(2)]
    addresses, notified = [], threading.Event()
    for me in range(2):
        parts[me].links = PeerTransport(me, b"secret", "127.0.0.1")
        addresses.append(parts[me].address())
    parts[1].lost = lambda *_: notified.set()
    other = threading.Thread(target=parts[1].connect, args=(addresses,))
    other.start()
    parts[0].connect(addresses)
    other.join()
    gone = weakref.ref(parts.pop(0))
    gc.collect()
    assert gone() is None
    assert notified.wait(10)  # its connections went with it
    parts[0].links.close()


def test_limits_on_a_worker_are_the_worker_s(cluster):
    def here():
        with dask.config.set(scheduler="synchronous"):
            return _worker_limits()

    (one, *_) = cluster.scheduler_info()["workers"].values()
    assert cluster.submit(here, pure=False).result() == (one["memory_limit"], one["nthreads"])


def test_a_listener_that_fails_is_reported():
    links, failed, reported = (
        [PeerTransport(me, b"secret", "127.0.0.1") for me in (0, 1)],
        threading.Event(),
        [],
    )

    def deliver(*_):
        raise MemoryError("not enough memory for a message")

    def lost(part, error):
        reported.append((part, type(error)))
        failed.set()

    addresses = [one.address for one in links]
    other = threading.Thread(target=links[1].connect, args=(addresses, deliver, lost))
    other.start()
    links[0].connect(addresses, deliver, lambda *_: None)
    other.join()
    links[0].send(1, 0, 0, 1.0)
    assert failed.wait(10)
    assert reported == [(0, MemoryError)]
    for one in links:
        one.close()
