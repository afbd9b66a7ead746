"""What tests of all parts share: random numbers, worker processes, an S3 bucket on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import numpy as np
import pytest
from distributed import Client, LocalCluster
from moto.server import ThreadedMotoServer


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def workers() -> Iterator[LocalCluster]:
    """Two single-thread worker processes, started once."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster


@pytest.fixture
def cluster(workers: LocalCluster) -> Iterator[Client]:
    """The worker processes, as where Dask computes during this test."""
    with Client(workers) as client:
        yield client


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """An S3 bucket on this machine."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for key, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ALLOW_HTTP": "true",
        }.items():
            patch.setenv(key, value)
        boto3.client("s3").create_bucket(Bucket="tests")
        yield "s3://tests"
    server.stop()
