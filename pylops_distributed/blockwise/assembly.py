"""Arrays made of pieces of another array's chunks along one axis: what rolls, samples and pads share."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, product
from math import prod
from typing import Any, TypeAlias

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.typing import Key
from numpy.typing import DTypeLike

from pylops_distributed.compat.dask import GraphNode, Task, TaskRef, meta_of
from pylops_distributed.graph.lowering import OUTPUT_SIZE_RULES
from pylops_distributed.vectors.space import one_array
from pylops_distributed.vectors.types import NDArray

Array: TypeAlias = NDArray
Index: TypeAlias = slice | Array
Widths: TypeAlias = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Piece:
    """Samples ``source`` of input chunk ``block``, to be added to samples ``target`` of an output chunk."""

    block: int
    source: Index
    target: Index


Plan: TypeAlias = list[list[Piece]]  # the pieces of each output chunk


def widen(x: da.Array, dtype: DTypeLike) -> da.Array:
    """``x`` in the type that holds both itself and an operator of type ``dtype``."""
    return x.astype(np.result_type(x.dtype, dtype))


def roll_plan(sizes: tuple[int, ...], shift: int) -> Plan:
    """Plan of a circular shift that keeps the chunks."""
    n = sum(sizes)
    starts = [0, *accumulate(sizes[:-1])]
    plan: Plan = [[] for _ in sizes]
    if not n:
        return plan
    for low, high in pairwise(sorted({*starts, *((s + shift) % n for s in starts), n})):
        source = (low - shift) % n
        i, j = bisect_right(starts, source) - 1, bisect_right(starts, low) - 1
        first, last = source - starts[i], low - starts[j]
        length = high - low
        plan[j].append(Piece(i, slice(first, first + length), slice(last, last + length)))
    return plan


def index_plan(source: Array, target: Array, sizes: tuple[int, ...], into: tuple[int, ...]) -> Plan:
    """Plan that adds sample ``source[k]`` in chunks ``sizes`` to sample ``target[k]`` in chunks ``into``."""
    ends, goals = np.cumsum(sizes), np.cumsum(into)
    block, goal = np.searchsorted(ends, source, "right"), np.searchsorted(goals, target, "right")
    order = np.lexsort((block, goal))
    steps = np.flatnonzero(np.diff(block[order]) | np.diff(goal[order])) + 1
    plan: Plan = [[] for _ in into]
    for group in np.split(order, steps) if order.size else ():
        i, j = int(block[group[0]]), int(goal[group[0]])
        start, origin = ends[i] - sizes[i], goals[j] - into[j]
        plan[j].append(Piece(i, _index(source[group] - start), _index(target[group] - origin)))
    return plan


def _index(samples: Array) -> Index:
    """A slice, which copies faster, in the place of consecutive samples."""
    if np.all(np.diff(samples) == 1):
        return slice(int(samples[0]), int(samples[-1]) + 1)
    return samples


def assemble_chunks(
    x: da.Array, axis: int, plan: Plan, sizes: tuple[int, ...], dtype: DTypeLike, add: bool = False
) -> da.Array:
    """The array whose chunks along ``axis``, of lengths ``sizes``, are put together as ``plan`` says.

    One task cuts each piece where it lies, so that only needed samples travel, and one joins those of a chunk. With
    ``add`` several pieces, or several samples of one, may go to the same place.
    """
    kind = np.dtype(dtype)
    token = tokenize(x.name, axis, plan, sizes, kind, add)
    cut, name = f"cut-{token}", f"assemble-{token}"
    chunks = (*x.chunks[:axis], sizes, *x.chunks[axis + 1 :])
    before, after = (list(product(*map(range, n))) for n in (x.numblocks[:axis], x.numblocks[axis + 1 :]))
    tasks: dict[Key, GraphNode] = {}
    for head, (j, pieces), tail in product(before, enumerate(plan), after):
        at = (*head, j, *tail)
        out: Key = (name, *at)
        alone = len(pieces) == 1 and _fills(pieces[0], sizes[j])
        names: list[Key] = [out] if alone else [(cut, *head, j, k, *tail) for k in range(len(pieces))]
        for key, p in zip(names, pieces, strict=True):
            block = TaskRef((x.name, *head, p.block, *tail))
            tasks[key] = Task(key, _select_samples, block, source=p.source, axis=axis, dtype=kind)
        if not alone:
            targets = [p.target for p in pieces]
            shape = tuple(c[i] for c, i in zip(chunks, at, strict=True))
            settings: dict[str, Any] = {
                "targets": targets,
                "shape": shape,
                "axis": axis,
                "dtype": kind,
                "add": add,
            }
            tasks[out] = Task(out, _join, *map(TaskRef, names), **settings)
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[x])
    return da.Array(graph, name, chunks, meta=np.empty((0,) * x.ndim, kind))


def _fills(piece: Piece, n: int) -> bool:
    """Whether a piece is all of a chunk of length ``n``."""
    return isinstance(piece.target, slice) and piece.target == slice(0, n)


def _select_samples(block: Array, source: Index, axis: int, dtype: DTypeLike) -> Array:
    """Some samples: copied where the rest of the block is large, so that it is not kept alive."""
    if isinstance(source, slice):
        piece = block[(slice(None),) * axis + (source,)]
        kept = piece.flags.c_contiguous and 4 * piece.nbytes >= block.nbytes
        return piece.astype(dtype, copy=False) if kept else np.array(piece, dtype, order="C")
    return np.take(block, source, axis=axis).astype(dtype, copy=False)


def _selected_size(shape: tuple[int, ...], source: Index, axis: int, dtype: DTypeLike) -> int:
    length = source.stop - source.start if isinstance(source, slice) else len(source)
    return prod(shape[:axis]) * length * prod(shape[axis + 1 :])


OUTPUT_SIZE_RULES[_select_samples] = _selected_size


def _join(
    *cuts: Array, targets: list[Index], shape: tuple[int, ...], axis: int, dtype: DTypeLike, add: bool
) -> Array:
    """Put pieces into a block of zeros, or add them up there."""
    slices = [t for t in targets if isinstance(t, slice)]
    tiled = not add and len(slices) == len(targets) and sum(t.stop - t.start for t in slices) == shape[axis]
    block = (np.empty if tiled else np.zeros)(shape, dtype)
    for piece, target in zip(cuts, targets, strict=True):
        index: Any = (slice(None),) * axis + (target,)
        if add and isinstance(target, slice):
            block[index] += piece
        elif add:
            np.add.at(block, index, piece)
        else:
            block[index] = piece
    return block


def pad(x: da.Array, widths: Widths) -> da.Array:
    """``x`` between zeros; the first and last chunks grow by the ``widths`` before and after each axis."""
    if isinstance(x, np.ndarray):
        padded: Any = np.pad(x, widths)
        return one_array(padded)
    chunks = []
    for sizes, (before, after) in zip(x.chunks, widths, strict=True):
        grown = list(sizes)
        grown[0] += before
        grown[-1] += after
        chunks.append(tuple(grown))
    return x.map_blocks(
        _pad, widths=tuple(widths), grid=x.numblocks, chunks=tuple(chunks), dtype=x.dtype, meta=meta_of(x)
    )


def _pad(block: Array, widths: Widths, grid: tuple[int, ...], block_id: tuple[int, ...]) -> Array:
    """Zeros on those sides of a block that are ends of the array."""
    sides = [
        (before if i == 0 else 0, after if i == n - 1 else 0)
        for (before, after), i, n in zip(widths, block_id, grid, strict=True)
    ]
    return np.pad(block, sides) if np.any(sides) else block


def resize(x: da.Array, shape: tuple[int, ...]) -> da.Array:
    """``x`` cut off at, or extended with zeros to, ``shape``."""
    if any(n < m for n, m in zip(shape, x.shape, strict=True)):
        return x[tuple(map(slice, shape))]
    return x if x.shape == shape else pad(x, [(0, n - m) for n, m in zip(shape, x.shape, strict=True)])
