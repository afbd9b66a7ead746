"""Cost of one application of an operator, read off its optimised graph: nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from math import ceil, prod
from typing import Any

import dask.array as da
import numpy as np
from dask.utils import format_bytes

from pylops_distributed.compat.dask import Task, noting_arrays
from pylops_distributed.graph.block_sizes import BlockSizes, bytes_moved, fused_tasks
from pylops_distributed.graph.lowering import lower, placeholder, placeholders
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
    sizes = BlockSizes([*arrays_of(x), *_arrays_of_operator(op)])
    with noting_arrays(sizes.note), placeholders():
        y = op.apply_adjoint(x) if adjoint else op.apply(x)
    graph = lower(arrays_of(y), arrays_of(x))
    tasks = {**graph.constant, **graph.body}
    sizes.settle(tasks)
    peaks = {k: sizes.peak(t) for k, t in tasks.items() if isinstance(t, Task)}
    largest = max(peaks, key=lambda k: peaks[k], default=None)
    touched = () if largest is None else (largest, *tasks[largest].dependencies, *fused_tasks(tasks[largest]))
    owner, peak = sizes.owner(largest, tasks) or op, peaks.get(largest, 0)
    read = sum(a.nbytes for a in arrays_of(x)) + sum(map(sizes.read, graph.constant.values()))
    return Cost(
        tasks=len(peaks), read=read, moved=bytes_moved(graph.body, sizes, {a.name for a in arrays_of(x)}),
        peak=peak, need=ceil(owner.workspace * peak), operator=_name(owner),
        shape=max((sizes.shape(k) for k in touched), key=prod, default=()),
    ), y  # fmt: skip


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
