"""Runs that are paused, cancelled and killed: the reported state is true, and resumed runs end in the same bits."""

import os
import signal
import time

import numpy as np
import psutil
import pytest
from waiting import wait

from pylops_distributed import open_run, tuning
from pylops_distributed.storage.run import list_runs

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]

NITER = 150


def named(up, name):
    return next((r for r in list_runs(up.folder / "runs") if r.attrs["name"] == name), None)


def model(run):
    return open_run(run.storage.url)["iterates"].to_dataset()["model"].isel(iteration=-1).values


def solving(up, name):
    """The run of a name, once it has a checkpoint and is being worked on."""

    def there():
        run = named(up, name)
        return run if run and run.status().state == "running" and run.status().iteration else None

    return wait(f"{name} was not begun; {up.log.read_text()}", there, 180)


def begin(up, name):
    """Have the worker begin an inversion of some minutes' length; returns its flow run and its run."""
    up.run(
        "deploy", "data/sample/demo.yaml", "--name", name, "--set", f"name={name}", "--set", f"solver.niter={NITER}",
        "--set", "checkpoint.iterations=1",
    )  # fmt: skip
    (deployment,) = up.ask("/deployments/filter", deployments={"name": {"any_": [name]}})
    flow_run = up.ask(f"/deployments/{deployment['id']}/create_flow_run")
    return flow_run["id"], solving(up, name)


def state(up, flow_run):
    (found,) = up.ask("/flow_runs/filter", flow_runs={"id": {"any_": [flow_run]}})
    return found["state"]["name"]


def stages(up, name):
    return {
        r["state"]["name"]
        for r in up.ask("/flow_runs/filter", flow_runs={"name": {"any_": [f"invert {name}"]}})
    }


def assert_resumes(up, run, whole):
    """Assert that the command resumes, and ends where an undisturbed run ends."""
    up.run("resume", run.storage.folder, "--set", "checkpoint.iterations=50", seconds=300)
    np.testing.assert_array_equal(model(run), whole, strict=True)


@pytest.fixture(scope="module")
def whole(up):
    """The model of a run that nobody disturbs."""
    up.run(
        "run", "data/sample/demo.yaml", "--set", "name=whole", "--set", f"solver.niter={NITER}", seconds=300
    )
    return model(named(up, "whole"))


def test_paused_and_resumed(up, whole):
    flow_run, run = begin(up, "paused")
    assert "paused at iteration" in up.run("pause", run.storage.folder)
    assert state(up, flow_run) == "Suspended"
    stopped = run.status()
    assert stopped.state == "interrupted"
    assert 0 < stopped.iteration < NITER
    wait("the stage ended otherwise", lambda: stages(up, "paused") == {"Resumable"}, 30)
    time.sleep(tuning.seconds("pipelines.silence") + 15)  # its silence is not taken for death
    assert state(up, flow_run) == "Suspended"
    assert str(flow_run) in up.run("resume", run.storage.folder)
    wait(f"it did not resume; {up.log.read_text()}", lambda: state(up, flow_run) == "Completed", 600)
    assert run.status().iteration == NITER
    np.testing.assert_array_equal(model(run), whole, strict=True)


def test_cancelled_in_the_ui_and_run_again(up, whole):
    flow_run, run = begin(up, "cancelled")
    up.ask(f"/flow_runs/{flow_run}/set_state", state={"type": "CANCELLING"})
    wait("it was not cancelled", lambda: state(up, flow_run) in ("Resumable", "Cancelled"), 60)
    assert stages(up, "cancelled") == {"Resumable"}  # Prefect's worker renames what it has cancelled
    stopped = run.status()
    assert stopped.state == "interrupted"
    assert 0 < stopped.iteration < NITER
    assert_resumes(up, run, whole)


def test_terminated(up, whole):
    flow_run, run = begin(up, "terminated")
    os.kill(run.status().owner.pid, signal.SIGTERM)
    wait("it did not stop", lambda: state(up, flow_run) == "Resumable", 60)
    assert run.status().state == "interrupted"
    assert_resumes(up, run, whole)


def test_the_worker_is_killed(up, whole):
    """The worker, which starts flows: those that it started continue, and another worker takes its place."""
    flow_run, run = begin(up, "orphaned")
    (worker,) = [p for p in psutil.Process(up.process.pid).children() if "worker" in p.cmdline()]
    worker.kill()
    wait(f"it did not end; {up.log.read_text()}", lambda: state(up, flow_run) == "Completed", 600)
    np.testing.assert_array_equal(model(run), whole, strict=True)
    wait("there is no other worker", lambda: up.log.read_text().count("started!") == 2, 60)


def test_killed_without_a_worker_that_could_tell(up, whole):
    """The process of a command, watched by nobody: the server's automation finds that it is gone."""
    command = (*up.command, "run", "data/sample/demo.yaml", "--set", "name=killed", "--set", f"solver.niter={NITER}",
               "--set", "checkpoint.iterations=1")  # fmt: skip
    process = psutil.Popen(command, cwd=up.folder, env=up.environment)
    run = solving(up, "killed")
    (flow_run,) = up.ask("/flow_runs/filter", flow_runs={"name": {"any_": ["pipeline killed"]}})
    time.sleep(1)
    process.kill()
    process.wait()
    wait("its flow run was still running", lambda: state(up, flow_run["id"]) == "Crashed", 120)
    assert run.status().state == "interrupted"
    assert_resumes(up, run, whole)


def test_ctrl_c_in_a_terminal(up, whole):
    """The terminal sends it to all processes, Dask's workers among them, which hold the state."""
    words = (
        "--set",
        "name=interrupted",
        "--set",
        f"solver.niter={NITER}",
        "--set",
        "checkpoint.iterations=5",
    )
    command = (*up.command, "run", "data/sample/demo.yaml", *words)
    process = psutil.Popen(command, cwd=up.folder, env=up.environment, start_new_session=True)
    run = solving(up, "interrupted")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 4
    assert run.status().state == "interrupted"
    assert stages(up, "interrupted") == {"Resumable"}
    assert_resumes(up, run, whole)


def test_a_stage_that_takes_too_long(up):
    words = ("--set", "name=late", "--set", "solver.niter=1000000", "--set", "timeouts.invert=8")
    process = psutil.Popen(
        (*up.command, "run", "data/sample/demo.yaml", *words), cwd=up.folder, env=up.environment
    )
    assert process.wait(120) == 1
    assert stages(up, "late") == {"TimedOut"}
    status = named(up, "late").status()
    assert status.state == "interrupted"
    assert status.iteration > 0
