"""Kernels along whole axes, applied to rows of blocks that are never put together as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise, product
from math import prod
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.typing import Key

from pylops_distributed import tuning
from pylops_distributed.blockwise.precision import in_precision
from pylops_distributed.blockwise.rechunk import whole_axis_chunks
from pylops_distributed.compat.dask import GraphNode, Task, TaskRef
from pylops_distributed.compat.malloc import retain_scratch_memory
from pylops_distributed.graph.lowering import OUTPUT_SIZE_RULES
from pylops_distributed.vectors.types import DType

if TYPE_CHECKING:
    from pylops_distributed.blockwise.halo_tasks import Array


def apply_along_axes(
    x: da.Array,
    axes: tuple[int, ...],
    sizes: Mapping[int, int],
    kernel: Callable[..., Array],
    dtype: DType,
) -> da.Array:
    """Apply a kernel that needs some axes in one chunk, and no other samples.

    Parameters
    ----------
    x : dask.array.Array
        Any chunked array; see :func:`.gather` for how others of its axes are cut.
    axes : tuple of int
        Axes that the kernel needs.
    sizes : mapping of int to int
        Lengths of these axes in the kernel's result.
    kernel : callable
        Picklable function of a block.
    dtype : dtype
        Type of the results.

    Returns
    -------
    dask.array.Array
        The results, in one task a chunk and one a part that is cut from a block.
    """
    into = whole_axis_chunks(x, axes)
    chunks = tuple((sizes[a],) if a in axes else c for a, c in enumerate(into))
    rest = [a for a in range(x.ndim) if a not in axes]
    many = tuning.count("blockwise.rechunk-parts")
    if into == x.chunks or not rest or prod(x.numblocks[a] for a in axes) > many:
        return x.rechunk(into).map_blocks(
            in_precision, kernel=kernel, kind=dtype, chunks=chunks, dtype=dtype, meta=np.empty((0,) * x.ndim, dtype)
        )  # fmt: skip
    token = tokenize(x.name, into, axes, chunks, kernel, dtype)
    part, name = f"rechunk-part-{token}", f"rows-{token}"
    grid = tuple(n if a in axes else 1 for a, n in enumerate(x.numblocks))
    places = [_places(x.chunks[a], into[a]) if a in rest else None for a in range(x.ndim)]
    tasks: dict[Key, GraphNode] = {}
    common: dict[str, Any] = {
        "grid": grid,
        "kernel": kernel,
        "kind": dtype,
        "cache": tuning.nbytes("blockwise.cache-block"),
    }
    for index in product(*(range(len(c)) for c in into)):
        taken = []
        parts = [(0, slice(None)) if p is None else p[i] for p, i in zip(places, index, strict=True)]
        for number, step in enumerate(product(*map(range, grid))):
            block = TaskRef((x.name, *(b + s for (b, _), s in zip(parts, step, strict=True))))
            if any(where != slice(None) for _, where in parts):
                key: Key = (part, *index, number)
                tasks[key] = Task(key, _part, block, index=tuple(where for _, where in parts))
                block = TaskRef(key)
            taken.append(block)
        shape = tuple(c[i] for c, i in zip(chunks, index, strict=True))
        rows = max(rest, key=lambda a: shape[a])
        tasks[(name, *index)] = Task((name, *index), _by_rows, *taken, rows=rows, shape=shape, **common)
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[x])
    return da.Array(graph, name, chunks, meta=np.empty((0,) * x.ndim, dtype))


def _places(old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[int, slice]]:
    """For each new chunk, which lies in an old one: the number of that one, and which of its samples it is."""
    places, ends = [], np.cumsum(old)
    for start, stop in pairwise(np.cumsum([0, *new]).tolist()):
        i = int(np.searchsorted(ends, start, "right"))
        first = int(ends[i]) - old[i]
        places.append((i, slice(None) if stop - start == old[i] else slice(start - first, stop - first)))
    return places


def _part(block: Array, index: tuple[slice, ...]) -> Array:
    return block[index]


def _length(shape: tuple[int, ...], index: tuple[slice, ...]) -> int:
    return prod(len(range(*s.indices(n))) for s, n in zip(index, shape, strict=True))


OUTPUT_SIZE_RULES[_part] = _length


def _by_rows(
    *parts: Array,
    grid: tuple[int, ...],
    rows: int,
    shape: tuple[int, ...],
    kernel: Callable[..., Array],
    kind: DType,
    cache: int,
) -> Array:
    """Put some rows of the parts together at a time and apply the kernel to them."""
    retain_scratch_memory()
    table = np.empty(len(parts), object)
    y = np.empty(shape, kind)
    count = max(1, sum(p.nbytes for p in parts) // cache)
    ends = [shape[rows] * i // count for i in range(count + 1)]
    for start, stop in pairwise(sorted({*ends})):
        index = (slice(None),) * rows + (slice(start, stop),)
        for i, p in enumerate(parts):
            table[i] = p[index]
        y[index] = in_precision(np.block(table.reshape(grid).tolist()), kernel=kernel, kind=kind)
    return y
