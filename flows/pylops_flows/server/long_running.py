"""Prefect's command line as a process that lasts for weeks.

``python -m pylops_flows.server.long_running worker start --pool local`` starts a worker.

With each run such a process holds more: Python collects old garbage only once there is a lot of it, and the C library
keeps what is freed between what is still in use.
"""

from __future__ import annotations

import gc
import threading
import time

from pylops_distributed.compat.malloc import return_freed_memory

EVERY = 30.0  # seconds


def give_back() -> None:
    """Have this process give back to the system what it no longer uses, now and then for as long as it lasts."""
    threading.Thread(target=_trim, daemon=True).start()


def _trim() -> None:
    while return_freed_memory():
        time.sleep(EVERY)
        gc.collect()


if __name__ == "__main__":
    from prefect.cli import app

    give_back()
    app()
