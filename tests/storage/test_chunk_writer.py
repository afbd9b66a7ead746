"""Chunks that are written without Zarr: the same files as Zarr's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr

from pylops_distributed.storage.chunk_writer import write_whole_chunk
from pylops_distributed.storage.object_store import create_array, open_array, open_storage

SHAPE, CHUNKS = (5, 7), (2, 4)


@pytest.mark.parametrize("code", ["f4", "f8", "c8", "c16", "i2", "u1", "i8", "bool", "f2"])
def test_files_are_those_of_zarr(tmp_path, rng, code):
    storage, values = open_storage(tmp_path), (100 * rng.random(SHAPE)).astype(code)
    for name in ("theirs", "ours"):
        create_array(storage, name, SHAPE, CHUNKS, code)
    zarr.open_array(storage.zarr("theirs"), mode="r+")[...] = values
    ours = open_array(storage, "ours")
    for i in range(0, 5, 2):
        for j in range(0, 7, 4):
            region = (slice(i, min(i + 2, 5)), slice(j, min(j + 4, 7)))
            write_whole_chunk(storage, "ours", ours, values[region], region)
    files = sorted(str(path.relative_to(tmp_path / "theirs")) for path in Path(tmp_path, "theirs").rglob("*"))
    assert len([name for name in files if name.startswith("c/")]) == 3 + 6
    for name in files:
        if Path(tmp_path, "theirs", name).is_file():
            assert Path(tmp_path, "ours", name).read_bytes() == Path(tmp_path, "theirs", name).read_bytes(), (
                name
            )
    np.testing.assert_array_equal(ours[...], values)


def test_a_chunk_without_axes(tmp_path):
    storage = open_storage(tmp_path)
    create_array(storage, "one", (), (), "f8")
    write_whole_chunk(storage, "one", open_array(storage, "one"), np.array(3.5), ())
    assert open_array(storage, "one")[...] == 3.5
