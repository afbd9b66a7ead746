"""Arrays that operators hold: NumPy's as they are, Dask's and Zarr's unread."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np

from pylops_distributed.linearoperator.numpy_plan import MADE, stamp
from pylops_distributed.vectors.namespace import as_lazy_array, reject_masked
from pylops_distributed.vectors.types import ChunksLike


def as_held(values: object) -> da.Array:
    """``values`` as an operator holds them: Dask and Zarr arrays unread, all others as NumPy arrays."""
    if isinstance(values, da.Array) or hasattr(values, "chunks"):
        return as_lazy_array(values)
    reject_masked(values)
    held: Any = np.asarray(values)
    array: da.Array = held
    return array


def as_chunked(op: object, array: object, chunks: ChunksLike = "auto", asarray: bool = True) -> da.Array:
    """An array that an operator holds as a Dask array, made when it is first needed.

    Parameters
    ----------
    op : LinearOperator
        Operator, which keeps the Dask array.
    array : numpy.ndarray, dask.array.Array or scipy.sparse.csr_array
        What it holds, of any shape.
    chunks : optional
        Chunks, as Dask takes them.
    asarray : bool, optional
        Whether blocks become NumPy arrays.

    Returns
    -------
    dask.array.Array
        Array of the same shape.
    """
    if isinstance(array, da.Array):
        return array
    source, made, before = vars(op).get(MADE + "chunked", (None, None, None))
    now = stamp(array)  # Dask has a copy, of the time when it was made
    if made is None or source is not array or now != before:
        made = da.from_array(array, chunks=chunks, asarray=asarray)
        vars(op)[MADE + "chunked"] = array, made, now
    result: da.Array = made
    return result
