"""Prefect's command line as a process that lasts for weeks.

``python -m pylops_flows.server.long_running worker start --pool local`` starts a worker.

Such a process grows with each run: Python collects old garbage only once there is a lot of it, and the C library
keeps freed memory between blocks that are still in use. Relies on: ``prefect.cli.app`` runs a command of ``sys.argv``.
"""

from __future__ import annotations

import gc
import threading
import time

from pylops_distributed.compat.malloc import return_freed_memory

EVERY = 30.0  # seconds


def release_memory_periodically() -> None:
    """Return freed memory to the operating system every :data:`EVERY` seconds, for as long as the process lasts."""
    threading.Thread(target=_trim, daemon=True).start()


def _trim() -> None:
    while return_freed_memory():
        time.sleep(EVERY)
        gc.collect()


if __name__ == "__main__":
    from prefect.cli import app

    release_memory_periodically()
    app()
