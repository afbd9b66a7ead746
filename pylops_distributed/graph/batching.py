"""Vectors side by side: an operator applied to many of them in the tasks of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer
from dask.typing import Key
from numpy.typing import DTypeLike

from pylops_distributed.compat.dask import GraphNode, Task, TaskRef
from pylops_distributed.graph.lowering import LoweredGraph, lower, placeholder, placeholders
from pylops_distributed.vectors.space import AnySpace, BlockSpace, BlockVector, Vector, arrays_of, keys_of
from pylops_distributed.vectors.types import BlockKey, Chunks, NDArray

Columns: TypeAlias = list[NDArray]  # one block of each vector


def columns_to_matrix(X: Vector) -> da.Array:
    """Vectors side by side as a matrix: one flat vector a column."""
    flat = [a.reshape(-1, a.shape[-1]) for a in arrays_of(X)]
    return flat[0] if len(flat) == 1 else da.concatenate(flat)


def matrix_to_columns(X: da.Array, space: AnySpace) -> Vector:
    """The inverse of :func:`columns_to_matrix`: an array of ``space``, or Blocks, with one more axis at the end."""
    if not isinstance(space, BlockSpace):
        return X.reshape((*space.shape, X.shape[-1]))
    ends = np.cumsum([s.size for s in space.spaces]).tolist()
    parts = zip(space.spaces, [0, *ends[:-1]], ends, strict=True)
    return BlockVector(tuple(X[low:high].reshape((*s.shape, X.shape[-1])) for s, low, high in parts))


def reshape_columns(X: Vector, space: AnySpace) -> Vector:
    """Vectors side by side in the layout of ``space``: themselves where that already fits."""
    spaces = space.spaces if isinstance(space, BlockSpace) else (space,)
    fits = isinstance(X, BlockVector) == isinstance(space, BlockSpace)
    if fits and [a.shape[:-1] for a in arrays_of(X)] == [s.shape for s in spaces]:
        return X
    return matrix_to_columns(columns_to_matrix(X), space)


def vmap(function: Callable[[Vector], Vector], X: Vector) -> Vector:
    """Apply a lazy function of a vector to many, which lie along the last axis of ``X``.

    The function is called once, on a vector that is not there yet. Each task of the graph that it builds then
    works on all vectors of a chunk of the last axis, one after another: there are as many tasks as for one
    vector, times the chunks of the last axis.

    Parameters
    ----------
    function : callable
        From a dask.array.Array or Blocks to another, lazily.
    X : dask.array.Array or Blocks
        Vectors; the last axis of all members has the same length.

    Returns
    -------
    dask.array.Array or Blocks
        The images, along the last axis.
    """
    chunks = arrays_of(X)[0].chunks[-1]
    columns = [a.rechunk({a.ndim - 1: chunks}) for a in arrays_of(X)]
    one = _lower_one(function, columns, isinstance(X, BlockVector))
    token = tokenize([a.name for a in columns], [a.name for a in one.images])
    names = [f"columns-{token}-{n}" for n in range(len(one.images))]
    tasks: dict[Any, Any] = {**one.graph.futures, **one.graph.constant}
    for c, count in enumerate(chunks):
        own = {k: _named(k, f"-{token}-{c}") for k in (*one.sources, *one.graph.body)}
        tasks |= _chunk_tasks(one, own, c, count)
        tasks |= _image_tasks(one, own, names, c, count)
    outputs = [
        _array(names, n, tasks, columns, (*a.chunks, chunks), a.dtype) for n, a in enumerate(one.images)
    ]
    return BlockVector(tuple(outputs)) if one.of_blocks else outputs[0]


@dataclass(frozen=True)
class _OneVector:
    """The graph of the image of one vector, which is a placeholder.

    ``sources`` maps the keys of its blocks to those of the columns, which have one more index.
    """

    images: tuple[da.Array, ...]
    of_blocks: bool
    graph: LoweredGraph
    sources: dict[BlockKey, BlockKey]


def _lower_one(function: Callable[[Vector], Vector], columns: list[da.Array], blocks: bool) -> _OneVector:
    """Call the function once, on a vector that is not there yet."""
    holes = [
        placeholder(a.chunks[:-1], np.empty((0,) * (a.ndim - 1), a.dtype), n) for n, a in enumerate(columns)
    ]
    with placeholders():
        y = function(BlockVector(tuple(holes)) if blocks else holes[0])
    images = arrays_of(y)
    sources = {k: (a.name, *k[1:]) for h, a in zip(holes, columns, strict=True) for k in keys_of(h)}
    return _OneVector(images, isinstance(y, BlockVector), lower(images, holes), sources)


def _chunk_tasks(one: _OneVector, own: Mapping[Key, Key], c: int, count: int) -> dict[Key, GraphNode]:
    """The tasks of one vector, with the keys ``own``, for the ``count`` vectors of chunk ``c``."""
    cut = {own[k]: Task(own[k], _unstack, TaskRef((*source, c))) for k, source in one.sources.items()}
    return {**cut, **{own[k]: _batched(task, own, count) for k, task in one.graph.body.items()}}


def _image_tasks(
    one: _OneVector, own: Mapping[Key, Key], names: list[str], c: int, count: int
) -> dict[Key, GraphNode]:
    """Tasks that put the images of the vectors of chunk ``c`` side by side, in arrays of these names."""
    pairs = [(name, k) for name, image in zip(names, one.images, strict=True) for k in keys_of(image)]
    keys = [((name, *k[1:], c), TaskRef(own.get(k, k))) for name, k in pairs]
    return {key: Task(key, _stack, block, count=count) for key, block in keys}


def _named(key: Any, suffix: str) -> Any:
    return (key[0] + suffix, *key[1:]) if isinstance(key, tuple) else key + suffix


def _array(
    names: list[str],
    n: int,
    tasks: Mapping[Key, GraphNode],
    inputs: list[da.Array],
    chunks: Chunks,
    dtype: DTypeLike,
) -> da.Array:
    graph = HighLevelGraph.from_collections(names[0], tasks, dependencies=inputs)
    if n:  # Dask looks an array up by its layer
        layers = {**graph.layers, names[n]: MaterializedLayer({})}
        graph = HighLevelGraph(layers, {**graph.dependencies, names[n]: {names[0]}})
    return da.Array(graph, names[n], chunks, meta=np.empty((0,) * len(chunks), dtype))


def _batched(task: GraphNode, own: Mapping[Key, Key], count: int) -> Task:
    """The task, under a new name, that does ``task`` for each of ``count`` vectors."""
    needs = sorted(task.dependencies, key=str)
    work = _BatchedTask(task, tuple(needs), tuple(k in own for k in needs), count)
    return Task(own[task.key], work, *(TaskRef(own.get(k, k)) for k in needs))


@dataclass(frozen=True)
class _BatchedTask:
    """A task of one vector as a function of the blocks of many; those that are ``fixed`` are the same for all."""

    task: GraphNode
    needs: tuple[Any, ...]
    moving: tuple[bool, ...]
    count: int

    def __call__(self, *blocks: NDArray | Columns) -> Columns:
        inputs = list(zip(self.needs, self.moving, blocks, strict=True))
        return [self.task({k: b[n] if m else b for k, m, b in inputs}) for n in range(self.count)]


def _unstack(block: NDArray) -> Columns:
    return [np.ascontiguousarray(block[..., n]) for n in range(block.shape[-1])]


def _stack(blocks: NDArray | Columns, count: int) -> NDArray:
    if isinstance(blocks, list):
        return np.stack(blocks, axis=-1)
    return np.repeat(blocks[..., None], count, axis=-1)  # an image that does not depend on the vector
