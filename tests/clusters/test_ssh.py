"""Machines behind SSH, for real: an sshd of this test's own, on this machine, as the user who runs it."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from flows.server import free_port
from pylops_distributed.utils.backend import dask

SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]  # all of them this machine, each with an address of its own
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

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        SSHD is None, reason="there is no sshd: install an OpenSSH server (apt install openssh-server)"
    ),
]


@pytest.fixture
def connection(tmp_path, environment):
    """How to connect to the server."""
    pytest.importorskip("asyncssh", reason="needs pip install 'pylops-distributed[cluster]'")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd of root locks its helpers in
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    port, config, log = free_port(), tmp_path / "sshd_config", tmp_path / "sshd.log"
    # One SetEnv line: of several, the first counts.
    env = " ".join(f'{name}="{environment[name]}"' for name in ("PYTHONPATH", "OPENBLAS_NUM_THREADS"))
    listen = "\n".join(f"ListenAddress {host}" for host in HOSTS)
    config.write_text(CONFIG.format(port=port, listen=listen, folder=tmp_path, env=env))
    server = subprocess.Popen([SSHD, "-D", "-E", log, "-f", config])
    while not reachable(port):
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    yield {
        "port": port, "username": getpass.getuser(), "client_keys": [str(tmp_path / "user")], "known_hosts": None
    }  # fmt: skip
    server.terminate()
    server.wait(30)


def reachable(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOSTS[-1], port)) == 0


def test_an_inversion_over_ssh(connection, check_inversion):
    options = {"hosts": HOSTS, "connect_options": connection}
    options["scheduler_options"] = {"host": HOSTS[0], "dashboard_address": "127.0.0.1:0"}
    with dask("ssh", threads_per_worker=1, **options) as client:
        client.wait_for_workers(2, timeout=60)
        workers = client.scheduler_info(n_workers=-1)["workers"]
        assert {w["nthreads"] for w in workers.values()} == {1}
        check_inversion()
        pids = [*client.run(os.getpid).values(), client.run_on_scheduler(os.getpid)]
        assert os.getpid() not in pids
    end = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{pid}") for pid in pids):
        assert time.monotonic() < end, "processes outlive their cluster"
        time.sleep(0.2)
