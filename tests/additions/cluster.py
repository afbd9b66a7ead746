"""Threads of this process."""

from __future__ import annotations

from typing import Any

from distributed import LocalCluster

from pylops_distributed.clusters.options import ClusterKind, check_options


def check_threads(**options: Any) -> None:
    """Raise for options that :func:`start_threads` cannot take."""
    check_options("threads", options, LocalCluster)


def start_threads(
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    **options: Any,
) -> LocalCluster:
    """Workers that are threads of this process."""
    options.setdefault("dashboard_address", "127.0.0.1:0")
    return LocalCluster(
        n_workers=n_workers, threads_per_worker=threads_per_worker, processes=False, **options
    )


THREADS = ClusterKind(start_threads, check_threads)
