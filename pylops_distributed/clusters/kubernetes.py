"""Pods of a Kubernetes cluster."""

from __future__ import annotations

from typing import Any

from pylops_distributed.clusters import need


def cluster(
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    **options: Any,
) -> Any:
    """A scheduler and workers in pods, by :class:`dask_kubernetes.operator.KubeCluster`.

    The Dask operator must be installed in the cluster.

    Parameters
    ----------
    n_workers : int, optional
        Number of worker pods; default one. More can be asked for with ``client.cluster.scale``.
    threads_per_worker : int, optional
        Threads of each worker; default one.
    processes : bool, optional
        Must be True: workers on other machines are always processes.
    **options
        Passed to :class:`dask_kubernetes.operator.KubeCluster`, such as ``name``, ``image`` (one in which
        this library is installed), ``namespace`` or ``resources``.
    """
    kubernetes = need("dask_kubernetes.operator", "kubernetes", processes)
    command = ["dask", "worker", "--nthreads", str(threads_per_worker or 1)]
    return kubernetes.KubeCluster(n_workers=n_workers or 1, worker_command=command, **options)
