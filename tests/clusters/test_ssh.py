"""Machines behind SSH, for real: a server of this test's own, on this machine, as the user who runs it."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pylops_distributed.utils.backend import dask
from pylops_flows.server.embedded import free_port

SERVER = Path(__file__).with_name("ssh_server.py")
SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]  # all of them this machine, each with a separate address
CONFIG = """\
Port {port}
{listen}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
SetEnv {env}
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def connection(tmp_path, environment):
    """How to connect to the server."""
    asyncssh = pytest.importorskip("asyncssh", reason="needs pip install 'pylops-distributed[cluster]'")
    for name in ("host", "user"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(tmp_path / name)
        key.write_public_key(tmp_path / f"{name}.pub")
    port, log = free_port(), tmp_path / "server.log"
    server = sshd(tmp_path, port, log, environment) if SSHD else own(tmp_path, port, log, environment)
    while not reachable(port):
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    yield {
        "port": port, "username": getpass.getuser(), "client_keys": [str(tmp_path / "user")], "known_hosts": None
    }  # fmt: skip
    server.terminate()
    server.wait(30)


def sshd(folder, port, log, environment):
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd of root locks its helpers in
    # One SetEnv line: of several, the first counts.
    env = " ".join(f'{name}="{environment[name]}"' for name in ("PYTHONPATH", "OPENBLAS_NUM_THREADS"))
    listen = "\n".join(f"ListenAddress {host}" for host in HOSTS)
    config = folder / "sshd_config"
    config.write_text(CONFIG.format(port=port, listen=listen, folder=folder, env=env))
    return subprocess.Popen([SSHD, "-D", "-E", log, "-f", config])


def own(folder, port, log, environment):
    words = [sys.executable, SERVER, port, folder / "host", folder / "user", *HOSTS]
    with Path(log).open("w") as output:
        return subprocess.Popen([*map(str, words)], env=environment, stderr=output)


def listening():
    return {c.laddr.ip for c in psutil.Process().net_connections("inet") if c.status == psutil.CONN_LISTEN}


def command():
    return " ".join(psutil.Process().cmdline())


def reachable(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOSTS[-1], port)) == 0


@pytest.mark.parametrize("security", [None, False])
def test_an_inversion_over_ssh(security, connection, check_inversion):
    options = {"hosts": HOSTS, "connect_options": connection, "security": security}
    with dask("ssh", threads_per_worker=1, **options) as client:
        client.wait_for_workers(2, timeout=60)
        workers = client.scheduler_info(n_workers=-1)["workers"]
        assert {w["nthreads"] for w in workers.values()} == {1}
        kind = "tcp" if security is False else "tls"
        assert {address.partition("://")[0] for address in (client.scheduler.address, *workers)} == {kind}
        check_inversion()
        pids = [*client.run(os.getpid).values(), client.run_on_scheduler(os.getpid)]
        assert os.getpid() not in pids
        found = [client.run(listening, nanny=True), client.run(listening), client.run_on_scheduler(listening)]
        assert {ip for one in (*found[0].values(), *found[1].values(), found[2]) for ip in one} <= set(HOSTS)
        commands = [*client.run(command, nanny=True).values(), client.run_on_scheduler(command)]
        assert not any("PRIVATE KEY" in text for text in commands)
    end = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < end, "processes outlive their cluster"
        time.sleep(0.2)
