import signal
import subprocess
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from flows.cli import app


@pytest.fixture
def refused():
    """Run a command that must end before it starts any process; gives the exit code and all that was printed."""
    handler = signal.getsignal(signal.SIGTERM)

    def run(*words):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")  # without it a server starts meanwhile
            patch.setattr(subprocess, "Popen", lambda *args, **_: pytest.fail(f"started {args}"))
            result = CliRunner().invoke(app, list(map(str, words)))
        return SimpleNamespace(code=result.exit_code, text=result.output)

    yield run
    signal.signal(signal.SIGTERM, handler)
