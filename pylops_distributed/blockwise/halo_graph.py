"""Chunks with halos: one small task a chunk cuts its faces, another joins them and works."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from operator import add, sub
from typing import Any, TypeAlias

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.typing import Key
from numpy.typing import DTypeLike

from pylops_distributed import tuning
from pylops_distributed.blockwise.halo_tasks import (
    CacheBlocking,
    CoOperand,
    Depth,
    Kernel,
    Step,
    Widths,
    apply_with_halo,
    extract_halos,
    steps_of,
)
from pylops_distributed.compat.dask import Task, TaskRef
from pylops_distributed.vectors.types import Chunks

ChunkIndex: TypeAlias = tuple[int, ...]  # number of a chunk along each axis


def overlap(x: da.Array, depth: Depth, corners: bool = True) -> da.Array:
    """Extend each chunk by samples of its neighbours; none are made up past the ends of the array.

    Parameters
    ----------
    x : dask.array.Array
        Chunked array of any shape. Chunks shorter than the depth along its axis are merged first.
    depth : mapping of int to (int, int)
        For each axis, how many samples of the chunk before and of the chunk after to take.
    corners : bool, optional
        Take the samples of diagonal neighbours too; without, the corners are zero.

    Returns
    -------
    dask.array.Array
        The extended chunks side by side, hence of a larger shape than ``x``.

    Raises
    ------
    ValueError
        If an axis is not one of ``x``, or a depth is negative.

    Examples
    --------
    >>> import dask.array as da
    >>> overlap(da.arange(6, chunks=3), {0: (1, 2)}).compute()
    array([0, 1, 2, 3, 4, 2, 3, 4, 5])
    """
    wide, widths = _prepare(x, depth)
    chunks = tuple(
        tuple(n + (before if i else 0) + (after if i < len(sizes) - 1 else 0) for i, n in enumerate(sizes))
        for sizes, (before, after) in zip(wide.chunks, widths, strict=True)
    )
    return _layer(wide, widths, corners, None, chunks, x.dtype)


def stencil(
    x: da.Array,
    kernel: Kernel,
    depth: Depth,
    dtype: DTypeLike,
    corners: bool = False,
    lead: int | None = None,
    co_operand: CoOperand | None = None,
    by_rows: bool = False,
) -> da.Array:
    """Apply a kernel to each chunk together with its halo, and drop the halo's part of the result.

    Parameters
    ----------
    x : dask.array.Array
        Chunked array of any shape.
    kernel : callable
        Picklable function of one NumPy block, which keeps the length of every axis that has neighbours.
    depth : mapping of int to (int, int)
        For each axis, how many samples before and after a chunk its results depend on.
    dtype : dtype
        Type of the results.
    corners : bool, optional
        Whether the kernel looks at diagonal neighbours.
    lead : int, optional
        Length of a first axis that the kernel adds; 0 if it takes the first axis away.
    co_operand : CoOperand, optional
        Another array that the tasks take, and what they do with it.
    by_rows : bool, optional
        Whether the kernel may be applied to some rows at a time, as if chunks were smaller: faster for kernels that
        do little but go through memory. Not together with ``co_operand``.

    Returns
    -------
    dask.array.Array
        The results with the shape and the chunks of ``x``, in two tasks a chunk.
    """
    if lead == 0:
        x = x.rechunk({0: -1})
    wide, widths = _prepare(x, depth)
    ahead = () if lead is None else ((lead,),) if lead else None
    first = 1 if lead == 0 else 0
    reaches = tuple(depth.get(a, (0, 0)) for a in range(x.ndim))
    cache = tuning.nbytes("blockwise.cache-block")
    pieces = CacheBlocking(reaches, first, cache) if by_rows and x.ndim > first + 1 else None
    chunks, old = (c[1:] if ahead is None else (*ahead, *c) for c in (wide.chunks, x.chunks))
    y = _layer(wide, widths, corners, kernel, chunks, np.dtype(dtype), co_operand, pieces)
    return y if chunks == old else y.rechunk(old)


def _prepare(x: da.Array, depth: Depth) -> tuple[da.Array, Widths]:
    if any(axis not in range(x.ndim) or min(pair) < 0 for axis, pair in depth.items()):
        raise ValueError(
            f"depth {dict(depth)} must map axes of an array with {x.ndim} axes to non-negative lengths"
        )
    wide = chunks_with_room(x, depth)
    alone = (0, 0)
    return wide, tuple(depth.get(a, alone) if n > 1 else alone for a, n in enumerate(wide.numblocks))


def chunks_with_room(x: da.Array, depth: Depth) -> da.Array:
    """``x`` with neighbouring chunks joined until none is shorter than the depth along its axis."""
    merged = tuple(merge_short_chunks(sizes, max(depth.get(a, (0, 0)))) for a, sizes in enumerate(x.chunks))
    return x if merged == x.chunks else x.rechunk(merged)


def merge_short_chunks(sizes: tuple[int, ...], least: int) -> tuple[int, ...]:
    """Join neighbouring chunks until none is shorter than ``least``."""
    merged: list[int] = []
    for n in sizes:
        if merged and merged[-1] < least:
            merged[-1] += n
        else:
            merged.append(n)
    if len(merged) > 1 and merged[-1] < least:
        merged[-2:] = [sum(merged[-2:])]
    return tuple(merged)


@dataclass(frozen=True)
class _Neighbours:
    """The neighbours of a chunk: whose faces it takes, by the step there, and which faces it hands out to others."""

    takes: dict[Step, ChunkIndex]
    hands_out: list[Step]


def _neighbours(grid: tuple[int, ...], steps: list[Step]) -> dict[ChunkIndex, _Neighbours]:
    """The neighbours of each chunk of a grid."""
    indices = set(product(*map(range, grid)))
    return {
        index: _Neighbours(
            {s: n for s in steps if (n := tuple(map(add, index, s))) in indices},
            [s for s in steps if tuple(map(sub, index, s)) in indices],
        )
        for index in indices
    }


class _CoBlocks:
    """The blocks of a co-operand, in the chunks of the array next to it, and what tasks do with them."""

    def __init__(self, x: da.Array, co_operand: CoOperand | None) -> None:
        self.array: da.Array | None = None
        self.cutting: dict[str, Any] = {}
        self.working: dict[str, Any] = {}
        if co_operand is not None:
            self.array = co_operand.array.rechunk((-1, *x.chunks[: co_operand.array.ndim - 1]))
            self.working = {"before": co_operand.before, "after": co_operand.after}
            if co_operand.before:
                self.cutting = {"before": co_operand.before, "copies": len(co_operand.array)}

    def block(self, index: ChunkIndex) -> tuple[TaskRef, ...]:
        """The block next to that of an index; none without a co-operand."""
        a = self.array
        return () if a is None else (TaskRef((a.name, 0, *index[: a.ndim - 1])),)


def _output_index(index: ChunkIndex, ndim: int) -> ChunkIndex:
    """Number of the block of the result: a kernel may add a first axis, or take it away."""
    added = ndim - len(index)
    return (0,) * added + index if added > 0 else index[-added:]


def _layer(
    x: da.Array,
    widths: Widths,
    corners: bool,
    kernel: Kernel | None,
    chunks: Chunks,
    dtype: DTypeLike,
    co_operand: CoOperand | None = None,
    pieces: CacheBlocking | None = None,
) -> da.Array:
    """The graph: ``extract_halos`` tasks hand out faces, the others join a block with its neighbours' faces."""
    co = _CoBlocks(x, co_operand)
    token = tokenize(x.name, widths, corners, kernel, dtype, co.array, co.working, pieces)
    cut, name = f"cut-{token}", f"halo-{token}"
    work = {"widths": widths, "kernel": kernel, "pieces": pieces, **co.working}
    tasks: dict[Key, Task] = {}
    for index, near in _neighbours(x.numblocks, steps_of(widths, corners)).items():
        block, alongside = TaskRef((x.name, *index)), co.block(index)
        if near.hands_out:
            key: Key = (cut, *index)
            others = alongside if co.cutting else ()
            tasks[key] = Task(
                key, extract_halos, block, *others, steps=near.hands_out, widths=widths, **co.cutting
            )
        key = (name, *_output_index(index, len(chunks)))
        faces = (TaskRef((cut, *n)) for n in near.takes.values())
        tasks[key] = Task(key, apply_with_halo, block, *faces, *alongside, steps=tuple(near.takes), **work)
    inputs = [x] if co.array is None else [x, co.array]
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=inputs)
    return da.Array(graph, name, chunks, meta=np.empty((0,) * len(chunks), dtype))
