"""`pld up` in a separate folder, once for all tests here, which watch what it runs unasked."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import pytest
import yaml
from waiting import wait

from pylops_flows.server.embedded import free_port

ROOT = Path(__file__).parents[2]


def project(folder):
    """The deployments of this project with the sample, and the inbox looked at every minute."""
    shutil.copytree(ROOT / "data/sample", folder / "data/sample")
    (folder / "inbox").mkdir()
    (folder / "flows").mkdir()  # a package of the project, as many have one, and not ours
    (folder / "flows/__init__.py").write_text("raise ImportError(__file__)")
    known = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    for deployment in known["deployments"]:
        if deployment["name"] == "inbox":
            deployment["schedules"] = [{"interval": 60, "active": True}]
            deployment["parameters"]["settle"] = 1.0
    (folder / "prefect.yaml").write_text(yaml.safe_dump(known))


@pytest.fixture(scope="session")
def up(tmp_path_factory, environment):
    """The running services: their folder, the environment of commands, and means to ask and to wait."""
    folder = tmp_path_factory.mktemp("project")
    project(folder)
    port, log = free_port(), folder / "up.log"
    command = [sys.executable, "-m", "pylops_flows.cli.main"]
    with log.open("w") as file:
        process = subprocess.Popen(
            [*command, "up", "--port", str(port)], cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}/api"
    client = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def ask(path, **filters):
        for seconds in (1, 5, 20):  # as Prefect's own clients do: SQLite is locked now and then
            answer = client.post(path, json=filters)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(seconds)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def run(*words, seconds=120):
        done = subprocess.run(
            [*command, *map(str, words)], cwd=folder, env=environment | {"PREFECT_API_URL": url},
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def runs(deployment):
        """Runs of a deployment that were begun, the last first."""
        return ask(
            "/flow_runs/filter",
            deployments={"name": {"any_": [deployment]}},
            flow_runs={"start_time": {"is_null_": False}},
            sort="START_TIME_DESC",
        )

    try:
        wait("it did not start", lambda: process.poll() is not None or "started!" in log.read_text(), 180)
        assert process.poll() is None, log.read_text()
        yield SimpleNamespace(
            folder=folder, url=url, log=log, ask=ask, run=run, runs=runs, process=process, command=command,
            environment=environment | {"PREFECT_API_URL": url},
        )  # fmt: skip
    finally:
        client.close()
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGTERM)
        process.wait(90)
        print(log.read_text())
        _, alive = psutil.wait_procs(family, 10)
        for left in alive:
            left.kill()
    assert not alive, alive
