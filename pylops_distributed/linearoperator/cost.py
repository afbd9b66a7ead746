"""Cost of one application of an operator, read off its optimised graph: nothing is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from graphlib import TopologicalSorter
from math import ceil, prod
from operator import getitem
from typing import Any

import dask.array as da
import numpy as np
from dask.typing import Key
from dask.utils import format_bytes

from pylops_distributed.compat.dask import (
    GETTERS,
    Alias,
    DataNode,
    GraphNode,
    Task,
    array_of_key,
    noting_arrays,
    slice_block,
    subgraph,
)
from pylops_distributed.graph.lowering import (
    OUTPUT_SIZE_RULES,
    current_operator,
    lower,
    placeholder,
    placeholders,
)
from pylops_distributed.linearoperator.linear_map import LinearMap
from pylops_distributed.vectors.space import AnySpace, BlockSpace, BlockVector, Space, Vector, arrays_of
from pylops_distributed.vectors.types import Chunks, ChunksLike


@dataclass(frozen=True)
class Cost:
    """Cost of a forward, or of an adjoint.

    Attributes
    ----------
    tasks : int
        Tasks that run.
    read : int
        Bytes of the vector and of the arrays that the operator holds.
    moved : int
        Bytes that would travel if each chunk of the vector were on a different worker, and each task ran where most of
        its input is.
    peak : int
        Most bytes that one task holds: what it needs, what it makes, and what it hands on within itself.
    need : int
        Most bytes that one task may take: kernels make temporary arrays, at most as many times ``peak`` as the
        operator's ``workspace`` says.
    operator : str
        The operator that the largest task belongs to.
    shape : tuple of int
        Shape of the largest array among what that task needs and makes.
    """

    tasks: int
    read: int
    moved: int
    peak: int
    need: int
    operator: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Description:
    """Costs of one application of an operator; prints as a table.

    Attributes
    ----------
    operator : str
        The operator.
    model, data : tuple
        Chunks of the arrays that the model and the data are made of.
    forward, adjoint : Cost
        What each of them takes.
    """

    operator: str
    model: tuple[Chunks, ...]
    data: tuple[Chunks, ...]
    forward: Cost
    adjoint: Cost

    def __str__(self) -> str:
        head = f"{'':8}{'tasks':>8}{'read':>12}{'moved':>12}{'peak a task':>14}{'at most':>12}"
        rows = (
            f"{name:8}{c.tasks:>8}{format_bytes(c.read):>12}{format_bytes(c.moved):>12}{format_bytes(c.peak):>14}"
            f"{format_bytes(c.need):>12}  in {c.operator}"
            for name, c in (("forward", self.forward), ("adjoint", self.adjoint))
        )
        return "\n".join((self.operator, head, *rows))


def describe(op: LinearMap, chunks: ChunksLike = None, data: Vector | None = None) -> Description:
    """Costs of one application of an operator; see :meth:`pylops_distributed.LinearOperator.describe`."""
    if data is None:
        x = _vector(op.domain, chunks)
        forward, y = _cost(op, x, adjoint=False)
        adjoint, _ = _cost(op, _like(y), adjoint=True)
    else:
        y = _like(data)
        adjoint, x = _cost(op, y, adjoint=True)
        forward, _ = _cost(op, _like(x), adjoint=False)
    model, image = (tuple(a.chunks for a in arrays_of(v)) for v in (x, y))
    return Description(repr(op), model, image, forward, adjoint)


def _like(x: Vector) -> Vector:
    """A placeholder for a vector, in its chunks."""
    holes = [placeholder(a.chunks, np.empty((0,) * a.ndim, a.dtype), n) for n, a in enumerate(arrays_of(x))]
    return BlockVector(tuple(holes)) if isinstance(x, BlockVector) else holes[0]


def _vector(space: AnySpace, chunks: ChunksLike = None) -> Vector:
    """A placeholder in the chunks that the space pins, or in others."""
    if isinstance(space, BlockSpace):
        return BlockVector(tuple(_placeholder(s, None, n) for n, s in enumerate(space.spaces)))
    return _placeholder(space, chunks, 0)


def _placeholder(space: Space, chunks: ChunksLike, number: int) -> da.Array:
    asked = "auto" if chunks is None else chunks
    sizes = space.chunks or da.core.normalize_chunks(asked, space.shape, dtype=space.dtype)
    return placeholder(sizes, np.empty((0,) * len(space.shape), space.dtype), number)


def _cost(op: LinearMap, x: Vector, adjoint: bool) -> tuple[Cost, Vector]:
    sizes = Sizes([*arrays_of(x), *_arrays_of_operator(op)])
    with noting_arrays(sizes.note), placeholders():
        y = op.apply_adjoint(x) if adjoint else op.apply(x)
    graph = lower(arrays_of(y), arrays_of(x))
    tasks = {**graph.constant, **graph.body}
    sizes.settle(tasks)
    peaks = {k: sizes.peak(t) for k, t in tasks.items() if isinstance(t, Task)}
    largest = max(peaks, key=lambda k: peaks[k], default=None)
    touched = () if largest is None else (largest, *tasks[largest].dependencies, *_inner(tasks[largest]))
    owner, peak = sizes.owner(largest, tasks) or op, peaks.get(largest, 0)
    read = sum(a.nbytes for a in arrays_of(x)) + sum(map(sizes.read, graph.constant.values()))
    return Cost(
        tasks=len(peaks), read=read, moved=_moved(graph.body, sizes, {a.name for a in arrays_of(x)}),
        peak=peak, need=ceil(owner.workspace * peak), operator=_name(owner),
        shape=max((sizes.shape(k) for k in touched), key=prod, default=()),
    ), y  # fmt: skip


def _inner(task: object) -> Mapping[Key, GraphNode]:
    """The tasks that were fused into one; none if it is a plain one."""
    chain = subgraph(task)
    return {} if chain is None else chain.tasks


def _name(op: Any) -> str:
    return f"{type(op).__name__} {op.name}" if getattr(op, "name", None) else type(op).__name__


def _arrays_of_operator(op: object) -> Iterator[da.Array]:
    """The lazy arrays that an operator holds, itself or in its members."""
    if isinstance(op, da.Array):
        yield op
    elif isinstance(op, Mapping):
        yield from (a for v in op.values() for a in _arrays_of_operator(v))
    elif isinstance(op, list | tuple):
        yield from (a for v in op for a in _arrays_of_operator(v))
    elif isinstance(op, LinearMap):
        yield from _arrays_of_operator(vars(op))
    elif is_dataclass(op) and not isinstance(op, type):
        yield from (a for f in fields(op) for a in _arrays_of_operator(getattr(op, f.name)))


class Sizes:
    """How large the blocks are that keys of a graph stand for.

    Parameters
    ----------
    arrays : iterable of dask.array.Array
        Arrays that are known beforehand; those made meanwhile are noted by :meth:`note`.
    """

    def __init__(self, arrays: Iterable[da.Array]) -> None:
        self._arrays: dict[str, tuple[Chunks, int, Any]] = {}
        self._others: dict[Any, int] = {}
        for a in arrays:
            self.note(a)

    def note(self, a: da.Array) -> None:
        """Take down the chunks of an array, and which operator is making it."""
        self._arrays.setdefault(a.name, (a.chunks, a.dtype.itemsize, current_operator()))

    def __getitem__(self, key: object) -> int:
        if key in self._others:
            return self._others[key]
        entry = self._entry(key)
        return prod(self.shape(key)) * entry[1] if entry else 0

    def _entry(self, key: object) -> tuple[Chunks, int, Any] | None:
        return self._arrays.get(array_of_key(key))

    def shape(self, key: object) -> tuple[int, ...]:
        """Shape of a block; of the largest one where it is not known which."""
        entry = self._entry(key)
        if entry is None:
            return ()
        if isinstance(key, tuple) and len(key) == len(entry[0]) + 1:
            return tuple(c[i] for c, i in zip(entry[0], key[1:], strict=True))
        return tuple(map(max, entry[0]))

    def owner(self, key: object, tasks: Mapping[object, GraphNode]) -> Any:
        """The operator that made a task, or the first that needs what it makes."""
        if inner := _inner(tasks.get(key)):  # the first of those that were fused
            first = TopologicalSorter(
                {k: t.dependencies & inner.keys() for k, t in inner.items()}
            ).static_order()
            entries = (self._entry(k) for k in first)
            owner = next((e[2] for e in entries if e is not None and e[2] is not None), None)
            if owner is not None:
                return owner
        while key is not None:
            entry = self._entry(key)
            if entry is not None and entry[2] is not None:
                return entry[2]
            key = next((k for k, t in tasks.items() if key in t.dependencies), None)
        return None

    def settle(self, tasks: Mapping[object, GraphNode]) -> None:
        """Find the sizes of values that are no blocks of arrays: data, and tasks' intermediate results."""
        users: dict[Any, list[Any]] = {}
        for key, made_by in tasks.items():
            for need in made_by.dependencies:
                users.setdefault(need, []).append(key)
        for key in TopologicalSorter({k: t.dependencies for k, t in tasks.items()}).static_order():
            task: GraphNode | None = tasks.get(key)
            if isinstance(task, DataNode):
                self._others[key] = int(getattr(task.value, "nbytes", 0)) if _in_memory(task.value) else 0
            elif task is not None and self._entry(key) is None:
                largest = max((self[k] for k in users.get(key, ())), default=0)
                self._others[key] = self._by_rule(task) or largest or sum(self[k] for k in task.dependencies)

    def _by_rule(self, task: GraphNode) -> int:
        """The size of what a task makes, where that follows from its function; else 0."""
        if not isinstance(task, Task) or not task.dependencies:
            return 0
        last: Any = task
        if (chain := subgraph(task)) is not None:
            if self._entry(chain.output):
                return self[chain.output]
            last = chain.tasks[chain.output]
        shape = self.shape(need := next(iter(task.dependencies)))
        if not isinstance(last, Task):
            return 0
        if last.func in OUTPUT_SIZE_RULES:
            count = OUTPUT_SIZE_RULES[last.func](shape, **last.kwargs)
        elif last.func in (slice_block, getitem) and isinstance(last.args[1], tuple):
            count = prod(len(range(*s.indices(n))) for s, n in zip(last.args[1], shape, strict=False))
        else:
            return 0
        return int(count * self[need] / max(1, prod(shape)))

    def peak(self, task: Task) -> int:
        """Bytes that a task holds at most."""
        inputs = sum(self[k] for k in task.dependencies)
        inner = _inner(task)
        if not inner:
            return inputs + self[task.key]
        steps = (sum(self[k] for k in t.dependencies if k in inner) + self[k] for k, t in inner.items())
        return inputs + max(steps, default=0)

    def read(self, task: GraphNode) -> int:
        """Bytes that a task reads from where they are stored."""
        if isinstance(task, Alias):
            return 0
        if isinstance(task, DataNode):
            return self[task.key]
        parts = _inner(task).values() or (task,)
        return sum(self[t.key] for t in parts if isinstance(t, Task) and t.func in GETTERS)


def _in_memory(value: object) -> bool:
    return isinstance(value, np.ndarray | np.generic) or not hasattr(value, "chunks")


def _moved(body: Mapping[object, GraphNode], sizes: Sizes, sources: set[str]) -> int:
    homes: dict[Any, Any] = {}
    sent: dict[tuple[Any, Any], int] = {}
    for key in TopologicalSorter({k: t.dependencies for k, t in body.items()}).static_order():
        if key not in body:
            if isinstance(key, tuple) and key[0] in sources:
                homes[key] = key[1:]  # members of a BlockVector lie on the same workers
            continue
        needs = sorted((k for k in body[key].dependencies if k in homes), key=str)
        homes[key] = homes[max(needs, key=lambda k: sizes[k])]
        sent |= {(k, homes[key]): sizes[k] for k in needs if homes[k] != homes[key]}
    return sum(sent.values())
