import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.demo import make_demo

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """The Prefect home of all tests: its database is made once."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="session")
def environment(home):
    """Environment of commands: nothing of the user's Prefect, and one thread a process."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}
    return kept | {
        "PREFECT_HOME": str(home), "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(map(str, sys.path))
    }  # fmt: skip


@pytest.fixture
def pld(environment):
    """Run the command line as a process of its own; gives the exit code and all that was printed."""

    def run(*words, wait=True, **more):
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *map(str, words)], cwd=ROOT, env=environment | more,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        if not wait:
            return process
        text, _ = process.communicate(timeout=300)
        return process.returncode, text

    return run


@pytest.fixture
def refused():
    """Run a command that must end before it starts any process; gives the exit code and all that was printed."""
    handler = signal.getsignal(signal.SIGTERM)

    def run(*words):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(subprocess, "Popen", lambda *args, **_: pytest.fail(f"started {args}"))
            result = CliRunner().invoke(app, list(map(str, words)))
        return SimpleNamespace(code=result.exit_code, text=result.output)

    yield run
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def config(tmp_path):
    """Settings of a small demo, and its data beside them."""
    return make_demo(tmp_path, shape=(12, 14, 64))
