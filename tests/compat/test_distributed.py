"""The behaviour of distributed that this library relies on, one test for each entry of compat/distributed.py."""

import time

import pytest
from distributed import Client, LocalCluster, get_client, get_worker

from pylops_distributed.compat import distributed as compat
from pylops_distributed.compat.worker import keep_data


class Counter:
    """An actor."""

    def count(self):
        return 1

    def vanish(self):
        raise RuntimeError("its own")


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def waits_for_another():
    """A task on the only thread of a worker waits for another one."""
    compat.leave_pool()
    compat.leave_pool()  # does nothing: this thread is of the pool no more
    return get_client().submit(int, 3).result(timeout=10)


def address():
    return get_worker().address


def small(**options):
    return LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0", **options
    )


def test_a_task_leaves_its_thread_to_others():
    compat.leave_pool()  # does nothing outside of workers
    with small() as cluster, Client(cluster) as client:
        assert client.submit(waits_for_another).result(timeout=20) == 3


def test_an_actor_is_kept_by_its_future(client, nearby):
    actor = client.submit(Counter, actor=True).result()
    assert actor.count().result() == 1
    future = compat.future_of_actor(actor)
    assert future.key in {f.key for f in client.futures.values()} | set(client.futures)
    (worker,) = nearby.workers.values()
    future.release()
    until(lambda: not worker.state.actors)


def test_a_lost_actor_is_distinguished_from_other_errors():
    with small() as cluster, Client(cluster) as client:
        actor = client.submit(Counter, actor=True).result()
        with pytest.raises(RuntimeError) as other:
            actor.vanish().result()
        cluster.scale(0)
        until(lambda: not client.scheduler_info()["workers"])
        with pytest.raises(Exception) as lost:  # noqa: PT011, its type is tested below
            actor.count().result(timeout=5)
    assert compat.is_actor_loss(lost.value), repr(lost.value)
    assert not compat.is_actor_loss(other.value)


def test_values_that_workers_keep_become_futures(client, nearby):
    (worker,) = nearby.workers.values()

    async def keep():
        return keep_data(worker, {("one", 0): [1], ("one", 1): [2, 3]})

    sizes = nearby.sync(keep)
    futures = compat.adopt(client, dict.fromkeys(sizes, worker.address), sizes)
    assert client.gather(futures) == {("one", 0): [1], ("one", 1): [2, 3]}
    assert client.submit(sum, futures["one", 1]).result() == 5
    del futures
    until(lambda: ("one", 0) not in worker.data)


def test_the_scheduler_names_the_workers_with_actors(client, nearby):
    async def ask():
        return await compat.actor_holders(nearby.scheduler_comm)

    assert nearby.sync(ask) == set()
    future = client.submit(Counter, actor=True)
    future.result()
    assert nearby.sync(ask) == set(nearby.workers)
    future.release()
    until(lambda: nearby.sync(ask) == set())


def test_the_scheduler_knows_which_workers_were_killed_for_memory(client, nearby):
    assert compat.memory_kills(client, 5.0) == []
    nearby.scheduler.log_event("worker-restart-memory", {"worker": "tcp://1", "rss": 7})
    assert compat.memory_kills(client, 5.0) == [{"worker": "tcp://1", "rss": 7}]


def test_a_local_cluster_is_distinguished_from_an_address(client, nearby):
    assert compat.is_local(client)
    with Client(nearby.scheduler_address) as other:
        assert not compat.is_local(other)


def test_a_cluster_ignores_that_an_unknown_worker_goes():
    with small() as cluster:
        with pytest.raises(KeyError):
            cluster._update_worker_status("remove", "tcp://127.0.0.1:1")
        compat.tolerate_unknown_workers(cluster)
        cluster._update_worker_status("remove", "tcp://127.0.0.1:1")


def test_pages_of_workers_here_listen_on_the_loopback_interface():
    with small(worker_class=compat.LoopbackWorker) as cluster:
        (worker,) = cluster.workers.values()
        assert [s.getsockname()[0] for s in worker.http_server._sockets.values()] == ["127.0.0.1"]


class Stillborn(compat.PersistentNanny):
    """A nanny whose process dies while it starts."""

    async def start(self):
        raise RuntimeError("no licence")


def test_a_nanny_whose_process_dies_while_it_starts_raises_nothing(client, nearby, caplog):
    async def begin():
        nanny = await Stillborn(nearby.scheduler_address)
        await nanny.close()
        return nanny

    assert isinstance(nearby.sync(begin), Stillborn)
    assert "another is started: no licence" in caplog.text


def test_workers_that_are_gone_are_replaced():
    with small() as cluster:
        compat.replace_lost_workers(cluster, 20)
        (first,) = cluster.workers.values()
        cluster.sync(first.close)
        until(lambda: [w for w in cluster.workers.values() if w is not first and w.status.name == "running"])


def test_this_machine_has_an_address():
    assert compat.get_ip().count(".") == 3


def test_the_result_of_a_cancelled_future_raises(client):
    future = client.submit(time.sleep, 0.2, pure=False)
    future.cancel()
    with pytest.raises(compat.FutureCancelledError):
        future.result(timeout=5)


def test_waiting_for_workers_says_how_many_there_are(nearby):
    with pytest.raises(compat.WorkerStartTimeoutError) as waited:
        nearby.wait_for_workers(5, 0.1)
    assert waited.value.available_workers == 1
    assert isinstance(waited.value, TimeoutError)
