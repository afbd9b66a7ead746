"""Chunks written around the system's page cache, in one copy: for large states, written often and hardly ever read.

Through Zarr and the cache a chunk is copied three times, each time into fresh memory of the system, and pushes out
what a solver reads again and again. What is on disk is the same.
"""

from __future__ import annotations

import errno
import mmap
import os
import threading
import uuid
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

UNBUFFERED = getattr(os, "O_DIRECT", 0)  # Linux has it
_own = threading.local()


def write_chunk(path: Path, block: np.ndarray[Any, Any]) -> None:
    """Write a chunk to disk as Zarr's codecs ``bytes`` (little-endian) and ``crc32c`` do, whole or not at all.

    Parameters
    ----------
    path : Path
        The file of the chunk; what it held before stays until all is on disk.
    block : numpy.ndarray
        The elements, in the shape of the chunk.
    """
    data = np.ascontiguousarray(block, block.dtype.newbyteorder("<")).reshape(-1).view(np.uint8)
    size = data.size + 4
    staged = _pages(-(-size // mmap.PAGESIZE) * mmap.PAGESIZE)
    staged[: data.size] = data
    checksum = google_crc32c.value(data)
    staged[data.size : size] = np.frombuffer(checksum.to_bytes(4, "little"), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}#{uuid.uuid4().hex}")
    try:
        try:
            _write(part, staged, size, UNBUFFERED)
        except OSError as error:
            if error.errno != errno.EINVAL:  # the file system wants its cache
                raise
            _write(part, staged, size, 0)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write(path: Path, data: np.ndarray[Any, Any], size: int, how: int) -> None:
    """Write whole pages to a file, cut it to its size and flush it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o666)
    try:
        done = 0
        while done < data.size:
            done += os.pwrite(descriptor, data[done:].data, done)
        os.ftruncate(descriptor, size)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pages(size: int) -> np.ndarray[Any, Any]:
    """So many bytes on whole pages, which this thread has for the next time too."""
    if getattr(_own, "pages", np.empty(0)).size < size:
        _own.pages = np.frombuffer(mmap.mmap(-1, size), np.uint8)
    pages: np.ndarray[Any, Any] = _own.pages[:size]
    return pages
