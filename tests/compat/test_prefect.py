"""The behaviour of Prefect that ``runtime/`` and ``server/`` of the flows rely on, each seen from outside.

The server of these tests is the embedded one, so that ``create_app(final=True)`` is tried, too.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).with_name("prefect_observations.py")


@pytest.fixture(scope="module")
def seen(server, environment, tmp_path_factory):
    """What the script has seen."""
    command = [sys.executable, str(SCRIPT)]
    more = {
        "PREFECT_FLOWS": '{"heartbeat_frequency": null}', "PYTHONPATH": str(SCRIPT.parent),
        "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "300",  # only drained logs are on the server in time
    }  # fmt: skip
    done = subprocess.run(
        command, env=environment | server | more, cwd=tmp_path_factory.mktemp("work"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_flow_that_raises_pause_keeps_its_state(seen):
    """`prefect.exceptions.Pause` goes up to the caller, and the state on the server is left alone."""
    assert seen["outer"] == "pause was raised"
    assert seen["suspended"] == ["PAUSED", "Suspended"]


def test_options_of_a_copied_flow_hold(seen):
    """Hooks and the timeout are read from the flow's attributes as it runs; the original keeps its own."""
    assert seen["timed_out"] == ["FlowRunTimeoutError", True, None]


def test_sigterm_is_raised_in_the_body_of_a_flow(seen):
    assert seen["terminated"] == "raised"


def test_the_client_of_a_flow_is_that_of_its_task_runner(seen):
    """`FlowRunContext.get().task_runner.client` of a running `DaskTaskRunner`."""
    assert seen["client"] == 3


def test_logs_are_on_the_server_once_drained(seen):
    assert "these words" in seen["logs"]


def test_events_of_a_flow_run_are_on_the_server_once_drained(seen):
    """An own heartbeat has the flow among what it is related to; Prefect sends none where its frequency is null."""
    assert seen["events"] == {"heartbeats": 1, "completed": True, "flows": ["says"], "drained": True}


def test_a_state_is_set_by_force(seen):
    assert seen["forced"] == ["CANCELLED", "Resumable"]


def test_a_deployment_of_a_module_runs_in_a_folder(seen):
    (step,) = seen["pull"]
    assert "prefect.deployments.steps.set_working_directory" in step


def test_the_address_of_the_server_is_read_again_by_all_threads(seen):
    assert seen["address"] == ["http://127.0.0.1:9/api", True]


def test_the_command_line_is_a_function(environment):
    """`prefect.cli.app`."""
    command = [sys.executable, "-m", "pylops_flows.server.long_running", "version"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "Version:" in done.stdout
