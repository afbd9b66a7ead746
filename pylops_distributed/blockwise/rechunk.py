"""Arrays with some axes in one piece, as transforms along these need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from dask import config
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.utils import parse_bytes

from pylops_distributed import tuning
from pylops_distributed.compat.dask import Task, TaskRef, meta_of
from pylops_distributed.vectors.types import Chunks

if TYPE_CHECKING:
    from pylops_distributed.blockwise.halo_tasks import Array


def rechunk_whole(x: da.Array, axes: Iterable[int]) -> da.Array:
    """``x`` with ``axes`` in one chunk, the other axes cut where that leaves work for several workers.

    Parameters
    ----------
    x : dask.array.Array
        Any chunked array.
    axes : iterable of int
        Axes to have in one chunk.

    Returns
    -------
    dask.array.Array
        ``x`` itself if its axes are so already. Else the other axes keep their chunks if those are several
        and not beyond Dask's ``array.chunk-size``; if not, their longest is cut into as many chunks as there
        were, or as that size needs.

    Examples
    --------
    >>> import dask.array as da
    >>> rechunk_whole(da.ones((8, 6), chunks=(4, 6)), [0]).chunks
    ((8,), (3, 3))
    """
    if isinstance(x, np.ndarray):
        return x
    return x.rechunk(whole_axis_chunks(x, axes))


def whole_axis_chunks(x: da.Array, axes: Iterable[int]) -> Chunks:
    """The chunks of the result of :func:`rechunk_whole`."""
    whole = set(axes)
    if all(x.numblocks[a] == 1 for a in whole):
        return tuple(x.chunks)
    chunks = [(n,) if a in whole else c for a, (n, c) in enumerate(zip(x.shape, x.chunks, strict=True))]
    rest = [a for a in range(x.ndim) if a not in whole]
    if rest:
        longest = max(rest, key=lambda a: max(chunks[a]))
        pieces = split_count(x, whole)
        chunks[longest] = tuple(n for size in chunks[longest] for n in split_longest_axis(size, pieces))
    return tuple(chunks)


def split_count(x: da.Array, axes: Iterable[int]) -> int:
    """How many pieces :func:`rechunk_whole` makes of the longest other axis, or of each of its chunks."""
    whole = set(axes)
    block = [n if a in whole else max(c) for a, (n, c) in enumerate(zip(x.shape, x.chunks, strict=True))]
    pieces: int = ceil(prod(block) * x.dtype.itemsize / parse_bytes(config.get("array.chunk-size")))
    alone = all(n == 1 for a, n in enumerate(x.numblocks) if a not in whole)
    return max(pieces, int(x.npartitions)) if alone else pieces


def split_longest_axis(n: int, pieces: int) -> tuple[int, ...]:
    """``n`` samples in at most so many nearly equal chunks."""
    pieces = max(1, min(n, pieces))
    return tuple(n // pieces + (i < n % pieces) for i in range(pieces))


def rechunk_small(x: da.Array, chunks: Chunks) -> da.Array:
    """``x`` in other chunks: one task a chunk while blocks are small, which takes whole ones; else as Dask does.

    Examples
    --------
    >>> import dask.array as da
    >>> rechunk_small(da.arange(6, chunks=4), ((2, 2, 2),)).compute()
    array([0, 1, 2, 3, 4, 5])
    """
    if x.chunks == chunks:
        return x
    if prod(map(max, x.chunks)) * x.dtype.itemsize > tuning.nbytes("blockwise.small-chunk"):
        return x.rechunk(chunks)
    met = [_overlaps(old, new) for old, new in zip(x.chunks, chunks, strict=True)]
    name = f"regrid-{tokenize(x.name, chunks)}"
    tasks: dict[Any, Any] = {}
    for index in product(*(range(len(c)) for c in chunks)):
        along = [m[i] for m, i in zip(met, index, strict=True)]
        blocks = (TaskRef((x.name, *b)) for b in product(*(range(first, last) for first, last, _ in along)))
        size = tuple(c[i] for c, i in zip(chunks, index, strict=True))
        window = tuple(slice(start, start + n) for (_, _, start), n in zip(along, size, strict=True))
        key = (name, *index)
        grid = tuple(last - first for first, last, _ in along)
        tasks[key] = Task(key, _window, *blocks, grid=grid, window=window)
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[x])
    return da.Array(graph, name, chunks, meta=meta_of(x))


def _overlaps(old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """For each new chunk: the first old one that it meets, the one after the last, and where it begins in these."""
    ends, goals = np.cumsum(old), np.cumsum(new)
    first = np.minimum(np.searchsorted(ends, goals - new, "right"), len(old) - 1)
    last = np.searchsorted(ends, goals, "left") + 1
    starts = goals - new - (ends[first] - np.asarray(old)[first])
    return [(int(f), max(int(f) + 1, int(e)), int(s)) for f, e, s in zip(first, last, starts, strict=True)]


def _window(*blocks: Array, grid: Sequence[int], window: tuple[slice, ...]) -> Array:
    """A part of blocks, put side by side in a grid."""
    places = np.empty(len(blocks), object)
    for i, block in enumerate(blocks):
        places[i] = block
    return np.ascontiguousarray(np.block(places.reshape(grid).tolist())[window])
