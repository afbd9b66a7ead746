"""prefect.yaml: all names in it exist, and a worker started in another folder runs scheduled flows."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from pylops_distributed.storage.run import list_runs

ROOT = Path(__file__).parents[2]
CHECK = """
import json, sys
from prefect.flows import load_flow_from_entrypoint
for deployment in json.load(sys.stdin):
    flow = load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)
    if "parameters" in deployment:
        flow.validate_parameters(deployment["parameters"])
    print(flow.name)
"""


@pytest.fixture
def project():
    return yaml.safe_load((ROOT / "prefect.yaml").read_text())


def test_deployments_import_and_their_parameters_are_valid(project, environment):
    assert "{{ $" not in (ROOT / "prefect.yaml").read_text()  # an unset variable would stay as text
    assert "pull" not in project
    for path in project["deployments"][0]["parameters"]["config"]["sources"].values():
        assert (ROOT / path["path"]).is_file()
    done = subprocess.run(
        [sys.executable, "-c", CHECK], input=json.dumps(project["deployments"]), env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "pipeline", "announce-files", "ingest", "pipeline", "ingest", "forward", "invert", "postprocess",
    ]  # fmt: skip


def test_signs_of_life_are_ours_alone(project, environment):
    """Prefect's own delay the end of each flow: wherever flows run, they are off."""
    env = project["definitions"]["local"]["job_variables"]["env"]
    ask = "from prefect.settings import get_current_settings as s; print(s().flows.heartbeat_frequency)"
    for words, more in ((ask, env), (f"import pylops_flows; {ask}", {})):
        command = [sys.executable, "-c", words]
        done = subprocess.run(command, env=environment | more, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["None"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_worker_elsewhere_runs_scheduled_flows(server, environment, tmp_path):
    home, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    elsewhere.mkdir()
    home.mkdir()
    shutil.copy(ROOT / "prefect.yaml", home)
    shutil.copytree(ROOT / "data/sample", home / "data/sample")
    (home / "flows").mkdir()  # a package of the project, as many have one, and not ours
    (home / "flows/__init__.py").write_text("raise ImportError(__file__)")

    def prefect(*words, cwd=home):
        command = [sys.executable, "-m", "prefect", "--no-prompt", *words]
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=environment | server,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    for words in (
        ("work-pool", "create", "--type", "process", "local"),
        ("deploy", "--all"),
        ("deployment", "schedule", "create", "pipeline/sample", "--interval", "60"),
    ):  # fmt: skip
        process = prefect(*words)
        text, _ = process.communicate(timeout=120)
        assert process.returncode == 0, text
    worker = prefect("worker", "start", "--pool", "local", cwd=elsewhere)
    try:
        end = time.monotonic() + 400
        while not (found := list_runs(home / "runs")) or found[0].status().state != "finished":
            assert worker.poll() is None, worker.communicate()[0]
            assert time.monotonic() < end, "no scheduled run came to its end"
            time.sleep(1)
    finally:
        worker.terminate()
        worker.communicate(timeout=60)
    assert found[0].status().iteration == 20
    assert not any(elsewhere.iterdir())


@pytest.mark.slow
def test_a_deployment_is_made_run_listed_and_deleted(pld, server, tmp_path):
    made = (
        "deploy",
        ROOT / "data/sample/demo.yaml",
        "--root",
        tmp_path,
        "--name",
        "once",
        "--cron",
        "0 2 * * *",
    )
    code, text = pld(*made, "--run", **server)
    assert code == 0, text
    deployment, flow_run = text.strip().splitlines()[-2:]
    assert deployment.endswith("  pipeline/once  0 2 * * *")
    assert flow_run.startswith(f"flow run: {server['PREFECT_API_URL'].removesuffix('/api')}/runs/flow-run/")
    code, text = pld("deployments", "--json", **server)
    (record,) = (one for one in json.loads(text) if one["name"] == "pipeline/once")
    assert record["schedules"] == ["0 2 * * *"]
    assert record["ui"] in deployment
    code, text = pld("undeploy", "onze", **server)
    assert (code, "did you mean once" in text) == (2, True), text
    assert pld("undeploy", "once", **server) == (0, "deleted deployment: pipeline/once\n")
    assert "pipeline/once" not in pld("deployments", **server)[1]
