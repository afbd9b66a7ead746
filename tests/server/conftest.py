"""`pld up` in a separate folder, once for all tests here, which watch what it runs unasked."""

import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

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


COMMAND = [sys.executable, "-m", "pylops_flows.cli.main"]


class Services:
    """`pld up` in a folder, and means to ask its server and to run commands there.

    Attributes
    ----------
    folder, log : Path
        Where it runs, and what it prints.
    url : str
        Address of its API.
    process : Popen
        The newest one.
    """

    command = COMMAND

    def __init__(self, folder, environment, *options):
        self.options = options
        self.folder, self.log, self.port = folder, folder / "up.log", free_port()
        self.url = f"http://127.0.0.1:{self.port}/api"
        self.environment = environment | {"PREFECT_API_URL": self.url}
        self._own = environment
        password = environment.get("PREFECT_API_AUTH_STRING")
        self._client = httpx.Client(
            base_url=self.url,
            trust_env=False,
            timeout=60,
            auth=tuple(password.split(":")) if password else None,
        )
        self.start()

    def start(self):
        with self.log.open("w") as file:
            self.process = subprocess.Popen(
                [*COMMAND, "up", "--port", str(self.port), *self.options], cwd=self.folder, env=self._own, stdout=file,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        started = "started!"
        wait(
            "it did not start",
            lambda: self.process.poll() is not None or started in self.log.read_text(), 180,
        )  # fmt: skip
        assert self.process.poll() is None, self.log.read_text()

    def ask(self, path, **filters):
        for seconds in (1, 5, 20, 20, None):  # as Prefect's own clients do: SQLite is locked now and then
            try:
                answer = self._client.post(path, json=filters)
            except httpx.TransportError:
                if seconds is None:
                    raise
            else:
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or seconds is None:
                    break
            time.sleep(seconds)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def run(self, *words, seconds=120):
        done = subprocess.run(
            [*COMMAND, *map(str, words)], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def runs(self, deployment):
        """Runs of a deployment that were begun, the last first."""
        return self.ask(
            "/flow_runs/filter",
            deployments={"name": {"any_": [deployment]}},
            flow_runs={"start_time": {"is_null_": False}},
            sort="START_TIME_DESC",
        )

    def family(self):
        """All processes of it."""
        return (
            psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        )

    def close(self):
        self._client.close()
        family = self.family()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(90)
        print(self.log.read_text())
        _, alive = psutil.wait_procs(family, 10)
        for left in alive:
            left.kill()
        assert not alive, alive


@pytest.fixture(scope="session")
def up(tmp_path_factory, environment):
    """The running services."""
    folder = tmp_path_factory.mktemp("project")
    project(folder)
    with closing(Services(folder, environment)) as services:
        yield services


@pytest.fixture
def sample():
    """A function that copies the sample to a folder."""
    return lambda folder: shutil.copytree(ROOT / "data/sample", folder / "data/sample")


@pytest.fixture
def another_up(tmp_path, environment, sample):
    """Services of another place and database, to be killed."""
    sample(tmp_path)
    with closing(Services(tmp_path, environment | {"PREFECT_HOME": str(tmp_path / "prefect")})) as services:
        yield services
