"""Results are fenced as checkpoints are: a writer who was overtaken changes and deletes nothing that counts."""

import shutil
import threading
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import pytest
import zarr
from storage_cases import IDENTITY, after, resume

import pylops_distributed.storage.atomic_group as group_module
import pylops_distributed.storage.lease as lease_module
import pylops_distributed.storage.results as result_module
from pylops_distributed import open_run
from pylops_distributed.inversion.result import needs_result, write_result
from pylops_distributed.runs.audit import repair, verify
from pylops_distributed.runs.report import write_report
from pylops_distributed.storage.atomic_group import Variable
from pylops_distributed.storage.checkpoint_policies import Retention
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.fence import abandon, is_published
from pylops_distributed.storage.group_metadata import FENCE, encode, read_attrs
from pylops_distributed.storage.lease import SupersededError
from pylops_distributed.storage.object_store import Storage, open_storage
from pylops_distributed.storage.results import results
from pylops_distributed.storage.run import Run

NAMED = {"name": "run", "problem": {}}


def model(value):
    return {"model": Variable(("x",), da.full((8,), float(value), chunks=4))}


@pytest.fixture
def run(tmp_path):
    url = str(tmp_path / "run.zarr")
    Run.create_or_open(url, identity=IDENTITY, provenance=NAMED)
    resume(url, 2)
    return Run.open(url)


@pytest.fixture(autouse=True)
def in_one_thread():
    with dask.config.set(scheduler="sync"):
        yield


def take_over(run):
    """As another process does of a writer that has not been heard of for too long."""
    lease_module._held.clear()
    return run.attempt()


class Paused:
    """A thread that pauses before the ``at``-th call of a function, until it is released."""

    def __init__(self, monkeypatch, owner, name, work, at=1):
        self.there, self.gate, self.error, self.calls = threading.Event(), threading.Event(), None, 0
        self.at, self.work, self.real = at, work, getattr(owner, name)
        self.thread = threading.Thread(target=self.begin)
        monkeypatch.setattr(owner, name, lambda *args, **more: self.call(*args, **more))
        self.thread.start()
        assert self.there.wait(60)

    def call(self, *args, **more):
        if threading.current_thread() is self.thread:
            self.calls += 1
            if self.calls == self.at:
                self.there.set()
                self.gate.wait(60)
        return self.real(*args, **more)

    def begin(self):
        try:
            with dask.config.set(scheduler="sync"):
                self.work()
        except Exception as error:
            self.error = error
        self.there.set()

    def wake(self):
        self.gate.set()
        self.thread.join(60)
        return self.error


def only(run, value):
    """The run holds this result, whole, and nothing else that counts."""
    assert set(open_run(run.storage.url)["model"]["model"].values) == {float(value)}
    assert run.status().reason == str(value)
    assert [f for f in verify(run.storage.url) if f.harmful] == []


@pytest.mark.parametrize(
    ("owner", "name"),
    [(group_module, "write_group"), (result_module, "delete_group"), (result_module, "is_published")],
)
def test_a_zombie_in_a_result_changes_nothing(run, monkeypatch, owner, name):
    with run.attempt() as first:
        run.write_result(first, model(0), attrs={"reason": "0"})
    old = run.attempt()
    zombie = Paused(monkeypatch, owner, name, lambda: run.write_result(old, model(1), attrs={"reason": "1"}))
    with take_over(run) as new:
        run.write_result(new, model(2), attrs={"reason": "2"})
        only(run, 2)
        zombie.wake()
        only(run, 2)
        assert [place.attempt for place in results(run.storage)] == [new.number]


def test_a_zombie_among_its_chunks_writes_to_a_separate_place(run, monkeypatch):
    old = run.attempt()
    zombie = Paused(monkeypatch, group_module, "checksum_of", lambda: run.write_result(old, model(1)), at=2)
    with take_over(run) as new:
        path = run.write_result(new, model(2), attrs={"reason": "2"})
        assert isinstance(zombie.wake(), SupersededError)
        only(run, 2)
        assert set(zarr.open_array(f"{run.storage.place}/{path}/model", mode="r")[:]) == {2.0}


@pytest.mark.parametrize("what", ["result", "checkpoint"])
def test_a_late_publication_meets_a_fence(run, monkeypatch, what):
    """The last look at the lease was in time, the publishing write is not: what it needs was deleted meanwhile."""
    old = run.attempt()

    def work():
        if what == "result":
            run.write_result(old, model(1))
        else:
            CheckpointStore(old, background=False).save(after(9))

    zombie = Paused(monkeypatch, Storage, "put_new", work)
    with take_over(run) as new, CheckpointStore(new) as store:
        assert isinstance(zombie.wake(), SupersededError)
        assert run.result is None
        assert [entry.iteration for entry in store.list()] == [1, 2]
    assert verify(run.storage.url) == []
    open_run(run.storage.url)


def test_a_zombie_prunes_no_checkpoint_of_a_newer_attempt(run, monkeypatch):
    old = run.attempt()
    store = CheckpointStore(old, background=False)
    zombie = Paused(monkeypatch, CheckpointStore, "_prune", lambda: store.save(after(3)))
    with take_over(run) as new, CheckpointStore(new, retention=Retention(5)) as newer:
        for iteration in range(3, 7):
            newer.save(after(iteration))
            newer.wait()
        saved = [entry for entry in newer.list() if entry.attempt == new.number]
        assert isinstance(zombie.wake(), SupersededError)
        assert [entry for entry in newer.list() if entry.attempt == new.number] == saved


def test_abandon_and_publish_exclude_each_other(tmp_path):
    storage = open_storage(tmp_path)
    assert storage.put_new("a/zarr.json", encode({"uuid": 1}))
    storage.put("a/model/c", b"1")
    abandon(storage, "a")
    assert is_published(storage, "a")
    assert storage.exists("a/model/c")
    storage.put("b/model/c", b"1")
    abandon(storage, "b")
    assert not storage.put_new("b/zarr.json", encode({"uuid": 1}))
    assert [*storage.list("b")] == ["b/zarr.json"]
    with pytest.raises(FileNotFoundError, match="never published"):
        read_attrs(storage, "b")
    assert zarr.open_group(storage.zarr("b", read_only=True), mode="r").attrs.asdict() == {}
    assert storage.get("b/zarr.json") == FENCE


@pytest.fixture
def golden(tmp_path):
    """A run with its result and its report where older versions put them."""
    (archive,) = (Path(__file__).parents[1] / "golden").glob("*/run.zip")
    shutil.unpack_archive(archive, tmp_path)
    run = Run.open(tmp_path / "golden.zarr")
    run.storage.put("report.html", b"old")
    return run


def test_an_old_result_counts_until_there_is_a_new_one(golden):
    assert (golden.result, golden.report) == ("result", "report.html")
    assert not needs_result(golden)
    assert open_run(golden.storage.url)["model"].attrs["path"] == "result"
    before = open_run(golden.storage.url)["model"].to_dataset().load()
    write_result(golden, "again")
    assert golden.result == "result/a0003-0001"
    assert golden.report is None
    assert golden.status().reason == "again"
    assert list(golden.storage.dirs("result")) == ["a0003-0001"]
    after = open_run(golden.storage.url)["model"].to_dataset()
    np.testing.assert_array_equal(after["impedance"], before["impedance"])
    assert after.attrs["iteration"] == before.attrs["iteration"]
    place = write_report(golden.storage.url)
    assert place == f"{golden.storage.place}/{golden.report}"
    assert Path(place).exists()


def test_a_corrupt_old_result_is_deleted_and_an_unfinished_one_too(golden):
    next(p for p in Path(golden.storage.place, "result/impedance/c").rglob("*") if p.is_file()).write_bytes(
        b"1"
    )
    golden.storage.put("result/a0009-0001/model/c/0", b"1")
    assert {f.path for f in verify(golden.storage.url)} == {"result", "result/a0009-0001"}
    repair(golden.storage.url)
    assert verify(golden.storage.url) == []
    assert golden.result is None


def test_a_late_report_belongs_to_its_result(golden):
    write_result(golden, "first")
    tree = open_run(golden.storage.url)
    write_result(golden, "second")
    newest = write_report(golden.storage.url)
    late = write_report(golden.storage.url, {}, tree)
    assert newest == f"{golden.storage.place}/{golden.report}" != late
    golden.attempt().close()
    assert not Path(late).exists()
    assert Path(newest).exists()


def test_a_reader_of_a_result_that_is_replaced_gets_an_error(run):
    """An array that is read lazily is never filled up where its chunks have gone."""
    with run.attempt() as attempt:
        run.write_result(attempt, model(1))
        before = open_run(run.storage.url)
        run.write_result(attempt, model(2))
    with pytest.raises(FileNotFoundError, match="deleted or replaced"):
        before["model"]["model"].compute()
    assert set(open_run(run.storage.url)["model"]["model"].values) == {2.0}


@pytest.mark.parametrize("what", ["result", "checkpoint"])
def test_a_timely_publication_is_not_acknowledged_after_a_takeover(run, monkeypatch, what):
    old = run.attempt()

    def work():
        if what == "result":
            run.write_result(old, model(1), attrs={"reason": "1"})
        else:
            CheckpointStore(old, background=False).save(after(9))

    owner, name = (result_module, "_delete_replaced") if what == "result" else (CheckpointStore, "_prune")
    if what == "result":
        zombie = Paused(monkeypatch, Storage, "sync", work, at=2)  # of the published result
    else:
        zombie = Paused(monkeypatch, owner, name, work)
    with take_over(run):
        assert isinstance(zombie.wake(), SupersededError)
