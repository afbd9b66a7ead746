"""Sums of products of chunks of arrays: what matrix products are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, product
from math import ceil, prod
from typing import TYPE_CHECKING, Any, TypeAlias

import dask.array as da
import numpy as np
from dask import config
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.utils import parse_bytes
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.rechunk import rechunk_small, split_longest_axis
from pylops_distributed.compat.dask import Task, TaskRef
from pylops_distributed.compat.malloc import as_aligned
from pylops_distributed.graph.folds import continued_by

if TYPE_CHECKING:
    from pylops_distributed.blockwise.halo_tasks import Array

Indices: TypeAlias = tuple[int, ...]
PARTS = 3  # most tasks that share out the products of an output chunk ...
SMALL = 2**22  # ... of at least so many bytes of the first array each, some of a millisecond


def contract(
    kernel: Callable[..., Array],
    operands: Sequence[tuple[da.Array, Indices]],
    axes: Indices,
    dtype: DTypeLike,
    new: Mapping[int, int] | None = None,
) -> da.Array:
    """Products of the chunks of several arrays, summed over the indices that the result does not have.

    Parameters
    ----------
    kernel : callable
        Picklable function of a chunk of each array, which returns their product.
    operands : sequence of (dask.array.Array, tuple of int)
        The arrays with the index of each of their axes, as for :func:`dask.array.blockwise`; all are rechunked
        like the first one that has an index.
    axes : tuple of int
        Indices of the axes of the result.
    dtype : dtype
        Type of the result.
    new : mapping of int to int, optional
        Lengths of indices that only the result has.

    Returns
    -------
    dask.array.Array
        The sums. There are at most four tasks an output chunk; more where the chunks of the first array that
        one task needs would together be beyond Dask's ``array.chunk-size``.
    """
    sizes: dict[int, tuple[int, ...]] = {k: (n,) for k, n in (new or {}).items()}
    arrays = []
    for a, a_axes in operands:
        a = rechunk_small(a, tuple(sizes.get(k, c) for k, c in zip(a_axes, a.chunks, strict=True)))
        sizes |= dict(zip(a_axes, a.chunks, strict=True))
        arrays.append((a, a_axes))
    summed = [k for k in sizes if k not in axes]
    chunks, kind = tuple(sizes[k] for k in axes), np.dtype(dtype)
    groups = _groups(arrays[0][0], list(product(*(range(len(sizes[k])) for k in summed))))
    token = tokenize(kernel, [(a.name, i) for a, i in arrays], axes, kind, new, groups)
    name, part = f"contract-{token}", f"product-{token}"
    tasks: dict[Any, Any] = {}
    for index in product(*(range(len(c)) for c in chunks)):
        at = dict(zip(axes, index, strict=True))
        names: list[Any] = [(part, *index, g) for g in range(len(groups))]
        names = names if len(groups) > 1 else [(name, *index)]
        for key, group in zip(names, groups, strict=True):
            places = [at | dict(zip(summed, s, strict=True)) for s in group]
            blocks = [TaskRef((a.name, *(p[k] for k in i))) for p in places for a, i in arrays]
            tasks[key] = Task(key, _products, *blocks, kernel=kernel, count=len(arrays), dtype=kind)
        if len(groups) > 1:
            tasks[(name, *index)] = Task((name, *index), _total, *map(TaskRef, names))
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[a for a, _ in arrays])
    return da.Array(graph, name, chunks, meta=np.empty((0,) * len(axes), kind))


def _groups(a: da.Array, places: list[Indices]) -> list[list[Indices]]:
    """Which chunks along the summed indices each task takes."""
    size = prod(map(max, a.chunks)) * a.dtype.itemsize * len(places)
    parts = max(min(PARTS, ceil(size / SMALL)), ceil(size / parse_bytes(config.get("array.chunk-size"))))
    ends = np.cumsum([0, *split_longest_axis(len(places), parts)]).tolist()
    return [places[b:e] for b, e in pairwise(ends)]


def _more_products(
    total: Array, *blocks: Array, kernel: Callable[..., Array], count: int, dtype: DTypeLike
) -> Array:
    settled, y = [as_aligned(b) for b in blocks], total.copy()
    for i in range(0, len(settled), count):
        y += kernel(*settled[i : i + count])
    return y


@continued_by(_more_products)
def _products(*blocks: Array, kernel: Callable[..., Array], count: int, dtype: DTypeLike) -> Array:
    settled = [as_aligned(b) for b in blocks]
    y = kernel(*settled[:count]).astype(dtype, copy=False)
    for i in range(count, len(settled), count):
        y += kernel(*settled[i : i + count])
    return y


def _total(*parts: Array) -> Array:
    y = parts[0] + parts[1]
    for p in parts[2:]:
        y += p
    return y
