"""How a traced step is run: in this process, on a cluster, or plainly by Dask's scheduler."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

import dask
import dask.array as da
from dask.base import get_scheduler
from dask.system import CPU_COUNT

from pylops_distributed.errors import ComputedTooEarlyError
from pylops_distributed.execution.engine import Done, Engine, S, SchedulerEngine, Step, ThreadedEngine
from pylops_distributed.execution.stepwise import Stepwise
from pylops_distributed.execution.tracing import trace, unroll
from pylops_distributed.graph.purity import check_generators, check_repeatable

__all__ = ["Engine", "await_workers", "replay", "trace", "unroll"]
log = logging.getLogger(__name__)
HERE = 60.0  # seconds to wait for a worker on this machine


def replay(step: Step[S], state: S, done: Done[S]) -> Engine[S]:
    """Make ready to take many steps, where Dask computes at the moment of the call.

    Parameters
    ----------
    step : callable
        Pure and lazy function from one state to the next.
    state : State
        Lazy or computed state to begin with.
    done : callable
        Given a state whose vectors are left out, a reason to stop, or None to continue.

    Returns
    -------
    Replay
        On the workers of the current :class:`distributed.Client`; in this process with Dask's threads or its
        synchronous scheduler; step by step with any other scheduler.
    """
    get = get_scheduler(cls=da.Array)
    try:
        template = trace(step, state)
    except ComputedTooEarlyError as error:
        log.warning("%s: each step is a separate graph instead, which takes longer", error)
        return Stepwise(step, state, done)
    if foreign := template.foreign():
        check_generators(foreign)
        check_repeatable(template.applied)
    if get is dask.threaded.get:
        threads = dask.config.get("num_workers", None) or CPU_COUNT
        return ThreadedEngine(template, state, done, threads)
    if get is dask.local.get_sync:
        return ThreadedEngine(template, state, done, 1)
    client = await_workers()
    if client is not None and _open(client):
        from pylops_distributed.execution.actors import ActorEngine  # loads Dask's distributed

        return ActorEngine(template, state, done, client)
    if client is not None:
        _say_slower()
    return SchedulerEngine(template, state, done)


def await_workers() -> Any:
    """The client whose workers Dask computes on, once there is one; None if it computes without.

    Raises
    ------
    NoWorkerError
        If this machine's cluster has none for a minute: Dask would wait for ever.
    """
    client: Any = getattr(get_scheduler(cls=da.Array), "__self__", None)
    if client is None:
        return None
    _leave_pool()
    # Jobs may be in a queue for long; this machine starts its workers in seconds, or, at times, never again.
    here = type(client.cluster).__name__ == "LocalCluster"
    try:
        client.wait_for_workers(1, timeout=HERE if here else None)
    except TimeoutError as error:
        from pylops_distributed.errors import NoWorkerError
        from pylops_distributed.execution.actors import describe_worker_loss

        raise NoWorkerError(
            f"no worker is left, and for {HERE:.0f} s none came"
            f"{describe_worker_loss(client, {})}: resume from the newest checkpoint"
        ) from error
    return client


def _leave_pool() -> None:
    """Give a worker's thread back, if this one runs a Dask task: the parts of a solve need it to begin."""
    from distributed.threadpoolexecutor import thread_state as pool
    from distributed.utils import thread_state as task
    from distributed.worker import secede

    # Two states of one thread: which task it runs, and whether it still is one of the threads of its pool.
    if getattr(task, "key", None) and getattr(pool, "proceed", False):
        secede()


@cache
def _say_slower() -> None:
    log.warning(
        "the workers' connections are encrypted: solves go step by step through Dask's scheduler, with the same "
        "numbers but slower, since the direct links between workers are not encrypted"
    )


def _open(client: Any) -> bool:
    """Whether a client's workers talk in the clear: our links are not encrypted, so would be less safe than TLS."""
    info = client.scheduler_info(n_workers=-1)["workers"]
    return all(address.startswith(("tcp://", "inproc://")) for address in info)
