"""Runs are listed, shown, opened and compared as they are, however they were made; one of them harms no other."""

import json

import dask
import dask.array as da
import numpy as np
import pytest
from typer.testing import CliRunner

import pylops_distributed as pld
from pylops_distributed import open_run
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.inversion.result import write_result
from pylops_distributed.inversion.warm_start import find_warm_start
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.runs.comparison import compare
from pylops_distributed.runs.report import summary
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run
from pylops_flows.cli.main import app
from pylops_flows.settings.pipeline import PipelineConfig, load
from pylops_flows.settings.stored import settings_of
from pylops_flows.settings.up_to_date import up_to_date


def table(root):
    done = CliRunner().invoke(app, ["runs", "--root", str(root)])
    assert done.exit_code == 0
    return done.output


def scripted(url):
    """A run made in Python, with an operator and a store."""
    op = pld.Diagonal(da.linspace(1, 2, 8, chunks=4))
    run = Run.create_or_open(url, identity={})
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        run_solver(CGLS(5, tol=0.0), op, da.ones(8, chunks=4), store=store, save=Every(2))
    return run


@pytest.fixture
def solved(config, tmp_path):
    """A run of a pipeline's settings, solved to iteration 4, without a result."""
    settings = load(config, {"root": str(tmp_path / "runs")})
    ref = ingest(settings.sources, settings.target)
    run = begin(
        settings.root,
        ref.url,
        settings.problem,
        settings.solver,
        name="demo",
        params={"solver": {"niter": 4}},
    )
    advance(run, settings, 4)
    return run, settings


def advance(run, settings, niter):
    solver = settings.solver.model_copy(update={"niter": niter, "tol": 0.0})
    with dask.config.set(scheduler="sync"), Inversion(run, solver) as inversion:
        inversion.advance()


def test_a_run_made_in_python_is_listed_and_opened(tmp_path):
    run = scripted(tmp_path / "mine.zarr")
    status = run.status()
    assert (status.state, status.iteration, status.niter) == ("solved", 5, 5)
    assert "maximum number" in status.reason
    assert "5/5" in table(tmp_path)
    tree = open_run(run.storage.url)
    np.testing.assert_allclose(tree["model"]["model"].values, 1 / np.linspace(1, 2, 8), rtol=0.02)
    assert summary(tree)["iterations"] == 5
    assert find_warm_start(str(tmp_path), "demo", {"data": "x"}) == ({"data": "x"}, None)
    assert (
        up_to_date(PipelineConfig(name="demo", root=str(tmp_path), dataset=str(tmp_path / "none.zarr")))
        is None
    )
    shown = CliRunner().invoke(app, ["show", run.storage.url])
    assert shown.exit_code == 0, shown.output
    with pytest.raises(ValueError, match="run that script again"):
        settings_of(run)
    with pytest.raises(ValueError, match="without a problem"):
        write_result(run)
    assert "solver.niter" not in compare(tree, open_run(run.storage.url))["settings"]


def test_one_strange_folder_harms_no_other(tmp_path):
    scripted(tmp_path / "mine.zarr")
    broken = tmp_path / "broken.zarr"
    broken.mkdir()
    (broken / "zarr.json").write_text("{")
    half = scripted(tmp_path / "half.zarr")
    raw = json.loads((tmp_path / "half.zarr" / "zarr.json").read_text())
    raw["attributes"]["created_at"] = "when?"
    (tmp_path / "half.zarr" / "zarr.json").write_text(json.dumps(raw))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    text = table(tmp_path)
    assert "mine.zarr" in text
    assert "5/5" in text
    for name in ("broken.zarr", "half.zarr"):
        (row,) = [line for line in text.splitlines() if name in line and "unreadable" in line]
        assert row.split()[2:] == ["unreadable", "-", "-", "-", "-", "-"]
        assert f"{name}: " in text
        assert "CorruptionError" not in text
    assert "notes" not in text
    assert half is not None


def test_states_and_results_are_of_one_iterate(solved):
    run, settings = solved
    name = run.storage.url.rsplit("/", 1)[-1]
    assert run.status().state == "solved"
    assert run.status().advice == f"solved, without a result yet: pld postprocess {name}"
    write_result(run)
    assert (run.status().state, run.status().advice) == ("finished", None)
    assert "out_of_date" not in open_run(run.storage.url).attrs
    before = open_run(run.storage.url)

    advance(run, settings, 7)
    status, words = (
        run.status(),
        f"the result is of iteration 4, the newest iterate is 7: pld postprocess {name}",
    )
    assert (status.state, status.iteration, status.niter, status.advice) == ("out of date", 7, 7, words)
    text = table(settings.root)
    assert "7/7" in text
    assert words in text
    assert "% (of 4)" in text
    tree = open_run(run.storage.url)
    assert tree.attrs["out_of_date"] == tree["model"].attrs["out_of_date"] == words
    assert tree["model"].attrs["iteration"] == 4
    rows = summary(tree)  # of `show`, the report and `view`
    assert rows["out of date"] == words
    assert rows["data misfit, relative L2"].endswith("% (of iteration 4)")
    assert words in " ".join(CliRunner().invoke(app, ["show", run.storage.url]).output.split())
    settings = compare(before, tree)["settings"]
    assert settings["solver.niter"].values.tolist() == ["4", "7"]

    write_result(run)
    assert run.status().state == "finished"
    assert "out_of_date" not in open_run(run.storage.url).attrs
    assert settings_of(run)["solver"]["niter"] == 4  # as the settings that it was made with


def test_variables_come_in_one_order(solved):
    run, _ = solved
    write_result(run)
    tree = open_run(run.storage.url)
    for node in tree.subtree:
        names = list(map(str, node.data_vars))
        assert names == sorted(names), node.path
