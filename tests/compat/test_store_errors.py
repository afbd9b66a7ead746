"""The behaviour of Zarr and obstore that this library relies on, one test for each entry of compat/zarr.py."""

import errno
import os

import numpy as np
import obstore
import pytest
import zarr

from pylops_distributed.compat import zarr as compat


@pytest.mark.parametrize("location", [(0, 0), (1, 2)])
def test_chunks_lie_under_their_keys(location, tmp_path):
    array = zarr.create_array(
        tmp_path / "a", shape=(4, 6), chunks=(2, 2), dtype="f4", config={"write_empty_chunks": True}
    )
    array[tuple(slice(2 * i, 2 * i + 2) for i in location)] = np.ones((2, 2))
    files = {str(p.relative_to(tmp_path / "a")) for p in (tmp_path / "a").rglob("*") if p.is_file()}
    assert files == {"zarr.json", compat.chunk_key(array, location)}


def test_errors_of_stores_hold_the_words_of_the_system(tmp_path):
    (tmp_path / "file").touch()
    store = obstore.store.LocalStore(tmp_path)
    with pytest.raises(obstore.exceptions.BaseError) as failed:
        obstore.put(store, "file/below", b"1")
    assert os.strerror(errno.ENOTDIR) in str(failed.value)
    assert os.strerror(errno.ENOTDIR) in compat.reason_of(failed.value)
    assert "\n" in str(failed.value)
    assert "\n" not in compat.reason_of(failed.value)


def test_a_bad_disk_is_distinguished_from_other_errors():
    words = f"Generic LocalFileSystem error: {os.strerror(errno.EIO)} (os error 5)\n\nDebug source: ..."
    assert compat.is_bad_disk(obstore.exceptions.GenericError(words))
    assert compat.is_bad_disk(OSError(errno.EIO, os.strerror(errno.EIO)))
    assert not compat.is_bad_disk(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert not compat.is_bad_disk(obstore.exceptions.GenericError("timed out"))
    assert not compat.is_bad_disk(ValueError(words))
