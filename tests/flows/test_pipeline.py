"""The command line, real Prefect flows on real Dask worker processes, killed and resumed."""

import os
import signal
import time
from contextlib import suppress
from threading import Thread

import numpy as np
import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, LogFilter
from prefect.settings import PREFECT_API_URL, temporary_settings
from typer.testing import CliRunner

from pylops_distributed import open_run
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.storage.run import list_runs
from pylops_flows.cli.main import app
from pylops_flows.runtime.artifacts import outcome
from pylops_flows.settings.pipeline import load

# Every iteration is saved, a tenth of a second each: there is much left to do when the first checkpoint is seen.
NITER = 16
SETTINGS = ("--set", f"solver.niter={NITER}", "--set", "checkpoint.iterations=1")


def uninterrupted(config, root, niter=NITER):
    settings = load(config, {"root": str(root), "solver": {"niter": niter}})
    ref = ingest(settings.sources, settings.target)
    run = begin(settings.root, ref.url, settings.problem, settings.solver.build(), name=settings.name)
    with Inversion(run, settings.solver.build()) as inversion:
        inversion.advance()
        return inversion.session.state.x.compute()


def await_checkpoint(process, root):
    end = time.monotonic() + 300
    while not list(root.glob("demo-*.zarr/checkpoints/i*/zarr.json")):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, "no checkpoint"
        time.sleep(0.02)


@pytest.mark.timeout(900)
def test_killed_pipeline_resumes_to_the_same_bits(pld, server, config, tmp_path):
    root = tmp_path / "runs"
    process = pld("run", config, "--root", root, *SETTINGS, wait=False, **server)
    await_checkpoint(process, root)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    (run,) = list_runs(root)
    assert run.status().state == "interrupted"

    code, text = pld("resume", run.storage.folder, "--verbose", **server)
    assert code == 0, text
    assert f"run: {run.storage.folder}" in text.splitlines()
    status = run.status()
    assert (status.state, status.iteration) == ("finished", NITER)

    tree = open_run(run.storage.url)
    model = tree["iterates"].to_dataset()["model"].isel(iteration=-1).values
    np.testing.assert_array_equal(model, uninterrupted(config, tmp_path / "other"))
    metrics = tree["model"].attrs["metrics"]
    assert metrics["impedance_error"] < 0.6 * metrics["background_error"]
    assert run.report is not None
    with (
        temporary_settings({PREFECT_API_URL: server["PREFECT_API_URL"]}),
        get_client(sync_client=True) as client,
    ):
        flow_runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(tags={"all_": [run.name]}))
        (done,) = [flow_run for flow_run in flow_runs if flow_run.state.is_completed()]
        lines = client.read_logs(LogFilter(flow_run_id={"any_": [done.id]}), limit=100)
    assert done.name == "pipeline demo"
    assert done.state.message == outcome(run.storage.url)
    assert f"misfit {100 * metrics['misfit']:.1f} %, {run.storage.folder}" in done.state.message
    messages = [line.message for line in lines]
    assert any(text.startswith("stage 2 of 3, invert: dataset ") for text in messages)
    assert f"finished: {done.state.message}" in messages


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kills", "niter"), [(1, 40), (5, 80)])  # a segment of the solve has four tries
def test_lost_workers_restart_the_solve_to_the_same_bits(pld, server, config, tmp_path, kills, niter):
    root = tmp_path / "runs"
    process = pld(
        "run", config, "--root", root, *SETTINGS, "--set", f"solver.niter={niter}", wait=False, **server
    )
    await_checkpoint(process, root)
    (run,) = list_runs(root)
    lines = []  # a pipe that nobody reads would hold the workers up
    reader = Thread(target=lambda: lines.extend(process.stdout))
    reader.start()
    for _ in range(kills):
        before = run.status().iteration
        while run.status().iteration == before or len(workers := workers_of(process)) < 2:
            assert process.poll() is None, "".join(lines)
            time.sleep(0.02)
        workers[0].kill()
    reader.join()
    text = "".join(lines)
    with process:  # closes the pipe
        assert process.wait() == 0, text
    assert "after a failure" in text
    assert "Compute Failed" not in text
    model = open_run(run.storage.url)["iterates"].to_dataset()["model"].isel(iteration=-1)
    assert model.iteration == niter
    np.testing.assert_array_equal(model.values, uninterrupted(config, tmp_path / "other", niter))


def workers_of(process):
    found = []
    for child in psutil.Process(process.pid).children():
        with suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_a_solve_that_diverges_is_no_success(pld, server, config, tmp_path):
    root = tmp_path / "runs"
    diverging = "solver={name: ista, alpha: 1.0e+20, niter: 100}"
    code, text = pld("run", config, "--root", root, "--set", diverging, **server)
    assert code == 1, text
    assert "NotFiniteError: the solve stopped at iteration" in text
    assert "NaN or infinity in" in text
    (run,) = list_runs(root)
    assert run.status().state == "failed"
    for words, shown in (
        (("runs", "--root", root), "failed"),
        (("show", run.storage.folder), "NaN or infinity"),
    ):
        result = CliRunner().invoke(app, list(map(str, words)))
        assert (result.exit_code, shown in result.output) == (0, True), result.output
