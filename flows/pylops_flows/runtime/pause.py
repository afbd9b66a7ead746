"""Finding who works on a run, and having it stop or go on."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.flow_runs import resume_flow_run, suspend_flow_run
from prefect.settings import PREFECT_API_URL, temporary_settings

from pylops_distributed.storage.run import Run
from pylops_flows.server.embedded import reach

YEAR = 365 * 86400
WAIT = 60.0  # seconds for the last checkpoint


def pause(run: Run) -> int | None:
    """Have whoever works on a run save its state and end; gives the iteration that was saved.

    A run of a deployment is suspended in Prefect, where it can be resumed, too; another gets SIGTERM.

    Parameters
    ----------
    run : Run
        A run.

    Raises
    ------
    ValueError
        If nobody works on it, or only a process on another machine that Prefect knows nothing of.
    TimeoutError
        If it did not end.
    """
    owner = run.status().owner
    if owner is None or not owner.alive:
        raise ValueError(f"nobody is working on {run.storage.url}: there is nothing to pause")
    if not _suspend(run):
        if owner.host != socket.gethostname():
            raise ValueError(f"process {owner.pid} on {owner.host} works on {run.storage.url}: stop it there")
        os.kill(owner.pid, signal.SIGTERM)
    end = time.monotonic() + WAIT
    while (status := run.status()).owner is not None and status.owner.alive:
        if time.monotonic() > end:
            raise TimeoutError(
                f"{run.storage.url} was still being worked on {WAIT:.0f} s after it was asked to stop"
            )
        time.sleep(0.5)
    return status.iteration


def resume(run: Run) -> UUID | None:
    """Resume the suspended flow run of a run, if there is one, so that a worker goes on with it.

    Parameters
    ----------
    run : Run
        A run.

    Returns
    -------
    UUID or None
        The flow run.
    """
    with _server() as there:
        for one in _flow_runs(run, StateType.PAUSED) if there else []:
            resume_flow_run(one.id)
            return one.id
    return None


def _suspend(run: Run) -> bool:
    """Suspend the flow runs of deployments that work on a run; whether there are any."""
    with _server() as there:
        running = _flow_runs(run, StateType.RUNNING) if there else []
        found = [one for one in running if one.deployment_id is not None]
        for one in found:
            suspend_flow_run(flow_run_id=one.id, timeout=YEAR)
    return bool(found)


@contextmanager
def _server() -> Iterator[bool]:
    """Whether there is a Prefect server, which is asked in this context, and only there."""
    url = reach()
    with temporary_settings({PREFECT_API_URL: url} if url else None):
        yield url is not None


def _flow_runs(run: Run, state: StateType) -> list[FlowRun]:
    """Flow runs of a run, by the tag that :class:`~pylops_flows.runtime.monitor.Monitor` sets."""
    name = run.storage.url.rsplit("/", 1)[-1]
    wanted = FlowRunFilter.model_validate({"tags": {"all_": [name]}, "state": {"type": {"any_": [state]}}})
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(flow_run_filter=wanted)
