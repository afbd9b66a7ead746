"""Chunks written around the system's page cache, piece by piece: for large states, written often and hardly ever read.

Through Zarr and the cache a chunk is copied three times, each time into fresh memory of the system, and pushes out
data that a solver reads again and again. A piece fits into the processor's cache. The files are the same.
"""

from __future__ import annotations

import errno
import mmap
import os
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import google_crc32c
import numpy as np

from pylops_distributed.compat.linux import UNBUFFERED
from pylops_distributed.errors import AbandonedError

if TYPE_CHECKING:  # Dask's arrays are slow to import, and the list of runs has no use for them
    from pylops_distributed.vectors.types import NDArray

PIECE = 2**20
_own = threading.local()


def write_chunk(path: Path, block: NDArray) -> tuple[bool, int]:
    """Write a chunk to disk as Zarr's codecs ``bytes`` (little-endian) and ``crc32c`` do, whole or not at all.

    Parameters
    ----------
    path : Path
        The file of the chunk; what it held before stays until all is on disk.
    block : numpy.ndarray
        The elements, in the shape of the chunk.

    Returns
    -------
    finite : bool
        Whether all elements are.
    checksum : int
        CRC32C of the elements.

    Raises
    ------
    AbandonedError
        If the folder is removed meanwhile, as it is once another chunk of the same save has failed.
    """
    values = np.ascontiguousarray(block, block.dtype.newbyteorder("<")).reshape(-1)
    part = path.with_name(f"{path.name}#{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(exist_ok=True)
        try:
            written = _write(part, values, UNBUFFERED)
        except OSError as error:
            if error.errno != errno.EINVAL:  # the file system wants its cache
                raise
            written = _write(part, values, 0)
        Path(part).replace(path)
    except FileNotFoundError as error:
        raise AbandonedError(
            f"{path.parent} was removed as {path.name} was written: the save was given up"
        ) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return written


def checksum_of(block: NDArray) -> int:
    """CRC32C of elements, in C order and little-endian."""
    values = np.ascontiguousarray(block, block.dtype.newbyteorder("<")).reshape(-1)
    return int(google_crc32c.extend(0, values.view(np.uint8)))


def _write(path: Path, values: NDArray, how: int) -> tuple[bool, int]:
    """Write elements and their checksum to a new file, flush it, and tell whether they are finite, and the checksum."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o666)
    staged, each = _pages(), PIECE // values.itemsize
    checksum, finite, size = 0, True, 0
    try:
        for start in range(0, values.size, each):
            piece = values[start : start + each]
            # A number that is not finite leaves its mark on the sum, which is faster than a look at each.
            if finite and values.dtype.kind in "fc":
                finite = bool(np.isfinite(piece.sum()) or np.isfinite(piece).all())
            raw = staged[: piece.nbytes]
            raw[:] = piece.view(np.uint8)
            checksum = google_crc32c.extend(checksum, raw)
            if start + each < values.size:
                size = _write_at(descriptor, raw, size)
        rest = values.nbytes - size
        staged[rest : rest + 4] = np.frombuffer(checksum.to_bytes(4, "little"), np.uint8)
        _write_at(descriptor, staged[: -(-(rest + 4) // mmap.PAGESIZE) * mmap.PAGESIZE], size)
        os.ftruncate(descriptor, values.nbytes + 4)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return finite, checksum


def _write_at(descriptor: int, data: NDArray, offset: int) -> int:
    """Write bytes, and give the offset after them."""
    end = offset + data.size
    while offset < end:
        offset += os.pwrite(descriptor, data[offset - end :].data, offset)
    return end


def _pages() -> NDArray:
    """Whole pages for a piece and the checksum after it; this thread's own, for the next time too."""
    if not hasattr(_own, "pages"):
        _own.pages = np.frombuffer(mmap.mmap(-1, PIECE + mmap.PAGESIZE), np.uint8)
    pages: NDArray = _own.pages
    return pages
