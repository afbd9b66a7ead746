"""How a traced step is run: in this process, on a cluster, or plainly by Dask's scheduler."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

import dask

from pylops_distributed import tuning
from pylops_distributed.compat.dask import (
    CPU_COUNT,
    computes_in_one_thread,
    computes_in_threads,
    current_client,
)
from pylops_distributed.errors import ComputedTooEarlyError, NoWorkerError, WorkerLostError
from pylops_distributed.execution.engine import Done, Engine, S, SchedulerEngine, Step, ThreadedEngine
from pylops_distributed.execution.numpy_engine import NumPyEngine
from pylops_distributed.execution.state import is_numpy
from pylops_distributed.execution.stepwise import Stepwise
from pylops_distributed.execution.tracing import trace_from, trace_step, unroll
from pylops_distributed.registry import Registry

if TYPE_CHECKING:
    from distributed import Client

    from pylops_distributed.execution.tracing import StepTemplate

__all__ = ["Engine", "await_workers", "replay", "trace_step", "unroll"]
log = logging.getLogger(__name__)
# What loads Dask's distributed: only where a client has loaded it already.
ON_CLUSTERS: Registry[Any] = Registry(
    {
        "engine": "pylops_distributed.execution.cluster_engine:ActorEngine",
        "describe_worker_loss": "pylops_distributed.execution.worker_loss:describe_worker_loss",
        "is_local": "pylops_distributed.compat.distributed:is_local",
        "leave_pool": "pylops_distributed.compat.distributed:leave_pool",
    }
)


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
        In this thread, without a graph, where the state is made of NumPy arrays; on the workers of the current
        :class:`distributed.Client`; in this process with Dask's threads or its synchronous scheduler; step by step
        with any other scheduler.
    """
    if is_numpy(state):
        return NumPyEngine(step, state, done)
    try:
        template, state = trace_from(step, state)
    except ComputedTooEarlyError as error:
        log.warning("%s: each step is a separate graph instead, which takes longer", error)
        return Stepwise(step, state, done)
    template.check()
    if computes_in_threads():
        threads = dask.config.get("num_workers", None) or CPU_COUNT
        return ThreadedEngine(template, state, done, threads)
    if computes_in_one_thread():
        return ThreadedEngine(template, state, done, 1)
    client = await_workers()
    if client is not None and _open(client):
        return _on_workers(template, state, done, client)
    if client is not None:
        _say_slower()
    return SchedulerEngine(template, state, done)


def _on_workers(template: StepTemplate, state: S, done: Done[S], client: Client) -> Engine[S]:
    """Parts on a client's workers; made once more if one of these was lost before the first step, with nothing in it.

    After a worker is killed, Dask may know it as there for a moment, and a session that begins then meets it.
    """
    engine: Engine[S]
    try:
        engine = ON_CLUSTERS["engine"](template, state, done, client)
    except WorkerLostError as error:
        if "memory" in str(error) or client.status != "running":
            raise
        log.warning("a worker was lost while a solve began: it begins once more, on the workers that remain")
        await_workers()
        engine = ON_CLUSTERS["engine"](template, state, done, client)
    return engine


def await_workers() -> Client | None:
    """The client whose workers Dask computes on, once there is one; None if it computes without.

    Raises
    ------
    NoWorkerError
        If this machine's cluster has none for a minute: Dask would wait for ever.
    """
    client = current_client()
    if client is None:
        return None
    ON_CLUSTERS["leave_pool"]()  # the parts of a solve need this thread of a worker, if it is one, to begin
    # Jobs may be in a queue for long; this machine starts its workers in seconds, or, at times, never again.
    here = ON_CLUSTERS["is_local"](client)
    most = tuning.seconds("execution.local-worker-timeout")
    try:
        client.wait_for_workers(1, timeout=most if here else None)
    except TimeoutError as error:
        raise NoWorkerError(
            f"no worker is left, and for {most:.0f} s none came"
            f"{ON_CLUSTERS['describe_worker_loss'](client, {})}: resume from the newest checkpoint"
        ) from error
    return client


@cache
def _say_slower() -> None:
    log.warning(
        "the workers' connections are encrypted: solves go step by step through Dask's scheduler, with the same "
        "numbers but slower, since the direct links between workers are not encrypted"
    )


def _open(client: Client) -> bool:
    """Whether a client's workers talk in the clear: our links are not encrypted, so would be less safe than TLS."""
    info = client.scheduler_info(n_workers=-1)["workers"]
    return all(address.startswith(("tcp://", "inproc://")) for address in info)
