"""The behaviour of Dask's workers that this library relies on, one test for each entry of compat/worker.py."""

import time

import pytest

from pylops_distributed.compat import worker as compat


class Counter:
    """An actor."""

    def count(self):
        return 1


@pytest.fixture
def worker(nearby):
    (one,) = nearby.workers.values()
    return one


def test_a_task_knows_its_worker(client, worker):
    assert client.submit(compat.current_worker, pure=False).result() is worker
    assert compat.current_worker() is None


def test_a_worker_has_a_memory_limit(client, worker):
    (described,) = client.scheduler_info()["workers"].values()
    assert compat.memory_limit_of(worker) == described["memory_limit"] > 0


def test_a_worker_has_a_number_of_threads(client, worker):
    assert compat.threads_of(worker) == 2


def test_a_worker_that_is_never_paused(client, nearby, worker, monkeypatch):
    def look():
        nearby.sync(worker.memory_manager.memory_monitor, worker)
        return worker.status.name

    usual = worker.memory_manager.memory_pause_fraction
    monkeypatch.setattr(worker.memory_manager, "memory_limit", 1)  # byte, of which more is in use
    compat.never_pause(worker)
    assert look() == "running"
    worker.memory_manager.memory_pause_fraction = usual
    assert look() == "paused"
    monkeypatch.undo()
    assert look() == "running"


def test_a_worker_knows_the_actors_that_are_wanted(client, worker):
    actors = compat.actors_on(worker)
    future = client.submit(Counter, actor=True)
    future.result()
    assert [type(actor) for actor in actors()] == [Counter]
    future.release()
    end = time.monotonic() + 10
    while actors():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_worker_keeps_the_object_that_it_is_given(client, nearby, worker):
    future = client.submit(lambda: [1], pure=False)
    future.result()
    other = [1]
    compat.keep_same(worker, {future.key: other, "unknown": [2]})

    async def settle():
        return worker.data[future.key]

    assert nearby.sync(settle) is other
    assert "unknown" not in worker.data
