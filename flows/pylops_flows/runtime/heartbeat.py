"""Signs of life of flow runs, by which a server finds the dead.

Prefect's own are not used: it ends them at a full second only, so each flow, and every stage is one, would end half a
second late.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context

from prefect.events import emit_event
from prefect.runtime import flow_run

SIGN = "prefect.flow-run.heartbeat"
PERIOD = 30.0


@contextmanager
def heartbeat(period: float = PERIOD) -> Iterator[None]:
    """Emit a sign of life of the current flow run at once and every ``period`` seconds, until the context ends.

    Parameters
    ----------
    period : float, optional
        Seconds between two signs.
    """
    resource = {"prefect.resource.id": f"prefect.flow-run.{flow_run.id}"}
    stop = threading.Event()

    def work() -> None:
        emit_event(SIGN, resource)
        while not stop.wait(period):
            emit_event(SIGN, resource)

    # In the flow's context the event gets what it is related to, such as the flow's name.
    thread = threading.Thread(target=copy_context().run, args=(work,), name="alive", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
