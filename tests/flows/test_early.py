from __future__ import annotations

import pytest
from distributed import Client

from pylops_flows.runtime.cluster_prestart import prestarted_cluster, take_cluster
from pylops_flows.settings.pipeline import ClusterConfig

SMALL = {"n_workers": 1, "threads_per_worker": 1, "processes": False}


def test_a_cluster_that_was_begun_is_the_one_that_is_taken():
    with (
        prestarted_cluster(ClusterConfig(options=SMALL)),
        take_cluster(ClusterConfig(options=SMALL)) as client,
    ):
        with take_cluster(ClusterConfig(hardware=client.scheduler.address, options={})) as other:
            assert other.scheduler.address == client.scheduler.address
        with take_cluster(ClusterConfig(options=SMALL)) as another:  # it is taken once
            assert another.scheduler.address != client.scheduler.address
        assert client.submit(sum, [1, 2]).result() == 3


def test_what_nobody_took_is_closed(monkeypatch):
    clients = []
    monkeypatch.setattr(Client, "__init__", _noting(Client.__init__, clients))
    with prestarted_cluster(ClusterConfig(options=SMALL)):
        pass
    (client,) = clients
    assert client.status == "closed"
    assert client.cluster.status.name == "closed"


def test_what_could_not_be_started_fails_where_it_is_taken():
    abacus = ClusterConfig(hardware="abacus")
    with pytest.raises(ValueError, match="hardware must be one of"), prestarted_cluster(abacus):
        take_cluster(abacus)


def _noting(method, clients):
    def wrapped(self, *args, **options):
        clients.append(self)
        method(self, *args, **options)

    return wrapped
