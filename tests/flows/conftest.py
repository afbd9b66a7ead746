import os
import re
import signal
import subprocess
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from pylops_flows.cli.main import app
from pylops_flows.server.embedded import set_api_url

ELSEWHERE = "http://127.0.0.1:9/api"
SERVER = ["-P", "-m", "pylops_flows.server.embedded"]
SEEN = re.compile(r"last seen \d+ s ago")


@pytest.fixture
def run_rejected(tmp_path):
    """Run a command that must end before it starts any process, with a Prefect server that runs elsewhere.

    Returns the exit code and all that was printed. With ``alone=True`` the command is run without a server, too, and
    must print the same but for the seconds since a lease was seen: an embedded server may begin meanwhile, and nothing
    else; it must be gone at the end.
    """
    handler, start = signal.getsignal(signal.SIGTERM), subprocess.Popen

    def run_alone(words, elsewhere):
        servers = []

        def begin(command, *args, **options):
            if elsewhere or command[1:4] != SERVER:
                pytest.fail(f"started {command}")
            servers.append(start(command, *args, **options))
            return servers[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
            if elsewhere:
                patch.setenv("PREFECT_API_URL", ELSEWHERE)
            else:
                patch.delenv("PREFECT_API_URL", raising=False)
            set_api_url(os.environ.get("PREFECT_API_URL"))
            patch.setattr(subprocess, "Popen", begin)
            result = CliRunner().invoke(app, list(map(str, words)))
        set_api_url(os.environ.get("PREFECT_API_URL"))
        assert len(servers) <= 1
        assert all(server.poll() is not None for server in servers)
        return SimpleNamespace(code=result.exit_code, text=result.output)

    def run(*words, alone=False):
        first = run_alone(words, True)
        if alone:
            second = run_alone(words, False)
            assert (first.code, SEEN.sub("", first.text)) == (second.code, SEEN.sub("", second.text))
        return first

    yield run
    signal.signal(signal.SIGTERM, handler)
