"""Lower an operator to an optimised graph on placeholders, split into constant and input-dependent tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import product
from typing import Any, TypeAlias

import dask.array as da
import numpy as np
from dask.base import tokenize

from pylops_distributed.compat.dask import (
    GETTERS,
    DataNode,
    GraphNode,
    Task,
    fuse_chains,
    optimised,
    task_graph,
)
from pylops_distributed.graph.purity import not_there
from pylops_distributed.vectors.space import keys_of
from pylops_distributed.vectors.types import Chunks

Graph: TypeAlias = dict[Any, Any]
# How many elements functions of tasks give that do not return a block of an array, by the shape of what they are
# given and their keyword arguments.
OUTPUT_SIZE_RULES: dict[Callable[..., Any], Callable[..., int]] = {}


_DEPTH: ContextVar[int] = ContextVar("depth", default=0)


@contextmanager
def placeholders() -> Iterator[None]:
    """Note that operators are applied to placeholders meanwhile: further ones have other names.

    A step may apply, to vectors that are not there yet, an operator that is made of others which are not there yet.
    """
    token = _DEPTH.set(_DEPTH.get() + 1)
    try:
        yield
    finally:
        _DEPTH.reset(token)


def placeholder(chunks: Chunks, meta: Any, number: int = 0) -> da.Array:
    """An array without data, which no optimisation can look into; ``number`` distinguishes equal ones."""
    name = f"placeholder-{_DEPTH.get()}-{number}-{tokenize(chunks, meta.dtype)}"
    keys = [(name, *index) for index in product(*(range(len(c)) for c in chunks))]
    return da.Array({k: Task(k, not_there) for k in keys}, name, chunks, meta=meta)


@dataclass(frozen=True)
class LoweredGraph:
    """The optimised graph of some arrays that depend on placeholders.

    Attributes
    ----------
    constant : dict
        Tasks that do not depend on the placeholders.
    futures : dict
        What the constant tasks use that a cluster holds already, by key.
    body : dict
        Tasks that do.
    """

    constant: Graph
    futures: Graph
    body: Graph


def lower(
    outputs: Sequence[da.Array], inputs: Iterable[da.Array], whole: Iterable[object] = ()
) -> LoweredGraph:
    """Optimise the graph of ``outputs``, computed from the placeholders ``inputs``, as Dask would.

    The tasks with the keys ``whole``, where there are any, stay separate tasks.
    """
    ends = {k for a in outputs for k in keys_of(a)}
    apart = ends.union(whole)
    holes = {k for a in inputs for k in keys_of(a)}
    graph, futures = task_graph(optimised(outputs, ends, apart))
    pieces = _array_pieces(graph)
    rest = {k: v for k, v in graph.items() if k not in pieces and k not in holes}
    graph = {**pieces, **fuse_chains(rest, apart)}
    moving = set(holes)
    for key in TopologicalSorter({k: task.dependencies for k, task in graph.items()}).static_order():
        if key in graph and moving & graph[key].dependencies:
            moving.add(key)
    body = {k: v for k, v in graph.items() if k in moving}
    return LoweredGraph({k: v for k, v in graph.items() if k not in moving}, futures, body)


def _array_pieces(graph: Graph) -> Graph:
    """The arrays in a graph, and the pieces that its tasks cut from them: a worker gets its pieces, not all."""

    def piece(key: object, node: GraphNode) -> object:
        if getattr(node, "func", None) in GETTERS:
            held = {d: getattr(graph.get(d), "value", None) for d in node.dependencies}
            if all(isinstance(h, np.ndarray) for h in held.values()):
                return DataNode(key, node(held))
        return node if isinstance(getattr(node, "value", None), np.ndarray) else None

    return {key: part for key, node in graph.items() if (part := piece(key, node)) is not None}


_CURRENT: ContextVar[Any] = ContextVar("working", default=None)


@contextmanager
def operator_scope(op: object) -> Iterator[None]:
    """Attribute all tasks that are built meanwhile to ``op``."""
    token = _CURRENT.set(op)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_operator() -> object:
    """The innermost operator that is being applied, or None."""
    return _CURRENT.get()
