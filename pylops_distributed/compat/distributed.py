"""Undocumented parts of Dask's distributed: clients, clusters, workers and actors.

Each function says on which behaviour it relies; ``tests/compat/test_distributed.py`` has one test for each, which
fails where a newer distributed behaves otherwise. What must not load distributed is in
:mod:`pylops_distributed.compat.worker`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Self, cast

from dask.typing import Key
from distributed import Actor, Client, Future, LocalCluster, Nanny, Scheduler, Status, Worker
from distributed.client import FutureCancelledError
from distributed.deploy import Cluster
from distributed.exceptions import WorkerStartTimeoutError
from distributed.protocol.pickle import dumps
from distributed.threadpoolexecutor import thread_state as pool_state
from distributed.utils import get_ip
from distributed.utils import thread_state as task_state
from distributed.worker import secede
from tornado.ioloop import PeriodicCallback

__all__ = [
    "Cluster",
    "FutureCancelledError",
    "LoopbackWorker",
    "PersistentNanny",
    "WorkerStartTimeoutError",
    "actor_holders",
    "adopt",
    "future_of_actor",
    "get_ip",
    "is_actor_loss",
    "is_local",
    "leave_pool",
    "memory_kills",
    "replace_lost_workers",
    "tolerate_unknown_workers",
]
log = logging.getLogger(__name__)

# get_ip() is the address of this machine in its network.
# Cluster is the base of all clusters of Dask's, of Kubernetes' and of queues' too.
# FutureCancelledError is raised for the result of a future that was cancelled, or whose scheduler is lost.
# WorkerStartTimeoutError, a TimeoutError, is raised by cluster.wait_for_workers(n, timeout); its available_workers says
# how many there are.

# -- tasks and actors ------------------------------------------------------------------------------------------


def leave_pool() -> None:
    """Have the worker start another thread for tasks, if this one runs a task: for one that waits for other tasks.

    Relies on: ``distributed.utils.thread_state.key`` is set in a thread that runs a task, and
    ``distributed.threadpoolexecutor.thread_state.proceed`` is true until that thread has left its pool.
    ``distributed.secede`` raises or does harm in any other thread.
    """
    if getattr(task_state, "key", None) and getattr(pool_state, "proceed", False):
        secede()


def future_of_actor(actor: Actor) -> Future[object]:
    """The future that keeps an actor on its worker.

    Relies on: ``actor._future``.
    """
    future: Future[object] = cast("Future[object]", actor._future)
    return future


def is_actor_loss(error: BaseException) -> bool:
    """Whether an error says that the worker of an actor is gone.

    Relies on: a call of such an actor raises RuntimeError with these words.
    """
    return isinstance(error, RuntimeError) and "Worker holding Actor was lost" in str(error)


def adopt(client: Client, holders: Mapping[Key, str], sizes: Mapping[Key, int]) -> dict[Key, Future[object]]:
    """Futures of values that workers keep already: one message to the scheduler, however many there are.

    Parameters
    ----------
    client : Client
        Client of the cluster.
    holders : mapping
        Address of the worker that keeps each value, by key.
    sizes : mapping
        Bytes of each.

    Relies on: the scheduler's remote procedure ``update_data`` learns of scattered data so; ``client.futures`` holds
    the state of each future of the client, which ``finish`` makes known as computed.
    """
    scheduler: Any = client.scheduler
    futures: Any = client.futures
    client.sync(
        scheduler.update_data,
        who_has={key: [worker] for key, worker in holders.items()},
        nbytes=dict(sizes),
        client=client.id,
    )
    adopted = {key: Future[Any](key, client) for key in holders}
    for key in adopted:
        futures[key].finish()
    return adopted


async def actor_holders(scheduler: Any) -> set[object]:
    """Names of the workers on which actors live.

    Relies on: the scheduler's remote procedure ``run_function`` runs a pickled function on it, which is given the
    scheduler as ``dask_scheduler``; ``scheduler.workers`` holds a state for each worker, with ``name`` and ``actors``.

    Parameters
    ----------
    scheduler : distributed.core.rpc
        ``scheduler`` of a cluster or of :class:`distributed.Adaptive`.
    """
    answer = await scheduler.run_function(function=dumps(_holders))
    names: set[Any] = answer["result"]
    return names


def _holders(dask_scheduler: Scheduler) -> set[object]:
    return {worker.name for worker in dask_scheduler.workers.values() if worker.actors}


def memory_kills(client: Client, timeout: float) -> list[dict[str, object]]:
    """Workers that their nannies killed since they held too much memory: ``worker`` (its address) and ``rss`` (bytes).

    Relies on: a nanny logs the event ``worker-restart-memory`` with the scheduler; ``client.scheduler.events`` asks for
    those of a topic. The public ``client.get_events`` has no timeout, and the scheduler may be lost, too.
    """
    scheduler: Any = client.scheduler
    events: Any = client.sync(scheduler.events, topic="worker-restart-memory", callback_timeout=timeout)
    return [event for _, event in events]


# -- clusters --------------------------------------------------------------------------------------------------


def is_local(client: Client) -> bool:
    """Whether the workers of a client are on this machine and were started here.

    Relies on: ``client.cluster`` is the cluster that the client was made with.
    """
    return isinstance(client.cluster, LocalCluster)


def tolerate_unknown_workers(cluster: Any) -> None:
    """Have a cluster ignore that a worker goes which it has not noted yet.

    One that is killed just as it comes may: the error would be raised when the cluster closes, which then does not.

    Relies on: a cluster notes workers by ``cluster._update_worker_status(op, worker)``, looked up when called,
    which raises KeyError there.
    """
    cluster._update_worker_status = partial(_ignore_unknown, cluster._update_worker_status)


def _ignore_unknown(note: Callable[[str, object], None], op: str, worker: object) -> None:
    with suppress(KeyError):
        note(op, worker)


class LoopbackWorker(Worker):
    """A worker in this process whose pages only this machine can reach: Dask offers no option for their host.

    Relies on: a worker serves its pages by ``start_http_server(routes, dashboard_address, ...)``.
    """

    def start_http_server(
        self, routes: object, dashboard_address: str | None, *args: object, **options: object
    ) -> None:
        """Serve pages, on the loopback interface unless another address is set."""
        super().start_http_server(routes, dashboard_address or "127.0.0.1:0", *args, **options)


class PersistentNanny(Nanny):
    """A nanny that does not take its cluster down if its process dies while it starts.

    Relies on: a cluster awaits a nanny to start it, and raises what that raises; ``start`` starts its process, and
    raises RuntimeError or TimeoutError where that dies.
    """

    def __await__(self) -> Generator[object, None, Self]:
        return self._try_start().__await__()

    async def _try_start(self) -> Self:
        try:
            await self.start()
        except (RuntimeError, TimeoutError) as error:
            log.warning("a worker did not start, another is started: %s", error.__cause__ or error)
        return self


def replace_lost_workers(cluster: LocalCluster, milliseconds: float) -> None:
    """Have a cluster start others for workers that are gone for good; looks for them once in a while.

    Dask starts a worker anew that dies, but not one that dies while it starts, or is slow to: what waits for the last
    of them would wait for ever.

    Relies on: ``cluster.workers`` holds the nannies by name, and ``cluster.scale`` starts those that are missing in it;
    ``cluster.periodic_callbacks`` are stopped when the cluster closes; ``cluster.loop`` runs callbacks on its thread.
    """

    def look() -> None:
        for name, worker in list(cluster.workers.items()):
            if worker.status in (Status.closed, Status.failed):
                del cluster.workers[name]
        if cluster.status is Status.running and len(cluster.workers) < len(cluster.worker_spec):
            cluster.scale(len(cluster.worker_spec))

    async def begin() -> None:
        cluster.periodic_callbacks["replace"] = PeriodicCallback(look, milliseconds)
        cluster.periodic_callbacks["replace"].start()

    loop: Any = cluster.loop
    loop.add_callback(begin)
