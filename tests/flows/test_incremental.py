"""Unchanged stages are not done again, new runs begin at the last result, and old ones can be deleted."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import segyio

from pylops_distributed.ingest import ingest, open_dataset
from pylops_distributed.inversion.disk_usage import disk_use
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.inversion.result import write_result
from pylops_distributed.runs.pruning import find_removable
from pylops_distributed.runs.report import write_report
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import list_runs
from pylops_flows.cli.demo_data import make_demo
from pylops_flows.settings.pipeline import load
from pylops_flows.settings.up_to_date import up_to_date

NITER = 6


@pytest.fixture
def settings(config, tmp_path):
    return load(config, {"root": str(tmp_path / "runs"), "solver": {"niter": NITER}, "warm_start": True})


def through(settings):
    """The pipeline up to its result, as plain calls; returns the run and its costs."""
    ref = ingest(settings.sources, settings.target)
    run = begin(
        settings.root, ref.url, settings.problem, settings.solver, name=settings.name,
        params=settings.model_dump(mode="json"), warm_start=settings.warm_start,
    )  # fmt: skip
    with Inversion(run, settings.solver, save=Every(1), retention=settings.checkpoint.retention) as inversion:
        cost = inversion.advance().cost
    write_result(run)
    return run, cost


def next_survey(config):
    """The survey of a month later: nearly the same."""
    with segyio.open(config.parent / "seismic.sgy", "r+") as file:
        for trace in range(0, file.tracecount, 7):
            file.trace[trace] = file.trace[trace] * np.float32(1.05)


def test_unchanged_data_are_not_inverted_again(settings, config):
    assert up_to_date(settings) is None
    run, _ = through(settings)
    assert up_to_date(settings) is None  # there is no report yet
    write_report(run.storage.url)
    assert up_to_date(settings) == run.storage.url
    more = settings.model_copy(update={"solver": settings.solver.model_copy(update={"niter": NITER + 1})})
    assert up_to_date(more) is None
    copy = shutil.copy(config.parent / "seismic.sgy", str(config.parent / "again.sgy"))  # the same, elsewhere
    sources = settings.sources | {
        "amplitude": settings.sources["amplitude"].model_copy(update={"path": copy})
    }
    assert up_to_date(settings.model_copy(update={"sources": sources})) == run.storage.url
    next_survey(config)
    assert up_to_date(settings) is None


def test_new_data_begin_at_the_last_result(settings, config):
    first, before = through(settings)
    next_survey(config)
    second, after = through(settings)
    assert second.storage.url != first.storage.url
    assert second.attrs["identity"]["start"]["run"] == first.attrs["run_id"]
    cold, untouched = through(settings.model_copy(update={"warm_start": False}))
    assert len({first.storage.url, second.storage.url, cold.storage.url}) == 3
    assert after[0] < 0.2 * untouched[0]  # less than a fifth of the misfit is left to be fitted
    assert after[-1] < untouched[-1]
    assert before[0] == pytest.approx(untouched[0], rel=0.1)
    # Once begun, it is the same run, whatever has come since.
    again, _ = through(settings)
    assert again.storage.url in (second.storage.url, cold.storage.url)
    assert len(list_runs(settings.root)) == 3


@pytest.mark.slow
def test_a_run_resumes_when_its_warm_start_is_gone(settings, config):
    first, _ = through(settings)
    next_survey(config)
    more = settings.model_copy(update={"solver": settings.solver.model_copy(update={"niter": NITER + 1})})
    newest = max(Path(settings.root).glob("*.zarr/checkpoints/i*"))
    (newest / "model" / "zarr.json").unlink()  # a run never begins at a corrupt one
    second, _ = through(settings)
    begun_at = second.attrs["identity"]["start"]["checkpoint"]
    assert begun_at < newest.name
    shutil.rmtree(Path(settings.root) / first.storage.url.rpartition("/")[2])
    again, cost = through(more)
    assert again.storage.url == second.storage.url
    assert len(cost) == NITER + 2


@pytest.mark.slow
def test_a_run_is_of_its_dataset_and_begins_at_the_newest_result(settings, config):
    through(settings)
    next_survey(config)
    second, _ = through(settings)
    next_survey(config)
    third, _ = through(settings)
    assert third.attrs["identity"]["start"]["run"] == second.attrs["run_id"]  # not at the first
    next_survey(config)
    shutil.rmtree(third.attrs["dataset"].removeprefix("file://"))
    assert ingest(settings.sources, third.attrs["dataset"]).fingerprint != third.attrs["identity"]["data"]
    with pytest.raises(ValueError, match="is not the dataset"):
        Inversion(third, settings.solver)


@pytest.mark.slow
def test_a_result_of_another_shape_is_not_begun_at(settings, tmp_path):
    through(settings)
    other = load(
        make_demo(tmp_path / "larger", shape=(13, 14, 64)),
        {"root": settings.root, "solver": {"niter": NITER}},
    )
    run, cost = through(other.model_copy(update={"warm_start": True}))
    assert len(cost) == NITER + 1
    assert run.status().state == "finished"


def test_disk_use_equals_the_bytes_written(settings, config):
    run, _ = through(settings)
    use = disk_use(
        settings.problem, open_dataset(run.attrs["dataset"]), settings.solver, settings.checkpoint.retention
    )
    checkpoints = {name: sum(n for _, n in run.storage.sizes(f"checkpoints/{name}"))
                   for name in run.storage.dirs("checkpoints")}  # fmt: skip
    assert len(checkpoints) == 2 < use.checkpoints
    for stored in checkpoints.values():  # labels, checksums and history come on top
        assert use.state <= stored < 1.5 * use.state
    assert 0 < sum(n for _, n in run.storage.sizes("result")) < 1.5 * use.result


def test_waste(settings, tmp_path):
    keeps = settings.checkpoint.model_copy(update={"keep_every": 1})
    run, _ = through(settings.model_copy(update={"checkpoint": keeps}))
    kept = run.storage.dirs("checkpoints")
    found = list(find_removable(settings.root))
    assert [one.path.rpartition("/")[2] for one in found] == list(kept)[:-2]
    assert all(one.size > 0 for one in found)
    for one in found:
        one.delete()
    assert not list(find_removable(settings.root))
    assert run.status().iteration == NITER

    given_up = begin(settings.root, run.attrs["dataset"], settings.problem, settings.solver, name="other")
    given_up.attempt().close()
    assert not list(find_removable(settings.root))
    (one,) = find_removable(settings.root, days=0)
    assert one.run.storage.url == given_up.storage.url
    one.delete()
    assert [r.storage.url for r in list_runs(settings.root)] == [run.storage.url]


def test_a_dataset_of_other_data_at_the_same_place_is_rejected(settings, config):
    run, _ = through(settings)
    place = open_storage(run.dataset).place
    shutil.rmtree(place)
    next_survey(config)
    ingest(settings.sources, place)
    with pytest.raises(ValueError, match=r"is not the dataset that .* was begun with: put it back"):
        Inversion(run, settings.solver)
    assert run.status().state == "finished"  # and free for others
