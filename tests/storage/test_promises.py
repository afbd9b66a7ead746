"""Promises that no other test checks: the order of flushes, where a solve ends, and where a run begins."""

import os
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import pytest
from order import flushed
from storage_cases import IDENTITY, after, history

from pylops_distributed import Diagonal
from pylops_distributed.inversion.warm_start import find_warm_start
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.storage.atomic_group import Variable
from pylops_distributed.storage.checkpoint_keys import published_checkpoints
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.direct_io import write_chunk
from pylops_distributed.storage.run import Run


@pytest.fixture
def run(tmp_path):
    return Run.create_or_open(tmp_path / "run.zarr", identity=IDENTITY)


def publish(run, what):
    """Publish a checkpoint or a result; returns its folder, and all that was flushed, linked and deleted."""
    with run.attempt() as attempt, pytest.MonkeyPatch.context() as patch:
        store = CheckpointStore(attempt, background=False)
        with flushed(patch) as events, dask.config.set(scheduler="sync"):
            if what == "checkpoint":
                store.save(after(1), history(after(1)))
                path = store.list()[-1].path
            else:
                path = run.write_result(attempt, {"model": Variable(("x",), da.ones(6, chunks=2))})
    return Path(run.storage.place, path), events


@pytest.mark.parametrize("what", ["checkpoint", "result"])
def test_all_is_on_disk_before_it_is_published(run, what):
    group, events = publish(run, what)
    published = events.index(("link", str(group / "zarr.json")))
    before = {path for kind, path in events[:published] if kind == "fsync"}
    inside = {str(p) for p in group.rglob("*")} | {str(group), str(group / "zarr.json")}
    assert sum(Path(path).is_file() for path in inside) > 3
    assert inside - before == set()


@pytest.mark.parametrize("what", ["checkpoint", "result"])
def test_publications_are_on_disk_before_they_are_acknowledged(run, what):
    group, events = publish(run, what)
    published = events.index(("link", str(group / "zarr.json")))
    above = [str(group), str(group.parent), run.storage.place]
    assert {path for kind, path in events[published:] if kind == "fsync"} >= {
        str(group / "zarr.json"),
        *above,
    }


def test_an_attempt_is_on_disk_before_it_is_begun(run):
    """Else its number could be taken again after a power cut."""
    with pytest.MonkeyPatch.context() as patch, flushed(patch) as events, run.attempt():
        records = sorted(Path(run.storage.place, "attempts").glob("*/zarr.json"))
        begun = [path for kind, path in events if kind == "fsync"]
    (record,) = records
    assert {str(record), str(record.parent), str(record.parent.parent), run.storage.place} <= set(begun)


def test_a_checkpoint_is_deleted_only_after_a_newer_one_is_on_disk(run):
    with run.attempt() as attempt, pytest.MonkeyPatch.context() as patch:
        store = CheckpointStore(attempt, background=False)
        for iteration in (1, 2):
            store.save(after(iteration))
        with flushed(patch) as events:
            store.save(after(3))
    root = Path(run.storage.place, "checkpoints")
    gone = events.index(("remove", str(root / "i00000001-a0001/zarr.json")))
    assert ("fsync", str(root / "i00000003-a0001")) in events[:gone]
    assert events.index(("link", str(root / "i00000003-a0001/zarr.json"))) < gone


@pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
def test_large_numbers_whose_sum_overflows_are_finite(tmp_path, dtype):
    values = np.full(1000, np.finfo(dtype).max, dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        assert not np.isfinite(values.sum())
        assert write_chunk(tmp_path / "c/0", values)[0]


@pytest.mark.parametrize("niter", [3, 7])
def test_a_solve_that_has_ended_is_saved_whenever_that_was(run, niter):
    """However seldom states are saved, the last one is."""
    scale = da.arange(1, 13, chunks=4, dtype=float)
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        run_solver(CGLS(niter, tol=0.0), Diagonal(scale), scale + 1, store=store, save=None)
    assert [entry.iteration for entry in published_checkpoints(run.storage)] == [niter]


def test_a_warm_start_is_at_the_newest_of_several_results(tmp_path):
    kind = {"problem": "toy", "solver": "CGLS"}
    runs = []
    for data in ("a", "b", "c"):
        run = Run.create_or_open(
            tmp_path / data, identity={**kind, "data": data}, provenance={"name": "survey"}
        )
        with run.attempt() as attempt, CheckpointStore(attempt) as store:
            store.save(after(1))
            store.wait()
            if data != "c":  # which was begun last, and has no result
                run.write_result(attempt, {"model": Variable(("x",), np.ones(2))})
        runs.append(run)
    what, url = find_warm_start(str(tmp_path), "survey", {**kind, "data": "d"})
    assert (url, what["start"]["run"]) == (runs[1].storage.url, runs[1].attrs["run_id"])
    with runs[0].attempt() as attempt:  # the older run has the newer result now
        runs[0].write_result(attempt, {"model": Variable(("x",), np.ones(2))})
    assert find_warm_start(str(tmp_path), "survey", {**kind, "data": "d"})[1] == runs[0].storage.url


def test_nothing_of_another_process_is_flushed_here(monkeypatch):
    """What counts the events sees real ones."""
    with flushed(monkeypatch) as events:
        descriptor = os.open(Path(__file__), os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    assert events == [("fsync", __file__)]
