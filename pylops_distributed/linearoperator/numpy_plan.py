"""Operators on NumPy vectors, at once: their own functions, or their tasks, traced once, as a line of calls."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import partial
from graphlib import TopologicalSorter
from typing import Any, ClassVar, Protocol, TypeAlias

import dask
import dask.array as da
import numpy as np
from dask.typing import Key
from scipy import sparse

from pylops_distributed.compat.dask import compute_keys
from pylops_distributed.errors import ComputedTooEarlyError
from pylops_distributed.graph.compile import Function, compile_task
from pylops_distributed.graph.lowering import Graph, lower, operator_scope, placeholder, placeholders
from pylops_distributed.graph.purity import (
    DEPTH,
    apply_by_parts,
    detached,
    in_words,
    is_foreign,
    note_application,
    read_only,
)
from pylops_distributed.vectors.space import AnySpace, BlockVector, Space, Vector, arrays_of, keys_of
from pylops_distributed.vectors.types import DType

COUNTS = ("matvec_count", "rmatvec_count", "matmat_count", "rmatmat_count")
# A task: its key, what it calls, and the keys of the values that nobody needs after it.
Call: TypeAlias = tuple[Key, Function, list[Key]]
MADE, _DIRECT = (
    "_made_",
    "_made_direct",
)  # how the names of attributes begin that are made of others when they are needed


class Applicable(Protocol):
    """An operator as this module applies it."""

    takes_numpy: ClassVar[bool]
    takes_vectors: bool
    holds_dask: bool
    narrow: tuple[bool, bool]
    dtype: DType

    @property
    def domain(self) -> AnySpace: ...  # noqa: D102
    @property
    def codomain(self) -> AnySpace: ...  # noqa: D102
    def apply(self, x: Vector, /) -> Vector: ...  # noqa: D102
    def apply_adjoint(self, y: Vector, /) -> Vector: ...  # noqa: D102
    def _matvec(self, x: Vector, /) -> Vector: ...
    def _rmatvec(self, y: Vector, /) -> Vector: ...
    def cast_output(self, y: Vector, way: int, /) -> Vector: ...  # noqa: D102


def apply_numpy(op: Applicable, way: int, x: Vector) -> Vector:
    """Forward (``way`` 0) or adjoint (1) of a NumPy vector of an operator that holds no Dask array.

    Parameters
    ----------
    op : LinearOperator
        Operator.
    way : int
        Which way.
    x : numpy.ndarray or BlockVector
        Vector of its domain, or of its codomain.

    Returns
    -------
    numpy.ndarray or BlockVector
        The result, computed.

    Raises
    ------
    TypeError, ValueError
        If the operator returns no vector of the space it states.
    """
    foreign = is_foreign(type(op))
    direct = op.takes_vectors or (op.takes_numpy and not foreign)
    function = (op._matvec, op._rmatvec)[way] if direct else plan_of(op, way, x)
    try:
        if op.takes_vectors and isinstance(x, np.ndarray):
            y = apply_by_parts(function, op, read_only(x))
        else:
            y = detached(function(_guarded(x))) if foreign else function(x)
    except ValueError as error:
        raise in_words(op, error) from error
    return op.cast_output(_checked(op, y, way), way)


def is_direct(op: Applicable, way: int) -> bool:
    """Whether forward (``way`` 0) or adjoint (1) of NumPy arrays of the right shape is a call of its function alone."""
    known: tuple[bool, bool] | None = vars(op).get(_DIRECT)
    if known is None:
        ours = op.takes_numpy and not (op.takes_vectors or op.holds_dask or is_foreign(type(op)))
        spaces = isinstance(op.domain, Space), isinstance(op.codomain, Space)
        known = vars(op)[_DIRECT] = ours and spaces[0], ours and spaces[1]
    return known[way]


def apply_direct(op: Applicable, way: int, x: object) -> Vector | None:
    """The result for a NumPy array where that is a call of the operator's function alone, else None."""
    space: Any = op.codomain if way else op.domain
    if type(x) is not np.ndarray or x.shape != space.shape or not is_direct(op, way):
        return None
    note_application(op, None)
    function: Any = op._rmatvec if way else op._matvec
    try:
        y: Vector = function(x)
    except ValueError as error:
        raise in_words(op, error) from error
    return op.cast_output(y, way) if op.narrow[way] else y


def _guarded(x: Vector) -> Vector:
    return BlockVector(tuple(map(read_only, x.arrays))) if isinstance(x, BlockVector) else read_only(x)


def _checked(op: Applicable, y: Vector, way: int) -> Vector:
    """A result, which must be a vector of the operator's space."""
    space = (op.codomain, op.domain)[way]
    if isinstance(space, Space) and isinstance(y, np.ndarray) and y.shape == space.shape:
        return y
    if isinstance(y, da.Array):
        (y,) = dask.compute(y)
    return space.fit(y)


SAMPLES = 256  # how many numbers of an array are looked at one by one
WHOLE = (
    1 << 22
)  # bytes of an array from which on these are all: a sum over more would cost as much as a product


def stamp(held: object) -> object:
    """Numbers that tell whether a NumPy or sparse array has been changed in place; None for anything else.

    A sum over all bytes of a small array, which a change of one element changes, and a checksum of a sample, for
    changes of order and of large arrays.
    """
    x: Any = held
    if sparse.issparse(x):
        return tuple(stamp(getattr(x, name)) for name in ("data", "indices", "indptr") if hasattr(x, name))
    if not isinstance(x, np.ndarray) or x.dtype.hasobject or x.size == 0:
        return None
    flat = x.ravel(order="K")  # no copy where the array lies in one piece
    words = flat.view(np.uint8)
    whole = words[: words.size // 8 * 8].view(np.uint64) if words.size <= WHOLE else words[:0].view(np.uint64)
    sample = flat[:: 1 + flat.size // SAMPLES]
    rest = words[words.size // 8 * 8 :]
    return int(np.add.reduce(whole)), rest.tobytes(), zlib.crc32(sample.tobytes())


def arrays_within(x: object, depth: int = 0) -> list[object]:
    """All NumPy and sparse arrays that an operator holds, itself or in its members."""
    if isinstance(x, np.ndarray) or sparse.issparse(x):
        return [x]
    if isinstance(x, partial):
        x = (x.func, x.args, x.keywords)
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, list | tuple):
        return [a for part in x for a in arrays_within(part, depth + 1)] if depth < DEPTH else []
    if depth < DEPTH and (hasattr(x, "apply_adjoint") or hasattr(x, "_rmatvec") or is_dataclass(x)):
        members = [v for k, v in getattr(x, "__dict__", {}).items() if not is_passing(k)]
        return arrays_within(members, depth + 1)
    return []


def is_passing(name: str) -> bool:
    """Whether an attribute of an operator is not part of what the operator is."""
    return name in COUNTS or name == "holds_dask" or name.startswith(MADE)


class TracedOperator:
    """The tasks of an operator, traced for vectors of one type, as a line of calls in this thread.

    Parameters
    ----------
    op : LinearOperator
        Operator.
    way : int
        Forward (0) or adjoint (1).
    x : numpy.ndarray or BlockVector
        Vector like those to come.
    """

    def __init__(self, op: Applicable, way: int, x: Vector) -> None:
        self.members, self.arrays = _members(op), arrays_within(op)
        self.stamps = list(map(stamp, self.arrays))
        space = (op.domain, op.codomain)[way]
        holes = [
            placeholder(tuple((n,) for n in a.shape), np.empty((0,) * a.ndim, a.dtype), number)
            for number, a in enumerate(arrays_of(x))
        ]
        vector: Any = BlockVector(tuple(holes)) if isinstance(x, BlockVector) else holes[0]
        with placeholders(), operator_scope(op):
            y = (op._matvec, op._rmatvec)[way](space.fit(vector))
        self.blocks = isinstance(y, BlockVector)
        outputs = [a.rechunk(-1) for a in arrays_of(y)]
        graph = lower(outputs, holes)
        needed = set().union(*(task.dependencies for task in graph.body.values()))
        ends = [keys_of(a)[0] for a in outputs]
        constant = {**graph.futures, **graph.constant}
        kept = [k for k in constant if k in needed or k in ends]
        values = compute_keys(constant, kept) if kept else ()
        self.fixed = dict(zip(kept, values, strict=True))
        self.holes, self.ends = [keys_of(a)[0] for a in holes], ends
        self.steps = _steps(graph.body, {*ends, *self.holes})

    def fits(self, op: Applicable) -> bool:
        """Whether the operator still holds what it held when it was traced."""
        members = _members(op)
        return (
            len(members) == len(self.members)
            and all(map(_same, members, self.members))
            and list(map(stamp, self.arrays)) == self.stamps
        )

    def __call__(self, x: Vector) -> Vector:
        """The result for a vector."""
        values = dict(self.fixed)
        values.update(zip(self.holes, arrays_of(x), strict=True))
        for key, call, dead in self.steps:
            values[key] = call(values)
            for other in dead:
                del values[other]
        # What does not depend on the vector is the plan's own: users may write into what they get.
        images = [values[k].copy() if k in self.fixed else values[k] for k in self.ends]
        return BlockVector(tuple(images)) if self.blocks else images[0]


def _same(a: object, b: object) -> bool:
    return a is b


def _members(op: Applicable) -> list[object]:
    return [v for k, v in vars(op).items() if not is_passing(k)]


def _steps(body: Graph, kept: set[Key]) -> list[Call]:
    """Each task as a call, with the keys of the values that nobody needs after it."""
    order = [
        k for k in TopologicalSorter({k: t.dependencies for k, t in body.items()}).static_order() if k in body
    ]
    last = {d: k for k in order for d in body[k].dependencies if d in body and d not in kept}
    dead: dict[Any, list[Any]] = {}
    for value, key in last.items():
        dead.setdefault(key, []).append(value)
    return [(k, compile_task(body[k]), dead.get(k, [])) for k in order]


class Computed:
    """In place of a plan for operators that compute while they are applied."""

    def __init__(self, op: Applicable, way: int) -> None:
        self.members, self.op, self.way = _members(op), op, way

    def fits(self, op: Applicable) -> bool:
        """As :meth:`TracedOperator.fits`."""
        return op is self.op

    def __call__(self, x: Vector) -> Vector:
        """The result for a vector."""
        lazy = BlockVector(tuple(map(da.asarray, x.arrays))) if isinstance(x, BlockVector) else da.asarray(x)
        y: Vector = dask.compute((self.op._matvec, self.op._rmatvec)[self.way](lazy))[0]
        return y


def plan_of(op: Applicable, way: int, x: Vector) -> Callable[[Vector], Vector]:
    """The plan of an operator for vectors of the types of ``x``, made when it is first needed."""
    plans: dict[Any, Any] = vars(op).setdefault(MADE + "plans", {})
    key = (way, *(a.dtype.char for a in arrays_of(x)))
    plan = plans.get(key)
    if plan is None or not plan.fits(op):
        try:
            plan = TracedOperator(op, way, x)
        except ComputedTooEarlyError:
            plan = Computed(op, way)
        plans[key] = plan
    return plan
