"""Find the process that works on a run, and pause or resume it."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.flow_runs import resume_flow_run as resume_in_prefect
from prefect.flow_runs import suspend_flow_run
from prefect.settings import PREFECT_API_URL, temporary_settings

from pylops_distributed import tuning
from pylops_flows.server.embedded import find_server

if TYPE_CHECKING:
    from pylops_distributed.storage.run import Run


def pause_run(run: Run) -> int | None:
    """Have the process that works on a run save its state and end; return the iteration that was saved.

    A run of a deployment is suspended in Prefect, where it can be resumed, too; another process gets SIGTERM.

    Parameters
    ----------
    run : Run
        A run.

    Raises
    ------
    ValueError
        If no process works on it, or one on another machine that Prefect does not know.
    TimeoutError
        If it did not end.
    """
    owner = run.status().owner
    if owner is None or not owner.alive:
        raise ValueError(f"no process is working on {run.storage.place}: there is nothing to pause")
    if not _suspend(run):
        if owner.host != socket.gethostname():
            raise ValueError(
                f"process {owner.pid} on {owner.host} is working on {run.storage.place}: stop it on that machine"
            )
        os.kill(owner.pid, signal.SIGTERM)
    most = tuning.seconds("pipelines.pause-timeout")
    end = time.monotonic() + most
    while (status := run.status()).owner is not None and status.owner.alive:
        if time.monotonic() > end:
            raise TimeoutError(f"process {owner.pid} still works on {run.storage.place} after {most:.0f} s")
        time.sleep(0.5)
    return status.iteration


def resume_flow_run(run: Run) -> UUID | None:
    """Resume the suspended flow run of a run, if there is one, so that a worker continues it.

    Parameters
    ----------
    run : Run
        A run.

    Returns
    -------
    UUID or None
        The flow run.
    """
    with _server_in_use() as available:
        for suspended in _flow_runs(run, StateType.PAUSED) if available else []:
            resume_in_prefect(suspended.id)
            return suspended.id
    return None


def _suspend(run: Run) -> bool:
    """Suspend the flow runs of deployments that work on a run; return whether there are any."""
    with _server_in_use() as available:
        running = _flow_runs(run, StateType.RUNNING) if available else []
        deployed = [flow_run for flow_run in running if flow_run.deployment_id is not None]
        for flow_run in deployed:
            suspend_flow_run(flow_run_id=flow_run.id, timeout=int(tuning.seconds("pipelines.suspension")))
    return bool(deployed)


@contextmanager
def _server_in_use() -> Iterator[bool]:
    """Use a Prefect server in this context, and only there; yields whether there is one."""
    url = find_server()
    with temporary_settings({PREFECT_API_URL: url} if url else None):
        yield url is not None


def _flow_runs(run: Run, state: StateType) -> list[FlowRun]:
    """Return the flow runs in a state that work on a run.

    They have its name as a tag, from :class:`~pylops_flows.runtime.monitor.Monitor`.
    """
    name = run.storage.url.rsplit("/", 1)[-1]
    same_run = FlowRunFilter.model_validate({"tags": {"all_": [name]}, "state": {"type": {"any_": [state]}}})
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(flow_run_filter=same_run)
