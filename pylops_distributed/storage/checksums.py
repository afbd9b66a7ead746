"""Checksums of the elements of each chunk, which show whether stored data are intact or corrupt."""

from __future__ import annotations

import dask
import dask.array as da
import numpy as np

from pylops_distributed import tuning
from pylops_distributed.errors import CorruptionError
from pylops_distributed.storage.direct_io import checksum_of
from pylops_distributed.vectors.types import NDArray

CRC = 2**32 - 1


def checksums(array: da.Array, get: object = None) -> str:
    """Read every chunk of an array: the CRC32C of each one's elements, in C order, as eight hexadecimal digits."""
    sums = array.map_blocks(
        _chunk_checksum, dtype=np.int64, chunks=(1,) * array.ndim, meta=np.empty((0,) * array.ndim, np.int64)
    )
    small = array.nbytes < tuning.nbytes("storage.small-array")
    (computed,) = dask.compute(sums, scheduler="sync" if small else get)
    return text_of(computed)


def text_of(sums: NDArray) -> str:
    """CRC32C of chunks as one text, eight hexadecimal digits each."""
    return "".join(f"{int(one) & CRC:08x}" for one in np.ravel(sums))


def verify_chunks(array: da.Array, written: str | None, get: object = None) -> None:
    """Read every chunk of an array; all must hold the data written there, and not those of another place.

    Parameters
    ----------
    array : dask.array.Array
        The array, in the chunks that are stored.
    written : str or None
        What :func:`checksums` gave for it then; None if they were not kept.
    get : callable or str, optional
        Dask scheduler that reads; the one in use if not given.

    Raises
    ------
    CorruptionError
        If a chunk holds something else; it names the chunk.
    """
    computed = checksums(array, get)
    if written is None or computed == written:
        return
    if len(computed) != len(written):
        raise CorruptionError(f"there are {len(computed) // 8} chunks, and checksums of {len(written) // 8}")
    wrong = next(i for i in range(0, len(computed), 8) if computed[i : i + 8] != written[i : i + 8]) // 8
    place = tuple(int(i) for i in np.unravel_index(wrong, array.numblocks))
    raise CorruptionError(f"chunk {place} has changed since it was written")


def _chunk_checksum(block: NDArray) -> NDArray:
    values = block
    if block.dtype.kind not in "biufc":  # text
        values = np.frombuffer("\0".join(map(str, np.ravel(block))).encode(), np.uint8)
    return np.full((1,) * block.ndim, checksum_of(values))
