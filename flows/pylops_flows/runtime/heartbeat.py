"""Heartbeats of flow runs, by which a server finds those whose process is gone.

Prefect's own are not used: its thread ends at a full second only, so each flow, and every stage is one, would end half
a second late. Relies on: they are off where ``PREFECT_FLOWS`` sets no frequency, and an event that is emitted in the
context of a flow run has the flow among its related resources.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context

from prefect.events import emit_event
from prefect.runtime import flow_run

from pylops_distributed import tuning
from pylops_flows.events import HEARTBEAT
from pylops_flows.runtime.server_outages import wait_for_server


@contextmanager
def heartbeat(period: float | None = None) -> Iterator[None]:
    """Emit a heartbeat of the current flow run at once and every ``period`` seconds, until the context ends.

    A run that has begun is also not ended by a server that is away, see :func:`wait_for_server`.

    Parameters
    ----------
    period : float, optional
        Seconds between two heartbeats; default as tuned.
    """
    wait_for_server()
    resource = {"prefect.resource.id": f"prefect.flow-run.{flow_run.id}"}
    stop = threading.Event()
    every = tuning.seconds("pipelines.heartbeat") if period is None else period

    def emit_periodically() -> None:
        emit_event(HEARTBEAT, resource)
        while not stop.wait(every):
            emit_event(HEARTBEAT, resource)

    # In the flow's context, Prefect adds related resources to the event, such as the flow's name.
    thread = threading.Thread(
        target=copy_context().run, args=(emit_periodically,), name="heartbeat", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
