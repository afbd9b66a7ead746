"""A cluster that starts while the Prefect server does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from distributed import Client

from pylops_distributed.clusters.client import dask
from pylops_flows.settings.pipeline import ClusterConfig

_begun: list[tuple[ClusterConfig, Future[Client]]] = []


@contextmanager
def prestarted_cluster(cluster: ClusterConfig) -> Iterator[None]:
    """Begin to start a cluster, for :func:`started` to take; closes one that nobody took."""
    with ThreadPoolExecutor(1) as pool:
        one = cluster, pool.submit(_start, cluster)
        _begun.append(one)
        try:
            yield
        finally:
            if one in _begun:
                _begun.remove(one)
                if one[1].exception() is None:
                    one[1].result().close()


def started(cluster: ClusterConfig) -> Client:
    """A client of a cluster: the one that was begun with the same settings, or of a new one."""
    for one in _begun:
        if one[0] == cluster:
            client = one[1].result()
            _begun.remove(one)
            return client
    return _start(cluster)


def _start(cluster: ClusterConfig) -> Client:
    return dask(cluster.hardware, **cluster.filled)
