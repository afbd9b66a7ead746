"""The command line, real Prefect flows on real Dask worker processes, killed and resumed."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from flows.config import load, validate
from flows.demo import make_demo
from pylops_distributed import open_run
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion import Inversion, begin
from pylops_distributed.run import RunMismatch, list_runs

SHAPE = (12, 14, 64)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture
def config(tmp_path):
    return make_demo(tmp_path, shape=SHAPE)


def pld(home, *words, wait=True):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}
    environment |= {"PREFECT_HOME": str(home), "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *map(str, words)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    if not wait:
        return process
    text, _ = process.communicate(timeout=300)
    return process.returncode, text


def uninterrupted(config, root):
    settings = load(config, {"root": str(root)})
    ref = ingest(settings.sources, settings.target)
    run = begin(settings.root, ref.url, settings.problem, settings.solver.build(), name=settings.name)
    with Inversion(run, settings.solver.build()) as inversion:
        inversion.advance()
        return inversion.session.state.x.compute()


@pytest.mark.timeout(900)
def test_killed_pipeline_resumes_to_the_same_bits(home, config, tmp_path):
    root = tmp_path / "runs"
    process = pld(home, "run", config, "--root", root, "--set", "checkpoint.iterations=2", wait=False)
    end = time.monotonic() + 300
    while not list(root.glob("demo-*.zarr/checkpoints/i*/zarr.json")):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, "no checkpoint"
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    (run,) = list_runs(root)
    assert run.status().state == "interrupted"

    code, text = pld(home, "resume", run.storage.folder)
    assert code == 0, text
    assert text.strip().splitlines()[-1] == f"run: {run.storage.folder}"
    status = run.status()
    assert (status.state, status.iteration) == ("finished", 60)

    tree = open_run(run.storage.url)
    model = tree["iterates"].to_dataset()["model"].isel(iteration=-1).values
    np.testing.assert_array_equal(model, uninterrupted(config, tmp_path / "other"))
    metrics = tree["model"].attrs["metrics"]
    assert metrics["impedance_error"] < 0.6 * metrics["background_error"]
    assert run.storage.exists("report.html")


def test_bad_input_is_refused_before_anything_runs(home, config, tmp_path):
    for change, word in (
        ("solver.nitr=3", "nitr: unknown key"),
        ("solver.name=magic", "solver.name"),
        ("problem.name=nothing", "problem.name"),
    ):
        code, text = pld(home, "run", config, "--root", tmp_path, "--set", change)
        assert code == 2
        assert word in text
    code, text = pld(home, "show", tmp_path / "nowhere.zarr")
    assert code == 2
    assert "there is no run" in text


def test_other_parameters_in_the_same_place_are_listed(config, tmp_path):
    settings = load(config, {"root": str(tmp_path)})
    ref = ingest(settings.sources, settings.target)
    place = str(tmp_path / "one.zarr")
    begin(settings.root, ref.url, settings.problem, settings.solver.build(), url=place)
    other = settings.problem.model_copy(update={"lateral": 0.2})
    with pytest.raises(RunMismatch, match="lateral"):
        begin(settings.root, ref.url, other, settings.solver.build(), url=place)


def test_every_wrong_key_is_named():
    with pytest.raises(ValueError, match="unknown key") as error:
        validate({"dataset": "a.zarr", "solvr": {}, "problem": {"peak": 2}}, "this")
    assert "solvr" in str(error.value)
    assert "problem.peak" in str(error.value)
