"""This machine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from distributed import LocalCluster, Nanny, Status, Worker
from tornado.ioloop import PeriodicCallback

from pylops_distributed.clusters import check_options
from pylops_distributed.utils.adaptive import adapted

TRIES = 5
PRELOAD = str(Path(__file__).parents[1] / "utils" / "pylops_distributed_preload.py")
LOOK = 2000  # milliseconds between two looks for workers that are gone


def check(**options: Any) -> None:
    """Refuse what :func:`cluster` cannot take."""
    check_options("single", options, LocalCluster, Nanny, Worker)


def cluster(
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    *,
    adapt: Mapping[str, Any] | None = None,
    **options: Any,
) -> LocalCluster:
    """Workers on this machine, as many as it has cores.

    Worker processes run BLAS with one thread, by Dask's own default: cores are used by tasks.

    Parameters
    ----------
    n_workers, threads_per_worker : int, optional
        Number of workers and of threads of each; by default as Dask divides the cores.
    processes : bool, optional
        Workers are processes, and not threads of this one.
    adapt : dict, optional
        ``minimum`` and ``maximum`` of the number of workers, which then goes with what there is to do.
    **options
        Passed to :class:`distributed.LocalCluster`.
    """
    # Any free port: without an address, too, a cluster wants 8787, which one before it may have.
    options.setdefault("dashboard_address", "127.0.0.1:0")
    if processes:
        options.setdefault("host", "127.0.0.1")
        # Dask hands this on to each worker; see there.
        options.setdefault("preload", [PRELOAD])
    options |= {"n_workers": n_workers, "threads_per_worker": threads_per_worker, "processes": processes}
    found = _started(options)
    found.loop.add_callback(_replace, found)
    return adapted(found, adapt)


def _started(options: dict[str, Any]) -> LocalCluster:
    """A cluster; a worker that dies while it starts takes the whole down, which is then started anew."""
    for _ in range(TRIES - 1):
        with suppress(RuntimeError):
            return LocalCluster(**options)
    return LocalCluster(**options)


async def _replace(cluster: LocalCluster) -> None:
    """Have workers replaced that are gone for good.

    Dask starts a worker anew that dies, but not one that dies while it starts, or is slow to: what waits for the last
    of them would wait for ever.
    """

    def look() -> None:
        for name, worker in list(cluster.workers.items()):
            if worker.status in (Status.closed, Status.failed):
                del cluster.workers[name]
        if cluster.status is Status.running and len(cluster.workers) < len(cluster.worker_spec):
            cluster.scale(len(cluster.worker_spec))

    cluster.periodic_callbacks["replace"] = PeriodicCallback(look, LOOK)
    cluster.periodic_callbacks["replace"].start()
