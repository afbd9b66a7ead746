"""Operators of users: those that compute while they are applied, write into their input, or differ each time.

A solver's step is traced once and replayed, so that its operators must be pure functions of what they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from inspect import getclosurevars, isfunction
from random import Random
from sys import getrefcount
from traceback import clear_frames
from typing import Any, Protocol, TypeVar

import dask
import dask.array as da
import numpy as np
import pylops

from pylops_distributed.compat.dask import DataNode, computes_in_threads, meta_of
from pylops_distributed.errors import ComputedTooEarlyError
from pylops_distributed.vectors.noise import noise
from pylops_distributed.vectors.space import AnySpace, Vector, arrays_of
from pylops_distributed.vectors.types import DType, NDArray, Typed

# Packages whose functions give the same each time, and leave alone what they are given.
TRUSTED = frozenset({
    "builtins", "_operator", "operator", "functools", "itertools", "toolz", "cytoolz", "tlz", "numpy", "dask",
    "distributed", "scipy", "pylops", "pylops_distributed", "xarray", "zarr", "pandas", "sparse", "obstore",
})  # fmt: skip


GENERATORS = (np.random.Generator, np.random.RandomState, Random)
_DATA = frozenset({np.ndarray, str, bytes, bool, int, float, complex, slice, type(None)})
_ARRAYS = (np.ndarray, np.generic, np.dtype, da.Array)
DEPTH = 16  # how deep to look for functions within tasks and operators

T = TypeVar("T")


def not_there() -> object:
    """The task of a placeholder's block."""
    raise ComputedTooEarlyError


def is_foreign(x: object) -> bool:
    """Whether a function or an object is of a user's own code."""
    while isinstance(x, partial):
        x = x.func
    module = getattr(x, "__module__", None)
    if not isinstance(module, str):
        module = type(x).__module__
    return module.partition(".")[0] not in TRUSTED


def read_only(x: T) -> T:
    """A view of a block that cannot be written to; other values as they are."""
    if not isinstance(x, np.ndarray) or not x.flags.writeable:
        return x
    view: Any = x.view()
    view.flags.writeable = False
    same_type: T = view
    return same_type


def _references(x: NDArray) -> tuple[int, int]:
    """How many references there are to an array, and to the array whose memory it shows."""
    return getrefcount(x), 0 if x.base is None else getrefcount(x.base)


def _held(y: NDArray) -> bool:
    """Whether an array, or the one whose memory it shows, has other references than the caller's."""
    return any(n > m for n, m in zip(_references(y), _ALONE, strict=True))


def detached(y: T) -> T:
    """The result of a user's function: a copy if the function still holds the array, and may write to it later."""
    if not isinstance(y, np.ndarray):
        return y
    copied: Any = y.copy() if _held(y) or getattr(y.base, "base", None) is not None else y
    result: T = copied
    return result


def apply_by_parts(function: Callable[[NDArray], NDArray], op: Typed, x: NDArray) -> NDArray:
    """The result of an operator's function of a NumPy vector, detached.

    Functions of real operators may drop the imaginary part of a vector, as PyLops' own do: they get it apart.
    """
    if x.dtype.kind != "c" or np.dtype(op.dtype).kind == "c" or not getattr(op, "clinear", True):
        return detached(function(x))
    real = detached(function(np.ascontiguousarray(x.real)))
    whole: NDArray = real + 1j * function(np.ascontiguousarray(x.imag))
    return whole


# The references to an array that nobody else holds, met as above; they depend on the version of Python.
_ALONE: tuple[int, int] = (lambda y: (lambda y: _references(y))(y))(np.empty(1)[:])


def guarded(x: Vector) -> Vector:
    """A vector whose blocks cannot be written to."""
    return _guarded(x) if isinstance(x, da.Array) else x.map(_guarded)


def _guarded(x: da.Array) -> da.Array:
    axes = tuple(range(x.ndim))
    y: da.Array = da.blockwise(read_only, axes, x, axes, dtype=x.dtype, meta=meta_of(x))
    return y


def in_words(function: object, error: ValueError) -> ValueError:
    """The error of a task that wrote into its input, in words; any other as it is."""
    if "read-only" not in str(error) or "have it work on a copy" in str(error):
        return error
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__qualname__", repr(function))
    return ValueError(
        f"{name} writes into a block that it was given, which belongs to the vector or to the operator ({error}): have "
        "it work on a copy"
    )


class Applied(Protocol):
    """An operator as the checks of this module use it."""

    @property
    def domain(self) -> AnySpace:
        """Where models live."""

    @property
    def codomain(self) -> AnySpace:
        """Where data live."""

    @property
    def dtype(self) -> DType:
        """Type of the operator."""

    def apply(self, x: Vector, /) -> Vector:
        """The forward."""

    def apply_adjoint(self, y: Vector, /) -> Vector:
        """The adjoint."""


_APPLIED: ContextVar[list[tuple[Applied, Vector | None]] | None] = ContextVar("applied", default=None)


@contextmanager
def applications() -> Iterator[list[tuple[Applied, Vector | None]]]:
    """The outermost operators that are applied meanwhile, with what to."""
    applied: list[tuple[Applied, Vector | None]] = []
    token = _APPLIED.set(applied)
    try:
        yield applied
    finally:
        _APPLIED.reset(token)


def note_application(op: Applied, x: Vector | None) -> None:
    """Note that an operator is applied to a vector."""
    applied = _APPLIED.get()
    if applied is not None and all(op is not other for other, _ in applied):
        applied.append((op, x))


def foreign_within(x: object, depth: int = 0) -> Iterator[object]:
    """The functions and classes of users' own in a task, an operator, or a collection of these."""
    if type(x) in _DATA or depth > DEPTH or isinstance(x, _ARRAYS):
        return
    parts = _parts(x)
    if parts is None and _is_operator(x):
        if is_foreign(type(x)):
            yield type(x)
        parts = vars(x).values()
    elif parts is None and callable(x) and is_foreign(x):
        yield x
    for part in parts or ():
        if type(part) not in _DATA:  # before a call for each: once a solve, of all that operators hold
            yield from foreign_within(part, depth + 1)


def _parts(x: Any) -> Iterable[object] | None:
    """Members of a collection, a partial function, a task or a node with data; None for anything else."""
    if isinstance(x, dict):
        return x.values()
    if isinstance(x, list | tuple | set):
        return x
    if isinstance(x, partial):
        return (x.func, x.args, x.keywords)
    if hasattr(x, "func") and hasattr(x, "kwargs"):  # a task
        return (x.func, tuple(x.args), dict(x.kwargs))
    return (x.value,) if isinstance(x, DataNode) else None


def _is_operator(x: object) -> bool:
    return not isinstance(x, type) and (isinstance(x, pylops.LinearOperator) or hasattr(x, "apply_adjoint"))


def check_generators(functions: Iterable[object]) -> None:
    """Raise an error for functions of tasks that use a random generator from outside.

    On a cluster each task has a copy of it, so that applying an operator again does not show it.

    Raises
    ------
    ValueError
        If there is one.
    """
    for function in functions:
        if isfunction(function):
            used = getclosurevars(function)
            names = [k for k, v in {**used.globals, **used.nonlocals}.items() if isinstance(v, GENERATORS)]
            if names:
                raise ValueError(
                    f"{function.__qualname__} returns other numbers when it is applied again: it uses the random "
                    f"generator {names[0]}; make random numbers once in __init__, with a seed"
                )


def check_repeatable(applied: Iterable[tuple[Applied, Vector | None]]) -> None:
    """Apply operators twice to the same numbers, and compare a block of the results.

    Raises
    ------
    ValueError
        If an operator returns other numbers the second time, or a block of another shape or kind than it states.
    """
    for op, like in applied:
        x = noise(op.domain, op.dtype, like)
        y = op.apply(x)
        for apply, z, first in (
            (op.apply, x, y),
            (op.apply_adjoint, noise(op.codomain, op.dtype, y), None),
        ):
            try:
                vectors = [apply(z) if again is None else again for again in (first, None)]
                one, two = map(_corner, vectors)
            except ValueError as error:
                raise in_words(op, error) from error
            except Exception as error:
                clear_frames(
                    error.__traceback__
                )  # they hold blocks, in a circle; the solve meets the error, too
                return
            if isinstance(arrays_of(vectors[0])[0], da.Array):
                _check_block(op, one, arrays_of(vectors[0])[0])
            if not _alike(one, two):
                raise ValueError(
                    f"{op!r} returns other numbers when it is applied again to the same vector: it holds random "
                    "numbers or other state that changes between calls; make them once in __init__, with a seed"
                )


def check_pure(op: Applied) -> None:
    """Raise an error for a user's operator on NumPy vectors that is not pure, as :func:`check_repeatable` does."""
    if foreign := list(foreign_within(op)):
        like: Any = np.empty(0)
        check_generators(foreign)
        check_repeatable([(op, like)])


def _corner(x: Vector) -> NDArray:
    """The first block of a vector, computed alone: what comes before in the graph is computed again each time."""
    first: Any = arrays_of(x)[0]
    if isinstance(first, np.ndarray):
        return first
    # Dask's threads leave results behind, in a circle, where a task fails; one block needs none.
    scheduler = "synchronous" if computes_in_threads() else None
    block: NDArray = dask.compute(first.blocks[(0,) * first.ndim], scheduler=scheduler)[0]
    return block


def _check_block(op: object, block: NDArray, array: da.Array) -> None:
    """Raise an error if a task returned something else than its graph states, or rounded to integers."""
    shape = tuple(sizes[0] for sizes in array.chunks)
    unknown = any(n != n for n in shape)
    stated, kind = array.dtype.kind, block.dtype.kind
    if (block.shape != shape and not unknown) or ("c" in (stated, kind) and stated != kind) or kind in "biuO":
        raise ValueError(
            f"{op!r} returned a block of type {block.dtype} and shape {block.shape} where its graph states "
            f"{array.dtype} and {shape}: expected real or complex floating-point numbers of that shape"
        )


def _alike(a: NDArray, b: NDArray) -> bool:
    if a.shape != b.shape:
        return False
    size = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
    if not np.isfinite(size):  # which ends the solve for another reason
        return True
    tol = np.finfo(np.result_type(a.dtype, np.float32)).eps ** 0.75
    return bool(np.abs(a - b).max(initial=0) <= tol * size)
