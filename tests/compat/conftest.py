"""A cluster within this process, whose scheduler and workers tests can look at."""

from collections.abc import Iterator

import pytest
from distributed import Client, LocalCluster


@pytest.fixture(scope="session")
def nearby() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster


@pytest.fixture
def client(nearby: LocalCluster) -> Iterator[Client]:
    with Client(nearby) as client:
        yield client
