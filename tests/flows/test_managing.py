"""Runs that are watched, renamed and deleted by commands; none of it harms a run that somebody works on."""

import io
import json
import logging
import os
import signal
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace

import dask.array as da
import pytest
from typer.testing import CliRunner

import pylops_distributed as pld
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run, find_runs
from pylops_flows.cli.main import app
from pylops_flows.cli.run_pipeline import _saved
from pylops_flows.cli.startup import _hide_interrupts
from pylops_flows.settings.pipeline import PipelineConfig


def make(url):
    return Run.create_or_open(url, identity={})


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder with two runs that nobody works on."""
    for name in ("a-11112222.zarr", "b-33334444.zarr"):
        make(tmp_path / "runs" / name).attempt().close()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


def call(*words, code=0, **more):
    done = CliRunner().invoke(app, list(map(str, words)), **more)
    assert done.exit_code == code, done.output
    return SimpleNamespace(out=done.stdout, err=done.stderr)


def names(root):
    return [name for name, _ in find_runs(root)]


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_runs_are_deleted_after_a_question(root):
    assert "Delete this run?" in call("rm", "1", code=1, input="n\n").out
    assert len(names(root)) == 2
    (root / "link.zarr").symlink_to("a-11112222.zarr")
    assert f"deleted: {root}/a-11112222.zarr" in call("rm", "a", input="y\n").out
    assert files(root) == ["b-33334444.zarr"]
    (root / "notes").mkdir()
    call("rm", root / "notes", "--yes", code=2)  # no run
    call("rm", "latest", "--yes")
    assert files(root) == ["notes"]


def test_a_dataset_is_no_run_to_delete(root):
    (root / "data.zarr").mkdir()
    (root / "data.zarr" / "zarr.json").write_text(
        '{"zarr_format": 3, "node_type": "group", "attributes": {}}'
    )
    call("rm", root / "data.zarr", "--yes", code=1)
    assert (root / "data.zarr" / "zarr.json").exists()


def test_a_run_with_corrupt_metadata_can_be_deleted(root):
    (root / "a-11112222.zarr" / "zarr.json").write_text("{")
    call("rm", "a-11112222.zarr", "--yes")
    assert files(root) == ["b-33334444.zarr"]


def test_living_runs_are_neither_deleted_nor_renamed(root):
    with closing(make(root / "a-11112222.zarr").attempt()):
        assert "is being worked on by process" in call("rm", "a", "b", "--yes", code=3).err
        assert "is being worked on by process" in call("rename", "a", "c", code=3).err
    assert names(root) == ["a-11112222.zarr", "b-33334444.zarr"]


def test_a_run_under_another_name(root):
    before = make(root / "a-11112222.zarr")
    (root / "link.zarr").symlink_to("a-11112222.zarr")
    assert call("rename", "a-1", "best one").out == f"run: {root}/best one.zarr\n"
    assert names(root) == ["b-33334444.zarr", "best one.zarr", "link.zarr"]
    assert (root / "link.zarr").readlink().name == "best one.zarr"
    run = Run.open(root / "best one.zarr")
    assert run.attrs["run_id"] == before.attrs["run_id"]
    with closing(run.attempt()) as attempt:  # the one that renamed it was released
        assert attempt.number == 3
        attempt.check()
    assert "already exists" in call("rename", "best one", "b-33334444", code=2).err
    for name in ("../up", "", ".hidden"):
        assert "cannot be the name" in call("rename", "best one", name, code=2).err


def test_status_of_a_running_run(root):
    assert "the newest run is b-33334444.zarr: interrupted" in call("status").out
    assert json.loads(call("status", "--json").out) == []
    op, run = pld.Diagonal(da.linspace(1, 2, 8, chunks=4)), make(root / "c.zarr")
    with run.attempt() as attempt, CheckpointStore(attempt, background=False) as store:
        run_solver(CGLS(4, tol=0.0), op, da.ones(8, chunks=4), store=store, save=Every(1))
        store.note(niter=400)
        (record,) = json.loads(call("status", "--json").out)
        heading, row = call("status").out.splitlines()
    assert (record["name"], record["iteration"], record["niter"]) == ("c.zarr", 4, 400)
    assert record["process"]["pid"] == os.getpid()
    assert record["seconds"] > 0
    assert 0 < record["left"] <= 396 * record["seconds"]
    assert 0 < record["relative_residual"] < 1
    assert row.split("\t")[:2] == ["c.zarr", "4/400"]
    assert heading.split("\t")[0] == "run"
    assert json.loads(call("status", "--json").out) == []  # released


def test_an_interrupted_command_names_the_iteration_and_the_command_that_resumes(root, tmp_path):
    op, run = pld.Diagonal(da.linspace(1, 2, 8, chunks=4)), make(root / "c d.zarr")
    settings = PipelineConfig(root=str(root), dataset="none.zarr")
    with run.attempt() as attempt, CheckpointStore(attempt, background=False) as store:
        assert _saved(settings) is None  # nothing is saved yet
        run_solver(CGLS(4, tol=0.0), op, da.ones(8, chunks=4), store=store, save=Every(1))
        store.note(niter=400)
        assert _saved(settings) == "iteration 4 of 400 is saved; resume with: pld resume 'c d.zarr'"
    elsewhere = settings.model_copy(update={"root": str(tmp_path / "other")})
    assert _saved(elsewhere) is None


def test_prefect_says_nothing_about_interrupts_in_the_terminal():
    screen, log = io.StringIO(), logging.getLogger("prefect.task_runs")
    handler = logging.StreamHandler(screen)
    log.addHandler(handler)
    try:
        _hide_interrupts()
        log.error("Crash detected! Execution was aborted by an interrupt signal.")
        log.error("Crash detected! Out of memory.")
    finally:
        log.removeHandler(handler)
    assert screen.getvalue() == "Crash detected! Out of memory.\n"


@pytest.mark.slow
def test_watching_ends_with_ctrl_c(root, environment):
    command = [sys.executable, "-u", "-m", "pylops_flows.cli.main", "status", "--watch"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, cwd=root.parent
    ) as watch:
        assert "nothing is running" in watch.stdout.readline()
        watch.send_signal(signal.SIGINT)
        assert watch.stdout.read() == ""
    assert watch.returncode == 0
