"""The Prefect server is away for half a minute in mid-run: the solver continues, and later states are true."""

import os
import subprocess
import sys
import time

import httpx
import numpy as np
import pytest
from waiting import wait

from pylops_distributed import open_run
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.storage.checkpoint_keys import published_checkpoints
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.run import list_runs
from pylops_flows.cli.demo_data import make_demo
from pylops_flows.server.embedded import free_port, healthy
from pylops_flows.settings.pipeline import load

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]

OUTAGE = 30.0
STALL = 1.0


@pytest.fixture
def server(environment, tmp_path):
    """Functions that start the server of this test, and start it again; and its address."""
    port, processes = free_port(), []
    url = f"http://127.0.0.1:{port}/api"
    own = environment | {"PREFECT_HOME": str(tmp_path / "prefect")}

    def start():
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "pylops_flows.server.embedded", str(port), str(os.getpid())], env=own
            )
        )
        wait("the server does not answer", lambda: healthy(url), 120)
        return processes[-1]

    yield own | {"PREFECT_API_URL": url}, start
    for process in processes:
        process.kill()
        process.wait()


def longest_wait(run, seconds):
    """The longest time in which no checkpoint came; with one after each batch of steps, the solver's longest pause."""
    end, newest, seen, longest = time.monotonic() + seconds, None, time.monotonic(), 0.0
    while (now := time.monotonic()) < end:
        found = published_checkpoints(run.storage)[-1]
        longest = max(longest, now - seen)
        if found != newest:
            newest, seen = found, now
        time.sleep(0.02)
    return longest


def plain(path, root, niter):
    """The model of an inversion that knows nothing of servers."""
    settings = load(path, {"root": str(root), "solver": {"niter": niter}})
    ref = ingest(settings.sources, settings.target)
    run = begin(settings.root, ref.url, settings.problem, settings.solver, name=settings.name)
    with Inversion(run, settings.solver, save=Every(None, 60.0)) as inversion:
        inversion.advance()
        return inversion.session.state.x.compute()


def test_the_solver_continues_without_its_server(server, pld, tmp_path):
    environment, start = server
    first, root = start(), tmp_path / "runs"
    path = make_demo(tmp_path, shape=(40, 48, 128))
    saves = ("--set", "checkpoint.iterations=1000000", "--set", "checkpoint.seconds=0.01")
    process = pld(
        "run", path, "--root", root, "--set", "solver.niter=1000000", *saves, wait=False, **environment
    )
    (run,) = wait("no run", lambda: list_runs(root), 120)
    wait("no checkpoint", lambda: run.status().iteration, 60)
    usual = longest_wait(run, 30)
    first.kill()  # so that a segment, which is a task of Prefect's, ends and one begins without it
    first.wait()
    outage = longest_wait(run, OUTAGE)
    start()
    assert process.poll() is None, process.communicate()[0]
    assert outage < usual + STALL
    time.sleep(15)
    process.terminate()
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 4, text
    answer = httpx.post(f"{environment['PREFECT_API_URL']}/flow_runs/filter", json={}, trust_env=False).json()
    states = {one["name"]: one["state"]["name"] for one in answer}
    assert (states["pipeline demo"], states["invert demo"]) == ("Resumable", "Resumable")

    niter = run.status().iteration + 20
    code, text = pld("resume", run.storage.folder, "--set", f"solver.niter={niter}", **environment)
    assert code == 0, text
    model = open_run(run.storage.url)["iterates"].to_dataset()["model"].isel(iteration=-1)
    assert model.iteration == niter
    np.testing.assert_array_equal(model.values, plain(path, tmp_path / "plain", niter))
