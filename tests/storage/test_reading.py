"""Unreadable and corrupt checkpoints: only the latter are skipped, written anew, or deleted."""

from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path
from typing import Any

import dask.array as da
import pytest
from distributed import KilledWorker
from distributed.comm import CommClosedError
from obstore.exceptions import GenericError
from storage_cases import IDENTITY, ToyState, after, assert_same, resume, step

from pylops_distributed.compat.distributed import FutureCancelledError
from pylops_distributed.storage import checksums as damage
from pylops_distributed.storage.atomic_group import Variable, open_group, write_group
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.lease import Attempt
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run


@pytest.fixture
def attempt(tmp_path: Path) -> Any:
    with Run.create_or_open(tmp_path / "run.zarr", identity=IDENTITY).attempt() as attempt:
        yield attempt


@pytest.mark.parametrize(
    ("trouble", "seen"),
    [
        (MemoryError("not enough memory"), MemoryError),
        (FutureCancelledError("key", "lost"), FutureCancelledError),
        (KilledWorker("task", None, 3), KilledWorker),
        (CommClosedError("gone"), OSError),
        (GenericError("mount is stale"), OSError),
    ],
)
def test_the_trouble_of_who_reads_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception, seen: type[Exception]
) -> None:
    url = str(tmp_path / "run.zarr")
    resume(url, 3)
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
        with monkeypatch.context() as patch:
            patch.setattr(damage, "checksums", raising(trouble))
            with pytest.raises(seen):
                store.latest(ToyState)
        store.prune()
        found = store.latest(ToyState)
        assert found is not None
        assert found.name == "i00000003-a0001"


def test_a_disk_that_has_lost_it_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, read = str(tmp_path / "run.zarr"), damage.checksums
    resume(url, 3)

    def checksums(array: Any, get: Any) -> str:
        if "i00000003" in str(array.dask.values()):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(array, get)

    monkeypatch.setattr(damage, "checksums", checksums)
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
        found = store.latest(ToyState)
        assert found is not None
        assert found.name == "i00000002-a0001"
        store.prune()  # the disk may give it again
        assert [entry.iteration for entry in store.list()] == [2, 3]


def test_a_folder_that_goes_away_while_it_is_read_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, away, read = tmp_path / "run.zarr", tmp_path / "away", damage.checksums
    resume(str(url), 3)

    def checksums(array: Any, get: Any) -> str:
        if url.exists() and "i00000003" in str(array.dask.values()):
            url.rename(away)
        return read(array, get)

    with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
        with monkeypatch.context() as patch:
            patch.setattr(damage, "checksums", checksums)
            with pytest.raises(OSError, match=r"went away|could not be read"):
                store.latest(ToyState)
        assert not url.exists()
        away.rename(url)
        found = store.latest(ToyState)
        assert found is not None
        assert found.name == "i00000003-a0001"


def test_readers_make_no_folders(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "group")
    write_group(storage, "g", {"v": Variable(("x",), da.ones(3))}, {})
    sent = pickle.dumps(open_group(storage, "g").lazy("v"))
    (tmp_path / "group").rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError, match="on their way"):
        pickle.loads(sent).compute()
    assert not (tmp_path / "group").exists()


@pytest.mark.parametrize("pruned", [False, True])
def test_a_corrupt_checkpoint_is_saved_again_by_the_same_attempt(attempt: Attempt, pruned: bool) -> None:
    with CheckpointStore(attempt) as store:
        for state in (after(1), after(2)):
            store.save(state)
            store.wait()
        store.storage.delete("checkpoints/i00000002-a0001/kold/c")
        found = store.latest(ToyState)
        assert found is not None
        assert found.state.iteration == 1
        if pruned:
            store.prune()
        store.save(step(found.state))
        store.wait()
        assert [entry.iteration for entry in store.list()] == [1, 2]
        found = store.latest(ToyState)
        assert found is not None
        assert_same(found.state, after(2))


def raising(error: Exception) -> Any:
    def call(*_: Any) -> None:
        raise error

    return call
