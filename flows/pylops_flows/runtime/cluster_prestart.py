"""A cluster that starts while the Prefect server does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from distributed import Client

from pylops_distributed.clusters.client import dask
from pylops_flows.settings.pipeline import ClusterConfig


@dataclass(frozen=True)
class StartingCluster:
    """A cluster that is being started, by its settings."""

    settings: ClusterConfig
    client: Future[Client]


_starting: list[StartingCluster] = []


@contextmanager
def prestarted_cluster(settings: ClusterConfig) -> Iterator[None]:
    """Begin to start a cluster, for :func:`take_cluster`; close it at the end of the context if it was not taken."""
    with ThreadPoolExecutor(1) as pool:
        cluster = StartingCluster(settings, pool.submit(_start, settings))
        _starting.append(cluster)
        try:
            yield
        finally:
            if cluster in _starting:
                _starting.remove(cluster)
                if cluster.client.exception() is None:
                    cluster.client.result().close()


def take_cluster(settings: ClusterConfig) -> Client:
    """Return a client of the cluster that is being started with the same settings, or of a new one."""
    for cluster in _starting:
        if cluster.settings == settings:
            client = cluster.client.result()
            _starting.remove(cluster)
            return client
    return _start(settings)


def _start(settings: ClusterConfig) -> Client:
    return dask(settings.hardware, **settings.filled)
