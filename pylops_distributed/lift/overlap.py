"""Chunks with halos: one small task a chunk cuts its faces, another joins them and works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from math import prod
from typing import Any, TypeAlias

import dask.array as da
import numpy as np
from dask._task_spec import Task, TaskRef
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from numpy.typing import DTypeLike

from pylops_distributed.graphs import ELEMENTS

Array: TypeAlias = np.ndarray[Any, Any]
Kernel: TypeAlias = Callable[[Array], Array]
Depth: TypeAlias = Mapping[int, tuple[int, int]]
Step: TypeAlias = tuple[int, ...]  # -1, 0 or 1 along each axis: from a chunk to one of its neighbours
Widths: TypeAlias = tuple[tuple[int, int], ...]


def overlap(x: da.Array, depth: Depth, corners: bool = True) -> da.Array:
    """Extend each chunk by samples of its neighbours; none are made up past the ends of the array.

    Parameters
    ----------
    x : dask.array.Array
        Any chunked array. Chunks shorter than the depth along its axis are merged first.
    depth : mapping of int to (int, int)
        For each axis, how many samples of the chunk before and of the chunk after to take.
    corners : bool, optional
        Take the samples of diagonal neighbours too; without, the corners are zero.

    Returns
    -------
    dask.array.Array
        The extended chunks side by side, hence longer than ``x``.

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
) -> da.Array:
    """Apply a kernel to each chunk together with its halo, and drop what it gives for the halo.

    Parameters
    ----------
    x : dask.array.Array
        Any chunked array.
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

    Returns
    -------
    dask.array.Array
        The results with the chunks of ``x``, in two tasks a chunk.
    """
    if lead == 0:
        x = x.rechunk({0: -1})
    wide, widths = _prepare(x, depth)
    first = () if lead is None else ((lead,),) if lead else None
    chunks, old = (c[1:] if first is None else (*first, *c) for c in (wide.chunks, x.chunks))
    y = _layer(wide, widths, corners, kernel, chunks, np.dtype(dtype))
    return y if chunks == old else y.rechunk(old)


def _prepare(x: da.Array, depth: Depth) -> tuple[da.Array, Widths]:
    if any(axis not in range(x.ndim) or min(pair) < 0 for axis, pair in depth.items()):
        raise ValueError(
            f"depth {dict(depth)} must map axes of an array with {x.ndim} axes to non-negative lengths"
        )
    merged = tuple(merge(sizes, max(depth.get(a, (0, 0)))) for a, sizes in enumerate(x.chunks))
    wide = x if merged == x.chunks else x.rechunk(merged)
    alone = (0, 0)
    return wide, tuple(depth.get(a, alone) if n > 1 else alone for a, n in enumerate(wide.numblocks))


def merge(sizes: tuple[int, ...], least: int) -> tuple[int, ...]:
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


def _steps(widths: Widths, corners: bool) -> list[Step]:
    sides = [(0, *(s for s, n in zip((-1, 1), pair, strict=True) if n)) for pair in widths]
    return [s for s in product(*sides) if sum(map(abs, s)) == 1 or (corners and any(s))]


def _layer(
    x: da.Array, widths: Widths, corners: bool, kernel: Kernel | None, chunks: Any, dtype: Any
) -> da.Array:
    """The graph: ``cut`` tasks hand out faces, the others join a block with its neighbours' faces."""
    token = tokenize(x.name, widths, corners, kernel, dtype)
    cut, name = f"cut-{token}", f"halo-{token}"
    steps = _steps(widths, corners)
    grid = set(product(*map(range, x.numblocks)))
    shift = len(chunks) - x.ndim
    tasks = {}
    for index in grid:
        near = {s: n for s in steps if (n := tuple(i + d for i, d in zip(index, s, strict=True))) in grid}
        wanted = [s for s in steps if tuple(i - d for i, d in zip(index, s, strict=True)) in grid]
        block = TaskRef((x.name, *index))
        if wanted:
            tasks[(cut, *index)] = Task((cut, *index), _cut, block, steps=wanted, widths=widths)
        key = (name, *(0,) * shift, *index[max(0, -shift) :])
        faces = (TaskRef((cut, *n)) for n in near.values())
        tasks[key] = Task(key, _work, block, *faces, steps=tuple(near), widths=widths, kernel=kernel)
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[x])
    return da.Array(graph, name, chunks, meta=np.empty((0,) * len(chunks), dtype))


def _cut(block: Array, steps: list[Step], widths: Widths) -> dict[Step, Array]:
    """Copies of the faces of a block that the chunks from which ``steps`` lead here will want."""
    return {s: block[tuple(map(_side, s, widths, block.shape))].copy() for s in steps}


def _side(step: int, pair: tuple[int, int], n: int) -> slice:
    return slice(n - pair[0], n) if step < 0 else slice(0, pair[1] if step else n)


def _faces(shape: tuple[int, ...], steps: list[Step], widths: Widths) -> int:
    sides = (map(_side, s, widths, shape) for s in steps)
    return sum(prod(side.stop - side.start for side in face) for face in sides)


ELEMENTS[_cut] = _faces


def _work(
    block: Array, *cuts: dict[Step, Array], steps: tuple[Step, ...], widths: Widths, kernel: Kernel | None
) -> Array:
    """Join a block and its neighbours' faces, apply the kernel and trim."""
    before = [pair[0] if any(s[a] < 0 for s in steps) else 0 for a, pair in enumerate(widths)]
    after = [pair[1] if any(s[a] > 0 for s in steps) else 0 for a, pair in enumerate(widths)]
    core = tuple(slice(b, b + n) for b, n in zip(before, block.shape, strict=True))
    extended = block
    if steps:
        shape = tuple(map(sum, zip(before, block.shape, after, strict=True)))
        full = len(steps) + 1 == np.prod([1 + (b > 0) + (a > 0) for b, a in zip(before, after, strict=True)])
        extended = (np.empty if full else np.zeros)(shape, block.dtype)
        extended[core] = block
        for step, faces in zip(steps, cuts, strict=True):
            place = [
                slice(0, c.start) if s < 0 else slice(c.stop, None) if s else c
                for s, c in zip(step, core, strict=True)
            ]
            extended[tuple(place)] = faces[step]
    if kernel is None:
        return extended
    y = kernel(extended)
    more = y.ndim - block.ndim
    return y[(slice(None),) * more + core[max(0, -more) :]] if steps else y
