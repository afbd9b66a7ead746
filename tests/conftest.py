"""What tests of all parts share: random numbers, worker processes, an S3 bucket, and the command line."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import dask
import numpy as np
import pytest
from distributed import Client, LocalCluster
from hypothesis import HealthCheck, Phase, settings
from moto.server import ThreadedMotoServer

from pylops_distributed import tuning
from pylops_flows.cli.demo_data import make_demo
from pylops_flows.server.embedded import free_port, healthy

ROOT = Path(__file__).parents[1]
# For tests/fuzz: many inputs, and no time lost on making failing ones small.
for _name, _examples in {"fuzz": 70_000, "sampled": 7_000}.items():
    settings.register_profile(
        _name, max_examples=_examples, deadline=5000, database=None, print_blob=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def tuned() -> Iterator[Callable[[str, Any], None]]:
    """Sets constants of ``tuning.TABLE`` by their names, until the test ends."""
    with ExitStack() as values:

        def tune(name: str, value: Any) -> None:
            values.enter_context(dask.config.set({f"{tuning.ROOT}.{name}": value}))
            tuning.get(name)

        yield tune


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


@pytest.fixture
def remote(tmp_path: Path, environment: dict[str, str]) -> Iterator[str]:
    """Address of `dask scheduler`, with two `dask worker` in a separate folder and at separate network addresses."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    file = folder / "scheduler.json"
    kinds: list[list[str]] = [["scheduler", "--host", "127.0.0.1", "--port", "0"]]
    kinds += [["worker", "--host", host, "--nthreads", "1"] for host in ("127.0.0.2", "127.0.0.3")]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + kind, *options, "--scheduler-file", str(file),
             "--dashboard-address", "127.0.0.1:0"],
            env=environment, cwd=folder,
        )
        for kind, *options in kinds
    ]  # fmt: skip
    while not file.exists():
        assert started[0].poll() is None
        time.sleep(0.1)
    yield json.loads(file.read_text())["address"]
    for process in reversed(started):
        process.terminate()
        process.wait(30)


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


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of commands: nothing of the user's Prefect, one database for all, and one thread a process."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}
    return kept | {
        "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")), "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "flows"), *sys.path]),
    }  # fmt: skip


@pytest.fixture(scope="session")
def server(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A Prefect server for all who do not start their own; the environment of commands that use it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    process = subprocess.Popen(
        [sys.executable, "-m", "pylops_flows.server.embedded", str(port), str(os.getpid())], env=environment
    )
    while not healthy(url):
        assert process.poll() is None
        time.sleep(0.1)
    yield {"PREFECT_API_URL": url}
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="session")
def working_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder whose modules have the names of other people's, and must not be imported in their place."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "flows").mkdir()
    for name in ("flows/__init__.py", "segyio.py", "obstore.py"):
        (folder / name).write_text("raise ImportError(f'{__file__} was imported')")
    return folder


@pytest.fixture(scope="session")
def pld(environment: dict[str, str], working_folder: Path) -> Callable[..., Any]:
    """Run the command line as a process; returns the exit code and all that was printed."""

    def run(*words: object, wait: bool = True, **more: str) -> Any:
        process = subprocess.Popen(
            [sys.executable, "-m", "pylops_flows.cli.main", *map(str, words)],
            env=environment | more, cwd=working_folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        if not wait:
            return process
        text, _ = process.communicate(timeout=600)
        return process.returncode, text

    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of a small demo, and its data next to them."""
    return make_demo(tmp_path, shape=(12, 14, 64))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What pytest holds of thousands of tests is never garbage: every collection would walk it, so few are made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
