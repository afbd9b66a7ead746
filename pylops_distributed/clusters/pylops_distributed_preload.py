"""Read by worker processes on this machine as they start; by its path, so that nothing is imported before it.

Dask makes it a module of its last name alone, which must be nobody else's.
"""

from __future__ import annotations

import gc
import logging
import os
from importlib import import_module

# Imported objects are never garbage: not to look for any is a sixth of the time, and spares later searches, too.
gc.disable()
# Names are loaded when they are asked for: by workers now, before the first task asks.
os.environ["EAGER_IMPORT"] = "1"
import_module("pylops_distributed")
import_module("pylops_distributed.execution.cluster_engine")
never_pause = import_module("pylops_distributed.compat.worker").never_pause
del os.environ["EAGER_IMPORT"]

gc.freeze()
gc.enable()
# The driver reports that a worker was lost; its peers need not repeat that for each block.
logging.getLogger("distributed.worker").addFilter(
    lambda record: not any(error in record.getMessage() for error in ("WorkerLostError(", "AbandonedError("))
)


def dask_setup(worker: object) -> None:
    """Leave signals to a whole group, from a terminal or from Prefect, to the driver; Dask calls this in each worker.

    It is the driver that saves the state that workers hold, and they end with it, however that ends. They are not
    paused for much memory either: what they hold of a state does not go by waiting, and could not be saved meanwhile.
    """
    never_pause(worker)
    if os.getsid(0) != os.getpid():
        os.setsid()
