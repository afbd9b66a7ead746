"""Ingests that are killed, fail, or run at the same time: nothing half-written is read, nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
from zarr.storage import ObjectStore

from pylops_distributed.ingest import (
    Plan,
    ingest,
    open_dataset,
    plan,
    seal,
    write_block,
)
from pylops_distributed.storage.object_store import Storage

CHUNKS = {"inline": 2, "crossline": 3}


class Killed(BaseException):
    """As good as a kill: nothing is cleaned up after it, and nothing is written any more."""


@contextmanager
def dead_from_write(at: int) -> Iterator[list[str]]:
    """Let ``at`` writes and deletions through; the list holds the attempted ones."""
    attempts: list[str] = []

    def attempt(key: str) -> None:
        attempts.append(key)
        if len(attempts) > at:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        for name in ("put", "put_new", "put_checksummed", "delete_prefix"):
            original = getattr(Storage, name)
            patch.setattr(
                Storage, name, lambda self, key, *rest, do=original: (attempt(key), do(self, key, *rest))[1]
            )
        original_set = ObjectStore.set

        async def wrapped_set(self: ObjectStore, key: str, value: Any) -> None:
            attempt(key)
            await original_set(self, key, value)

        patch.setattr(ObjectStore, "set", wrapped_set)
        yield attempts


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("first", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_stopped_at_every_write_then_finished(source, tmp_path, cube, first):
    """Whichever write is the first to fail: nothing opens that is not whole, and the next run finishes."""
    for at in range(first, 1000, 2):
        url = str(tmp_path / f"{at}.zarr")
        with dead_from_write(at) as attempts, suppress(Killed), dask.config.set(scheduler="synchronous"):
            ingest(source, url, chunks=CHUNKS)
        if Path(url, "zarr.json").exists():
            np.testing.assert_array_equal(open_dataset(url).amplitude, cube)
        else:
            with pytest.raises(FileNotFoundError):
                open_dataset(url)
        ingest(source, url, chunks=CHUNKS)
        np.testing.assert_array_equal(open_dataset(url).amplitude, cube)
        assert not Path(url, ".ingest").exists()
        if len(attempts) <= at:
            break
    assert at > 20


def test_a_replacement_stopped_at_any_write_leaves_the_old_or_the_new(tmp_path):
    for name, value in {"old": 1.0, "new": 2.0}.items():
        np.savez(tmp_path / f"{name}.npz", data=np.full(6, value))
    states = []
    for at in range(1000):
        url = str(tmp_path / f"{at}.zarr")
        ingest(str(tmp_path / "old.npz"), url)
        with dead_from_write(at) as attempts, suppress(Killed), dask.config.set(scheduler="synchronous"):
            ingest(str(tmp_path / "new.npz"), url, replace=True)
        states.append(open_dataset(url).data.values.tolist())
        ingest(str(tmp_path / "new.npz"), url, replace=True)
        np.testing.assert_array_equal(open_dataset(url).data, np.full(6, 2.0))
        assert [*tmp_path.glob(".*")] == []
        if len(attempts) <= at:
            break
    old, new = [1.0] * 6, [2.0] * 6
    assert states.count(old) >= 5  # notes, metadata, chunk, report, root
    assert states == [old] * states.count(old) + [new] * states.count(new)
    assert states.count(new) >= 3  # deletions after the swap


def test_two_replacements_of_one_dataset(source, url, cube, tmp_path):
    np.save(tmp_path / "old.npy", np.arange(6.0))
    ingest(str(tmp_path / "old.npy"), url)
    first, second = (plan(source, url, chunks=CHUNKS, replace=True) for _ in range(2))
    there = seal(first, [write_block(first, index) for index in range(first.blocks)])
    assert seal(second, [write_block(second, index) for index in range(second.blocks)]) == there
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)


def _write_and_die(planned: Plan) -> None:
    write_block(planned, 1)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.faults
@pytest.mark.usefixtures("small_blocks")
def test_killed_process(source, url, cube):
    planned = plan(source, url, chunks=CHUNKS)
    process = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(planned,))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    with pytest.raises(FileNotFoundError, match="was not finished"):
        open_dataset(url)
    ingest(source, url, chunks=CHUNKS)
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)


@pytest.mark.usefixtures("small_blocks")
def test_a_later_run_keeps_good_blocks_and_fixes_bad_ones(source, url, cube):
    planned = plan(source, url, chunks=CHUNKS)
    write_block(planned, 0)
    write_block(planned, 1)
    good, bad = Path(url, "amplitude/c/0/0/0"), Path(url, "amplitude/c/1/0/0")
    bad.write_bytes(bad.read_bytes()[:-20])
    before = good.stat().st_mtime_ns
    ingest(source, url, chunks=CHUNKS)
    assert good.stat().st_mtime_ns == before
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("before", [0, 1, 2])
def test_two_ingests_of_one_source_leave_nothing_behind(source, url, cube, before):
    """Whatever the second has done when the first one seals."""
    first, second = plan(source, url, chunks=CHUNKS), plan(source, url, chunks=CHUNKS)
    done = [write_block(second, index) for index in range(before)]
    there = seal(first, [write_block(first, index) for index in range(first.blocks)])
    done += [write_block(second, index) for index in range(before, second.blocks)]
    assert seal(second, done) == there
    assert not Path(url, ".ingest").exists()
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)


@pytest.mark.usefixtures("small_blocks")
def test_an_ingest_claimed_as_another_one_of_the_same_is_sealed(source, url, cube, monkeypatch):
    """The second has seen nothing there, and notes what it means to do after the first has tidied up."""
    put_new = Storage.put_new

    def late(self, key, data):
        monkeypatch.setattr(Storage, "put_new", put_new)
        ingest(source, url, chunks=CHUNKS)
        return put_new(self, key, data)

    monkeypatch.setattr(Storage, "put_new", late)
    ingest(source, url, chunks=CHUNKS)
    assert not Path(url, ".ingest").exists()
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)
