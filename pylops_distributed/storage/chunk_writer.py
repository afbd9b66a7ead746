"""Whole chunks written as Zarr writes them with the codecs of our arrays, by the thread that has them.

Zarr hands each chunk to two other threads and copies it four times, each time into fresh memory of the system, the last
time into the system's cache: twice the work of the compression. The files are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numcodecs import Blosc

from pylops_distributed.compat.zarr import chunk_key
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Array, Storage


def write_whole_chunk(
    storage: Storage, name: str, array: Array, values: NDArray, region: tuple[slice, ...]
) -> None:
    """Write one whole chunk of a compressed array.

    Parameters
    ----------
    storage : Storage
        Where the array is.
    name : str
        Its path.
    array : zarr.Array
        The array, made by :func:`~pylops_distributed.storage.object_store.create_array`, not cold.
    values : numpy.ndarray
        The elements of the chunk; at the edge of the array fewer than it has.
    region : tuple of slice
        Where they lie in the array.
    """
    if values.shape != array.chunks:  # at the edge: chunks of Zarr are all of one size
        whole = np.full(array.chunks, array.fill_value, array.dtype)
        whole[tuple(map(slice, values.shape))] = values
        values = whole
    little = np.ascontiguousarray(values, array.dtype.newbyteorder("<"))
    codec = Blosc("lz4", clevel=5, shuffle=Blosc.SHUFFLE, typesize=little.itemsize)
    location = tuple(one.start // size for one, size in zip(region, array.chunks, strict=True))
    storage.put_checksummed(f"{name}/{chunk_key(array, location)}", codec.encode(little))
