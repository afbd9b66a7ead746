"""Sums of products of two arrays' chunks: what matrix products are made of."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import ceil, prod
from typing import Any, TypeAlias

import dask.array as da
import numpy as np
from dask import config
from dask._task_spec import Task, TaskRef
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.utils import parse_bytes
from numpy.typing import DTypeLike

from pylops_distributed.lift.gathering import split
from pylops_distributed.lift.overlap import Array
from pylops_distributed.memory import aligned

Indices: TypeAlias = tuple[int, ...]
PARTS = 3  # most tasks that share out the products of an output chunk ...
SMALL = 2**22  # ... of at least so many bytes of the first array each, some of a millisecond


def contract(
    kernel: Callable[[Array, Array], Array],
    a: da.Array,
    a_axes: Indices,
    x: da.Array,
    x_axes: Indices,
    axes: Indices,
    dtype: DTypeLike,
) -> da.Array:
    """Products of the chunks of two arrays, summed over the one index that the result does not have.

    Parameters
    ----------
    kernel : callable
        Picklable function of a chunk of each, which gives their product.
    a, x : dask.array.Array
        The arrays; ``x`` is rechunked like ``a`` where they share an index.
    a_axes, x_axes, axes : tuple of int
        Index of each axis of the arrays and of the result, as for :func:`dask.array.blockwise`.
    dtype : dtype
        Type of the result.

    Returns
    -------
    dask.array.Array
        The sums. There are at most four tasks an output chunk; more where the chunks of ``a`` that one task
        needs would together be beyond Dask's ``array.chunk-size``.
    """
    x = x.rechunk({i: a.chunks[a_axes.index(k)] for i, k in enumerate(x_axes) if k in a_axes})
    sizes = dict(zip(x_axes, x.chunks, strict=True)) | dict(zip(a_axes, a.chunks, strict=True))
    (summed,) = set(sizes) - set(axes)
    chunks, count, kind = tuple(sizes[k] for k in axes), len(sizes[summed]), np.dtype(dtype)
    groups = _groups(a, count)
    token = tokenize(kernel, a.name, a_axes, x.name, x_axes, axes, kind, groups)
    name, part = f"contract-{token}", f"product-{token}"
    tasks: dict[Any, Any] = {}
    for index in product(*(range(len(c)) for c in chunks)):
        at = dict(zip(axes, index, strict=True))
        names: list[Any] = [(part, *index, g) for g in range(len(groups))]
        names = names if len(groups) > 1 else [(name, *index)]
        for key, group in zip(names, groups, strict=True):
            blocks = [
                TaskRef((b.name, *((at | {summed: s})[k] for k in b_axes)))
                for s in group
                for b, b_axes in ((a, a_axes), (x, x_axes))
            ]
            tasks[key] = Task(key, _products, *blocks, kernel=kernel, dtype=kind)
        if len(groups) > 1:
            tasks[(name, *index)] = Task((name, *index), _total, *map(TaskRef, names))
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[a, x])
    return da.Array(graph, name, chunks, meta=np.empty((0,) * len(axes), kind))


def _groups(a: da.Array, count: int) -> list[range]:
    """Which chunks along the summed index each task takes."""
    size = prod(map(max, a.chunks)) * a.dtype.itemsize * count
    parts = max(min(PARTS, ceil(size / SMALL)), ceil(size / parse_bytes(config.get("array.chunk-size"))))
    ends = np.cumsum([0, *split(count, parts)])
    return [range(b, e) for b, e in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]


def _products(*blocks: Array, kernel: Callable[[Array, Array], Array], dtype: Any) -> Array:
    settled = [aligned(b) for b in blocks]
    y = kernel(settled[0], settled[1]).astype(dtype, copy=False)
    for a, x in zip(settled[2::2], settled[3::2], strict=True):
        y += kernel(a, x)
    return y


def _total(*parts: Array) -> Array:
    y = parts[0] + parts[1]
    for p in parts[2:]:
        y += p
    return y
