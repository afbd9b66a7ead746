"""What listens, looked at in the system's own list of sockets: loopback alone, unless asked; else TLS."""

import socket
import ssl
import stat
from pathlib import Path

import dask.array as da
import numpy as np
import psutil
import pytest
from distributed import LocalCluster
from distributed.security import Security

import pylops_distributed as pld
from pylops_distributed import execution
from pylops_distributed.clusters import this_machine
from pylops_distributed.clusters.options import encryption
from pylops_distributed.compat.distributed import get_ip
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.utils.backend import check_hardware, dask


def listening():
    """Addresses and ports on which this process and those it started listen."""
    me = psutil.Process()
    return {
        (one.laddr.ip, one.laddr.port)
        for process in (me, *me.children(recursive=True))
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }


def hosts(before):
    return {ip for ip, _ in listening() - before}


@pytest.fixture
def before():
    return listening()


@pytest.mark.parametrize(
    "options",
    [{"adapt": {"maximum": 1}, "security": False}, {"processes": False}],
)
def test_a_cluster_of_this_machine(options, before):
    with dask(**{"n_workers": 1, "threads_per_worker": 1, **options}) as client:
        client.wait_for_workers(1, 60)
        assert hosts(before) == {"127.0.0.1"}


@pytest.mark.parametrize("processes", [pytest.param(True, marks=pytest.mark.slow), False])
def test_the_parts_of_a_solve(processes, before, restored):
    """Their links listen only while they connect: each server is noted as it is made."""
    op, y = pld.FirstDerivative((40, 30), axis=0), da.ones((40, 30), chunks=(10, 30))
    with dask(n_workers=2, threads_per_worker=1, processes=processes) as client:
        client.wait_for_workers(2, 60)
        client.run(note_servers)
        run_solver(CGLS(3, tol=0.0), op, y)
        noted = [host for servers in client.run(noted_servers).values() for host in servers]
        assert set(noted) == hosts(before) == {"127.0.0.1"}


def note_servers():
    """Have this process note on which addresses it makes servers."""
    if hasattr(socket, "noted"):
        return
    make, socket.noted = socket.create_server, []

    def create_server(address, **options):
        socket.noted.append(address[0])
        return make(address, **options)

    socket.create_server = create_server


def noted_servers():
    return socket.noted


@pytest.fixture
def restored(monkeypatch):
    """A worker in this process leaves the module as it was."""
    monkeypatch.setattr(socket, "create_server", socket.create_server)
    yield
    vars(socket).pop("noted", None)


def test_tls_on_this_machine_if_asked(before, caplog):
    op, y = pld.FirstDerivative((40, 30), axis=0), da.ones((40, 30), chunks=(10, 30))
    expected = run_solver(CGLS(3, tol=0.0), op, y).x.compute(scheduler="sync")
    execution._say_slower.cache_clear()
    with dask(n_workers=1, processes=False, security=True) as client:
        assert client.scheduler.address.startswith("tls://127.0.0.1:")
        assert hosts(before) == {"127.0.0.1"}
        for _ in range(2):
            np.testing.assert_array_equal(run_solver(CGLS(3, tol=0.0), op, y).x.compute(), expected)
    assert caplog.text.count("same numbers but slower") == 1


@pytest.fixture(params=["slurm", "pbs"])
def queue(request, tmp_path, monkeypatch):
    pytest.importorskip("dask_jobqueue", reason="needs pip install 'pylops-distributed[cluster]'")
    monkeypatch.chdir(tmp_path)
    return request.param


def shakes(port, host, security=None):
    """Whether a TLS client, with or without a certificate, is let in."""
    context = (
        security.get_connection_args("client")["ssl_context"]
        if security
        else ssl._create_unverified_context()
    )
    try:
        with (
            socket.create_connection((host, port), 10) as plain,
            context.wrap_socket(plain, server_hostname="dask-internal") as secured,
        ):
            return len(secured.recv(1)) == 1  # the scheduler greets first
    except ssl.SSLError:
        return False


def test_a_queue_has_tls_by_default_and_no_open_pages(queue, before, tmp_path):
    with dask(queue, n_workers=0, memory="1GB") as client:
        found = listening() - before
        address, cluster = client.scheduler.address, client.cluster
        port = int(address.rpartition(":")[2])
        assert address == f"tls://{get_ip()}:{port}"
        assert {ip for ip, number in found if number != port} == {"127.0.0.1"}
        assert {ip for ip, number in found if number == port} == {get_ip()}
        assert shakes(port, get_ip(), cluster.security)
        assert not shakes(port, get_ip())
        assert not shakes(port, get_ip(), Security.temporary())  # another cluster's
        script = cluster.job_script()
        assert "--protocol tls:// --tls-ca-file" in script
        assert "--dashboard-address 127.0.0.1:0" in script
        assert "PRIVATE KEY" not in script
        keys = [*tmp_path.iterdir()]
        assert {stat.S_IMODE(Path(key).stat().st_mode) for key in keys} == {0o600}
        assert any("PRIVATE KEY" in key.read_text() for key in keys)
    assert not [*tmp_path.iterdir()]


def test_requests_are_served(queue, before):
    options = {"interface": "lo", "worker_extra_args": ["--dashboard-address", ":0"], "security": False}
    with dask(queue, n_workers=0, memory="1GB", scheduler_options={"port": 0}, **options) as client:
        assert client.scheduler.address.startswith("tcp://127.0.0.1:")
        assert hosts(before) == {"127.0.0.1"}
        assert client.cluster.job_script().count("--dashboard-address") == 1
    assert not [*Path.cwd().iterdir()]


def test_what_security_may_be():
    with pytest.raises(ValueError, match=r"security=True.*security=False.*got 'yes'"):
        check_hardware("single", {"security": "yes"})
    with pytest.raises(ValueError, match=r"distributed\.comm\.tls"):
        check_hardware("tls://127.0.0.1:1", {"security": True})
    own = Security.temporary()
    assert encryption("slurm", own) is own
    assert encryption("slurm", False) is None
    assert encryption("slurm", None).require_encryption


def test_a_client_of_a_cluster_with_tls_is_joined():
    with dask(n_workers=1, processes=False, security=True) as client, dask(client=client) as other:
        assert other.submit(sum, [1, 2]).result(30) == 3


def test_the_address_is_no_default_of_dask(before, monkeypatch):
    """Dask's own happens to be the same today."""
    noted = []

    class Noted(LocalCluster):
        def __init__(self, **options):
            noted.append(options["host"])
            super().__init__(**options)

    monkeypatch.setattr(this_machine, "LocalCluster", Noted)
    with this_machine.start_single(n_workers=0):
        assert hosts(before) == {"127.0.0.1"}
    with this_machine.start_single(n_workers=0, host="127.0.0.2"):
        assert "127.0.0.2" in hosts(before)
    assert noted == ["127.0.0.1", "127.0.0.2"]
