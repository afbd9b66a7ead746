"""Sums over all chunks before one along an axis: what integration needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from numpy.typing import DTypeLike

from pylops_distributed.compat.dask import Task, TaskRef

if TYPE_CHECKING:
    from pylops_distributed.blockwise.halo_tasks import Array


def scan(
    x: da.Array,
    axis: int,
    total: Callable[..., Array],
    kernel: Callable[..., Array],
    dtype: DTypeLike,
    reverse: bool = False,
) -> da.Array:
    """Results of chunks that depend on the chunk and on the sum of a quantity of all chunks before it.

    Parameters
    ----------
    x : dask.array.Array
        Any chunked array.
    axis : int
        Axis along which chunks follow each other.
    total : callable
        Picklable function ``total(block, first)`` that returns the quantity, of length 1 along ``axis``;
        ``first`` says whether the block holds the first sample of the axis.
    kernel : callable
        Picklable function ``kernel(block, before, first)`` that returns the result, shaped like the block, from
        the sum ``before``, or zero where there is none.
    dtype : dtype
        Type of the results.
    reverse : bool, optional
        Sum over the chunks after each one instead.

    Returns
    -------
    dask.array.Array
        The results with the chunks of ``x``, in two tasks a chunk.
    """
    kind = np.dtype(dtype)
    token = tokenize(x.name, axis, total, kernel, kind, reverse)
    part, name = f"total-{token}", f"scan-{token}"
    count = x.numblocks[axis]
    tasks: dict[Any, Any] = {}
    for index in np.ndindex(x.numblocks):
        i = index[axis]
        block, first = TaskRef((x.name, *index)), i == 0
        if i > 0 if reverse else i < count - 1:  # some chunk wants it
            tasks[(part, *index)] = Task((part, *index), _total, block, total=total, first=first, dtype=kind)
        others = range(i + 1, count) if reverse else range(i)
        before = (TaskRef((part, *index[:axis], j, *index[axis + 1 :])) for j in others)
        key = (name, *index)
        tasks[key] = Task(key, _scan, block, *before, kernel=kernel, first=first, dtype=kind)
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[x])
    return da.Array(graph, name, x.chunks, meta=np.empty((0,) * x.ndim, kind))


def _total(block: Array, total: Callable[..., Array], first: bool, dtype: DTypeLike) -> Array:
    return total(block.astype(dtype, copy=False), first=first)


def _scan(block: Array, *before: Array, kernel: Callable[..., Array], first: bool, dtype: DTypeLike) -> Array:
    return kernel(block.astype(dtype, copy=False), sum(before), first=first).astype(dtype, copy=False)
