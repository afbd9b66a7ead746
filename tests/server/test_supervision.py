"""A server that is killed comes back, and no run of a dead process stays Running."""

import time
from contextlib import suppress

import psutil
import pytest
from waiting import wait

from pylops_flows.server.embedded import healthy

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]

SOLVE = ("--set", "solver.niter=800", "--set", "solver.tol=0", "--set", "checkpoint.seconds=2")


def server_of(up):
    """The process of the server, or None."""
    for child in psutil.Process(up.process.pid).children():
        with suppress(psutil.ZombieProcess):
            if "pylops_flows.server.embedded" in child.cmdline():
                return child
    return None


def begin(up, name):
    """Run a long solve as a deployment, until it is Running."""
    up.run("deploy", "data/sample/demo.yaml", "--name", name, *SOLVE, "--root", name)
    (deployment,) = up.ask("/deployments/filter", deployments={"name": {"any_": [name]}})
    up.ask(f"/deployments/{deployment['id']}/create_flow_run")
    wait("it did not begin", lambda: [r for r in up.runs(name) if r["state_type"] == "RUNNING"], 120)


def test_a_killed_server_comes_back_and_no_solve_is_disturbed(up):
    begin(up, "undisturbed")
    for _ in range(3):
        killed = server_of(up)
        killed.kill()
        end = time.monotonic() + 30
        while (new := server_of(up)) in (None, killed) or not healthy(up.url):
            assert time.monotonic() < end, (new, up.log.read_text())
            time.sleep(0.2)
        time.sleep(3)  # the next one is killed in its work, not while it is waited for
    (run,) = wait(
        "it did not end", lambda: [r for r in up.runs("undisturbed") if r["state_type"] != "RUNNING"], 400
    )
    assert (run["state_type"], run["run_count"]) == ("COMPLETED", 1), run["state"]
    shown = up.log.read_text()
    assert shown.count("the server runs again") == 3
    assert "Traceback" not in shown


def test_a_run_whose_machine_went_down_does_not_stay_running(another_up):
    begin(another_up, "cut")
    for process in (*another_up.family(), psutil.Process(another_up.process.pid)):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    another_up.process.wait()
    another_up.start()
    wait("it is Running still", lambda: is_crashed(another_up, "cut"), 200)


def is_crashed(up, name):
    return [r["state_type"] for r in up.runs(name)] == ["CRASHED"]
