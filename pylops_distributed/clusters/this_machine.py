"""This machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from dask.utils import format_bytes
from distributed import LocalCluster, Nanny, Worker

from pylops_distributed import tuning
from pylops_distributed.clusters.adaptive import adapted
from pylops_distributed.clusters.options import ClusterKind, check_options, check_security
from pylops_distributed.compat.dask import CPU_COUNT
from pylops_distributed.compat.distributed import (
    LoopbackWorker,
    PersistentNanny,
    WorkerStartTimeoutError,
    replace_lost_workers,
)

PRELOAD = str(Path(__file__).parent / "pylops_distributed_preload.py")


def check_single(*, security: object = None, **options: Any) -> None:
    """Raise for options that :func:`start_single` cannot take."""
    check_security("single", security)
    check_options("single", options, LocalCluster, Nanny, Worker)
    wanted = (options.get("adapt") or {}).get("maximum") or options.get("n_workers") or 0
    room = psutil.virtual_memory().total // tuning.nbytes("clusters.idle-worker-memory")
    # More take each other's time, and may take the machine down as they start.
    fit = max(tuning.count("clusters.least-workers"), tuning.count("clusters.workers-per-core") * CPU_COUNT)
    most = max(1, min(fit, room))
    if options.get("processes", True) and wanted > most:
        raise ValueError(
            f"{wanted} worker processes are too many for this machine of {CPU_COUNT} cores and "
            f"{format_bytes(psutil.virtual_memory().total)}: expected at most {most}; set n_workers (or adapt.maximum) "
            "to that, and threads_per_worker for more than one task at a time in each"
        )


def start_single(
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    *,
    adapt: Mapping[str, object] | None = None,
    **options: object,
) -> LocalCluster:
    """Workers on this machine, as many as it has cores.

    Worker processes run BLAS with one thread, by Dask's own default: cores are used by tasks. Everything listens on
    127.0.0.1 unless ``host``, ``interface`` or an address is set.

    Parameters
    ----------
    n_workers, threads_per_worker : int, optional
        Number of workers and of threads of each; by default as Dask divides the cores.
    processes : bool, optional
        Workers are processes, and not threads of this one.
    adapt : dict, optional
        ``minimum`` and ``maximum`` of the number of workers, which then goes with what there is to do.
    **options
        Passed to :class:`distributed.LocalCluster`; ``security=True`` encrypts what stays on this machine, too.

    Raises
    ------
    WorkerStartTimeoutError
        If no worker could be started; the log says why.
    """
    # Any free port: without an address, too, a cluster wants 8787, which one before it may have.
    options.setdefault("dashboard_address", "127.0.0.1:0")
    if processes:
        if not options.keys() & {"host", "interface"}:  # Dask takes one of them
            options["host"] = "127.0.0.1"
        # Dask hands this on to each worker; see there.
        options.setdefault("preload", [PRELOAD])
        options.setdefault("worker_class", PersistentNanny)
    else:
        options.setdefault("worker_class", LoopbackWorker)
    options |= {"n_workers": n_workers, "threads_per_worker": threads_per_worker, "processes": processes}
    options["security"] = options.get("security") or None  # for Dask, False is no value
    local = LocalCluster(**options)
    replace_lost_workers(local, 1000 * tuning.seconds("clusters.worker-check-interval"))
    _wait(local)
    adapted(local, adapt)
    return local


def _wait(cluster: LocalCluster) -> None:
    """Wait until all workers have started, or for a minute if at least one has."""
    if wanted := len(cluster.worker_spec):
        try:
            cluster.wait_for_workers(wanted, tuning.seconds("clusters.start-timeout"))
        except WorkerStartTimeoutError as error:
            if not error.available_workers:
                cluster.close()
                raise


SINGLE = ClusterKind(start_single, check_single)
