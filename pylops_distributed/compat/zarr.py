"""Undocumented parts of Zarr and of obstore; ``tests/compat/test_store_errors.py`` has a test for each entry."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError

if TYPE_CHECKING:
    import zarr
    from zarr.core.metadata.v3 import ArrayV3Metadata

_BROKEN = os.strerror(errno.EIO)  # the system's message for a disk that has lost data


def chunk_key(array: zarr.Array[ArrayV3Metadata], location: tuple[int, ...]) -> str:
    """Key of a chunk, below its array's, by the chunk's place among all.

    Relies on: ``zarr.Array.metadata.encode_chunk_key``.
    """
    key: str = array.metadata.encode_chunk_key(location)
    return key


def reason_of(error: BaseException) -> str:
    """Message of an error of obstore's, on one line.

    Relies on: the first line of the text of its errors says it; those below tell how it was found.
    """
    return str(error).partition("\n")[0]


def is_bad_disk(error: BaseException) -> bool:
    """Whether the disk has lost data, which does not pass.

    Relies on: obstore's errors have no number of the system's, but its words for it somewhere in their text.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno == errno.EIO
    return isinstance(error, BaseError | OSError) and _BROKEN in str(error)
