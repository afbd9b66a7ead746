"""Pods of a Kubernetes cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pylops_distributed.clusters.options import ClusterKind, check_options, check_security, need

if TYPE_CHECKING:
    from pylops_distributed.compat.distributed import Cluster

PACKAGE = "dask_kubernetes.operator"


def check_kubernetes(*, processes: bool = True, security: object = None, **options: object) -> None:
    """Raise for options that :func:`start_kubernetes` cannot take."""
    check_options("kubernetes", options, need(PACKAGE, "kubernetes", processes).KubeCluster)
    check_security("kubernetes", security)
    if security is not False:
        raise ValueError(
            "hardware='kubernetes' cannot encrypt: Dask's operator has no TLS, and whoever reaches the pods' ports "
            "runs code in them. Let a NetworkPolicy keep others out, and say so with the option security=False"
        )


def manifest(n_workers: int | None, threads_per_worker: int | None, **options: object) -> dict[str, object]:
    """The resource ``DaskCluster`` that is handed to the operator.

    Parameters
    ----------
    n_workers, threads_per_worker : int, optional
        Number of worker pods and of threads of each; default one.
    **options
        Passed to :func:`dask_kubernetes.operator.make_cluster_spec`: ``name``, ``image``, ``resources``, ``env``.
    """
    command = ["dask", "worker", "--nthreads", str(threads_per_worker or 1)]
    spec: dict[str, Any] = need(PACKAGE, "kubernetes").make_cluster_spec(
        n_workers=1 if n_workers is None else n_workers, worker_command=command, **options
    )
    return spec


def start_kubernetes(
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    *,
    adapt: Mapping[str, object] | None = None,
    security: object = None,
    name: str = "pylops-distributed",
    **options: object,
) -> Cluster:
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
    adapt : dict, optional
        ``minimum`` and ``maximum`` of the number of pods. The operator counts the tasks that wait, of which a solve
        has none: what it works on is the minimum.
    security : bool
        Must be False, which says that you know that connections between pods are not encrypted.
    name : str, optional
        Name of the cluster's resources.
    **options
        Passed to :class:`dask_kubernetes.operator.KubeCluster`, such as ``image`` (one in which this library is
        installed), ``namespace``, ``env`` or ``resources``.
    """
    check_kubernetes(processes=processes, security=security)
    form = need(PACKAGE, "kubernetes", processes).KubeCluster
    shape = {key: options.pop(key) for key in ("image", "resources", "env", "idle_timeout") if key in options}
    spec = manifest(n_workers, threads_per_worker, name=name, **shape)
    pods = form(custom_cluster_spec=spec, **options)
    if adapt is not None:
        pods.adapt(**{"minimum": 1, **adapt})
    cluster: Cluster = pods
    return cluster


KUBERNETES = ClusterKind(start_kubernetes, check_kubernetes)
