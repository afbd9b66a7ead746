"""``pld run --dry-run`` shows what a run would do, and does none of it."""

import dask
import pytest
from typer.testing import CliRunner

from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.inversion.result import write_result
from pylops_distributed.runs.report import write_report
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_flows.cli.main import app
from pylops_flows.settings.pipeline import load


@pytest.fixture
def look(config, tmp_path):
    """What a dry run of the demo shows, by stage; nothing may have changed."""
    root = tmp_path / "runs"

    def stages(*more):
        before = sorted(tmp_path.rglob("*"))
        done = CliRunner().invoke(app, ["run", str(config), "--dry-run", "--root", str(root), *more])
        assert done.exit_code == 0, done.output
        assert sorted(tmp_path.rglob("*")) == before
        return dict(line.split(None, 1) for line in done.stdout.splitlines())

    return stages


def test_a_dry_run_before_during_and_after(look, config, tmp_path):
    settings = load(config, {"root": str(tmp_path / "runs")})
    shown = look()
    assert shown["ingest"].startswith("3 sources into ")
    assert shown["invert"].startswith("60 iterations at most, into the new run ")
    assert "free" in shown["disk"]
    assert "available on this machine" in shown["memory"]
    assert shown["time"].startswith("not known")

    dataset = ingest(settings.sources, settings.target).url
    run = begin(settings.root, dataset, settings.problem, settings.solver, name=settings.name)
    place = run.storage.place
    assert look()["invert"] == f"60 iterations at most, from the start, in {place}"

    solver = settings.solver.model_copy(update={"niter": 4})
    with (
        dask.config.set(scheduler="sync"),
        Inversion(run, solver, save=Every(2)) as inversion,
    ):
        inversion.advance()
    shown = look()
    assert shown["ingest"].startswith("up to date: ")
    assert shown["invert"].startswith(f"resumes {place} at iteration 4 of 60")
    assert shown["time"].endswith(f"for 56 iterations, at the speed of {run.name}")
    assert look("--set", "solver.niter=4")["invert"] == f"up to date: {place} is at iteration 4 of 4"
    assert look("--set", "solver.niter=4")["postprocess"] == "result and report"
    assert look("--set", "problem.lateral=9")["invert"].startswith("60 iterations at most, into the new run ")
    assert run.name in look("--set", "problem.lateral=9")["time"]

    write_result(run)
    write_report(run.storage.url)
    shown = look("--set", "solver.niter=4")
    assert (shown["postprocess"], shown["time"]) == ("up to date", "no iterations left")
