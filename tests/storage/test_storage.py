from __future__ import annotations

import errno
import os
import pickle
import shutil
import threading
from pathlib import Path

import numpy as np
import obstore
import pytest
import zarr

from pylops_distributed.errors import AbandonedError
from pylops_distributed.storage.direct_io import checksum_of, write_chunk
from pylops_distributed.storage.object_store import (
    Storage,
    chunks_present,
    create_array,
    open_array,
    open_storage,
)


def test_objects(place: str) -> None:
    storage = open_storage(place)
    assert list(storage.list()) == []
    assert list(storage.dirs()) == []
    assert not storage.exists("a/b")
    with pytest.raises(FileNotFoundError):
        storage.get("a/b")
    storage.put("a/b", b"one")
    storage.put("a/b", b"two")
    storage.put("a/c/d", b"four")
    assert storage.get("a/b") == b"two"
    assert sorted(storage.list("a")) == ["a/b", "a/c/d"]
    assert dict(storage.sizes()) == {"a/b": 3, "a/c/d": 4}
    assert list(storage.dirs()) == ["a"]
    assert list(storage.dirs("a")) == ["c"]
    storage.sync("a")
    storage.sync("a/b")
    storage.delete("a/b")
    storage.delete("a/b")
    assert not storage.exists("a/b")
    storage.delete_prefix("a")
    assert list(storage.list()) == []


def test_put_new_has_one_winner(place: str) -> None:
    storage = open_storage(place)
    storage.put("other", b"")
    wins: list[bytes] = []

    def put(data: bytes) -> None:
        if storage.put_new("key", data):
            wins.append(data)

    threads = [threading.Thread(target=put, args=(bytes([k]),)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wins) == 1
    assert storage.get("key") == wins[0]


def test_put_new_survives_a_lost_acknowledgement(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put = obstore.put

    def put_twice(*args: object, **kwargs: object) -> object:
        put(*args, **kwargs)
        return put(*args, **kwargs)

    monkeypatch.setattr(obstore, "put", put_twice)
    assert open_storage(place).put_new("key", b"mine")
    assert not open_storage(place).put_new("key", b"theirs")


def test_pickles_as_its_url(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = open_storage(place)
    storage.put("a", b"1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    text = pickle.dumps(storage)
    assert b"hidden" not in text
    assert pickle.loads(text) == storage
    assert pickle.loads(text).get("a") == b"1"


def test_looking_creates_nothing(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "nothing")
    storage.exists("a")
    list(storage.list())
    storage.delete("a")
    with pytest.raises(FileNotFoundError):
        open_array(storage, "a")
    assert list(tmp_path.iterdir()) == []


def test_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        open_storage("x/../y")
        == open_storage(tmp_path / "y")
        == open_storage((tmp_path / "y").as_uri() + "/")
    )
    assert open_storage("s3://bucket/a/") / "b" == Storage("s3://bucket/a/b")
    with pytest.raises(ValueError, match=r"gopher://x.*s3://bucket/prefix"):
        open_storage("gopher://x")


def test_arrays_are_checksummed_and_leave_their_groups_alone(place: str) -> None:
    storage = open_storage(place)
    array = create_array(storage, "group/model", (5, 3), (2, 3), "f4", ("z", "x"), {"units": "m/s"})
    assert chunks_present(array) == (0, 3)
    assert np.isnan(array[...]).all()
    array[...] = 0
    assert chunks_present(array) == (3, 3)
    assert {k for k in storage.list() if k.endswith("zarr.json")} == {"group/model/zarr.json"}
    assert open_array(storage, "group/model").attrs["units"] == "m/s"
    chunk = bytearray(storage.get("group/model/c/1/0"))
    chunk[7] ^= 1
    storage.put("group/model/c/1/0", bytes(chunk))
    with pytest.raises(ValueError, match="checksum"):
        open_array(storage, "group/model")[...]
    with pytest.raises(zarr.errors.ContainsArrayError):
        create_array(storage, "group/model", (1,), (1,), "f4")


@pytest.mark.parametrize("shape", [(3, 5), (128, 1024), (1024, 257)])  # less than a piece, one, more
@pytest.mark.parametrize("dtype", ["f4", ">f8", "c16", "i2"])
def test_a_chunk_written_directly_is_the_one_that_zarr_writes(
    tmp_path: Path, dtype: str, shape: tuple[int, int]
) -> None:
    values = np.asfortranarray(np.random.default_rng(0).integers(-9, 9, shape).astype(dtype))
    array = create_array(open_storage(tmp_path), "a", (shape[0], 2 * shape[1]), shape, dtype, cold=True)
    array[:, : shape[1]] = values
    assert write_chunk(tmp_path / "a/c/0/1", values) == (True, checksum_of(values))
    assert (tmp_path / "a/c/0/1").read_bytes() == (tmp_path / "a/c/0/0").read_bytes()
    np.testing.assert_array_equal(array[:, shape[1] :], values)


@pytest.mark.parametrize("place", [0, 200_000, -1])
def test_a_chunk_written_directly_reports_numbers_that_are_not_finite(tmp_path: Path, place: int) -> None:
    values = np.zeros(300_000)
    values[place] = np.inf
    assert write_chunk(tmp_path / "c/0", values) == (False, checksum_of(values))


def test_a_chunk_that_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_chunk(tmp_path / "c/0", np.arange(3.0))
    before = (tmp_path / "c/0").read_bytes()
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"):
        write_chunk(tmp_path / "c/0", np.zeros(3))
    assert [p.name for p in (tmp_path / "c").iterdir()] == ["0"]
    assert (tmp_path / "c/0").read_bytes() == before


def test_a_chunk_whose_folder_is_removed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flush = os.fsync

    def removed(descriptor: int) -> None:
        flush(descriptor)
        shutil.rmtree(tmp_path / "c")

    monkeypatch.setattr(os, "fsync", removed)
    with pytest.raises(AbandonedError, match=r"c was removed as 0 was written: the save was given up"):
        write_chunk(tmp_path / "c/0", np.arange(3.0))
    assert not (tmp_path / "c").exists()
