"""Clusters: those started here are closed, those joined are left alone."""

import os

import dask.array as da
import pytest
from distributed import Client, default_client

from pylops_distributed.utils.backend import dask

SMALL = {"processes": False, "n_workers": 1, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}


@pytest.fixture
def owner():
    client = dask(
        **SMALL
    )  # not by `with`: Dask keeps asking for a cluster that was closed inside its own block
    yield client
    client.close()


def test_a_client_closes_its_cluster(owner):
    assert owner.cluster.status.name == "running"
    assert (
        owner.cluster.scheduler_address.startswith("inproc") or "127.0.0.1" in owner.cluster.scheduler_address
    )
    owner.close()
    assert owner.status == "closed"
    assert owner.cluster is None or owner.cluster.status.name == "closed"
    assert da.ones(4, chunks=2).sum().compute() == 4  # without a cluster again


def test_a_closed_client_leaves_its_cluster_alone(owner, monkeypatch):
    cluster = owner.cluster
    owner.close()
    calls = []
    monkeypatch.setattr(type(cluster), "close", lambda *_, **__: calls.append(1))
    owner.__del__()
    assert not calls


def test_the_client_is_where_dask_computes(owner):
    assert default_client() is owner
    assert da.ones(4, chunks=2).sum().compute() == 4
    assert owner.scheduler_info()["workers"]


def test_it_unpacks_as_in_earlier_versions(owner):
    client, cluster = owner
    assert client is owner
    assert cluster.scheduler_address == owner.scheduler.address


@pytest.mark.parametrize("give", ["hardware", "client", "instance"])
def test_joining_leaves_the_cluster_running(give):
    with Client(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address="127.0.0.1:0"
    ) as host:
        address = host.scheduler.address
        guest = dask(address) if give == "hardware" else dask(client=host if give == "instance" else address)
        client, cluster = guest
        assert client is guest
        assert cluster is None
        assert guest.submit(pow, 2, 5).result() == 32
        guest.close()
        assert guest.status == "closed"
        assert host.submit(pow, 3, 2).result() == 9


@pytest.mark.slow
def test_worker_processes_use_one_blas_thread():
    with dask(n_workers=2, threads_per_worker=1) as client:
        threads = client.run(
            lambda: [os.environ[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL")]
        )
        assert list(threads.values()) == [["1"] * 3] * 2
        assert "127.0.0.1" in client.scheduler.address
    assert client.status == "closed"


def test_clusters_do_not_quarrel_about_a_port():
    small = {"processes": False, "n_workers": 1, "threads_per_worker": 1}
    with dask(**small) as one, dask(**small) as other:
        ports = [client.cluster.scheduler.http_server.port for client in (one, other)]
    assert len({8787, *ports}) == 3
