"""Preloaded by worker processes on this machine: signals are for the driver, which saves the state that they hold."""

from __future__ import annotations

import os
from typing import Any


def dask_setup(worker: Any) -> None:
    """Leave signals to a whole group, from a terminal or from Prefect, to the driver; Dask calls this in each worker.

    Workers end with their driver, however that ends.
    """
    if os.getsid(0) != os.getpid():
        os.setsid()
