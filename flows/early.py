"""A cluster that starts while the Prefect server does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from distributed import Client

from flows.config import ClusterConfig
from pylops_distributed.utils.backend import dask

_begun: dict[str, Future[Client]] = {}


@contextmanager
def begun(cluster: ClusterConfig) -> Iterator[None]:
    """Begin to start a cluster, for :func:`started` to take; closes one that nobody took."""
    key = cluster.model_dump_json()
    with ThreadPoolExecutor(1) as pool:
        future = _begun[key] = pool.submit(_start, cluster)
        try:
            yield
        finally:
            if _begun.pop(key, None) is not None and future.exception() is None:
                future.result().close()


def started(cluster: ClusterConfig) -> Client:
    """A client of a cluster: the one that was begun with the same settings, or of a new one."""
    key = cluster.model_dump_json()
    if key not in _begun:
        return _start(cluster)
    client = _begun[key].result()
    del _begun[key]
    return client


def _start(cluster: ClusterConfig) -> Client:
    return dask(cluster.hardware, **cluster.options)
