"""This machine."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Self

import psutil
from dask.system import CPU_COUNT
from dask.utils import format_bytes
from distributed import LocalCluster, Nanny, Status, Worker
from distributed.exceptions import WorkerStartTimeoutError
from tornado.ioloop import PeriodicCallback

from pylops_distributed.clusters.adaptive import adapted
from pylops_distributed.clusters.options import check_options, check_security

log = logging.getLogger(__name__)

PRELOAD = str(Path(__file__).parent / "pylops_distributed_preload.py")
LOOK = 2000  # milliseconds between two looks for workers that are gone
# Worker processes on this machine: more take each other's time, and may take the machine down as they start.
PER_CORE, LEAST = 4, 8
WORKER = 250_000_000  # bytes that one has before it does anything
PATIENCE = 60.0  # seconds for the others of workers that died while they started


def check(*, security: Any = None, **options: Any) -> None:
    """Raise for options that :func:`cluster` cannot take."""
    check_security("single", security)
    check_options("single", options, LocalCluster, Nanny, Worker)
    wanted = (options.get("adapt") or {}).get("maximum") or options.get("n_workers") or 0
    room = psutil.virtual_memory().total // WORKER
    most = max(1, min(max(LEAST, PER_CORE * CPU_COUNT), room))
    if options.get("processes", True) and wanted > most:
        raise ValueError(
            f"{wanted} worker processes are too many for this machine of {CPU_COUNT} cores and "
            f"{format_bytes(psutil.virtual_memory().total)}: expected at most {most}; set n_workers (or adapt.maximum) "
            "to that, and threads_per_worker for more than one task at a time in each"
        )


def cluster(
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    *,
    adapt: Mapping[str, Any] | None = None,
    **options: Any,
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
        options.setdefault("worker_class", Replaceable)
    else:
        options.setdefault("worker_class", Loopback)
    options |= {"n_workers": n_workers, "threads_per_worker": threads_per_worker, "processes": processes}
    options["security"] = options.get("security") or None  # for Dask, False is no value
    local = LocalCluster(**options)
    local.loop.add_callback(_replace, local)
    _wait(local)
    return adapted(local, adapt)


class Loopback(Worker):  # type: ignore[misc]
    """A worker in this process whose pages only this machine can reach: Dask offers no option for their host."""

    def start_http_server(self, routes: Any, dashboard_address: Any, *args: Any, **options: Any) -> None:
        """Serve pages, on the loopback interface unless another address is set."""
        super().start_http_server(routes, dashboard_address or "127.0.0.1:0", *args, **options)


class Replaceable(Nanny):  # type: ignore[misc]
    """A worker process that does not take its cluster down if it dies while it starts: another is started then."""

    def __await__(self) -> Generator[Any, Any, Self]:
        return self._begun().__await__()

    async def _begun(self) -> Self:
        try:
            await self.start()
        except (RuntimeError, TimeoutError) as error:
            log.warning("a worker did not start, another is started: %s", error.__cause__ or error)
        return self


def _wait(cluster: LocalCluster) -> None:
    """Wait until all workers have started, or for a minute if at least one has."""
    if wanted := len(cluster.worker_spec):
        try:
            cluster.wait_for_workers(wanted, PATIENCE)
        except WorkerStartTimeoutError as error:
            if not error.available_workers:
                cluster.close()
                raise


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
