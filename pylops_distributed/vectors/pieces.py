"""Arithmetic on NumPy vectors, a piece that fits the cache at a time, in threads where there is enough of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import copy_context
from threading import Thread
from typing import Any, TypeVar

import dask
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed import tuning
from pylops_distributed.compat.dask import CPU_COUNT, computes_in_one_thread
from pylops_distributed.vectors.space import dot_blocks
from pylops_distributed.vectors.types import DType, NDArray

ROUNDS = 4  # pieces a thread takes, so that none waits long for another
T = TypeVar("T")
SMALL = 2**22  # bytes of a vector from which on pieces and threads are worth their price, some 0.1 ms


def apply_by_pieces(function: Callable[..., Any], args: tuple[Any, ...], dtype: DTypeLike | None) -> Any:
    """``function`` of NumPy vectors of one shape and of scalars, element by element.

    Parameters
    ----------
    function : callable
        Function of blocks.
    args : tuple
        Arrays, of which those with axes have one shape, and numbers.
    dtype : dtype, optional
        Type of the result; by default the one that holds all arguments.
    """
    cuts = _cuts(args)
    if cuts is None:
        result = np.asarray(function(*args))
        return result if dtype is None else result.astype(dtype, copy=False)
    shape = max((np.shape(a) for a in args), key=len)
    out = np.empty(shape, _kind(args) if dtype is None else dtype)

    def work(at: slice) -> None:
        out[at] = function(*(a[at] if np.ndim(a) else a for a in args))

    share_out(work, cuts)
    return out


def sum_by_pieces(function: Callable[..., Any], args: tuple[Any, ...], dtype: DType) -> Any:
    """Sum of ``function`` of NumPy vectors and scalars over all elements."""

    def work(at: slice) -> Any:
        with np.errstate(over="ignore", invalid="ignore"):  # the sum shows it, and ends the solve
            return np.asarray(function(*(a[at] if np.ndim(a) else a for a in args))).sum(dtype=dtype)

    cuts = _cuts(args)
    if cuts is None:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.asarray(function(*args)).sum(dtype=dtype))
    return np.asarray(sum(share_out(work, cuts)), dtype)


def dot_by_pieces(a: NDArray, b: NDArray) -> Any:
    """Inner product of two NumPy vectors."""
    cuts = _cuts((a, b))
    if cuts is None:
        return dot_blocks(a, b)
    return sum(share_out(lambda at: dot_blocks(a[at], b[at]), cuts))


def _kind(args: tuple[Any, ...]) -> DType:
    return np.result_type(*(getattr(a, "dtype", a) for a in args if a is not None))


def _cuts(args: tuple[Any, ...]) -> list[slice] | None:
    """Pieces of the first axis; None where the whole is small, or no axis can be cut."""
    nbytes = max(getattr(a, "nbytes", 0) for a in args)
    if nbytes <= SMALL:
        return None
    shapes = {a.shape for a in args if np.ndim(a)}
    (shape, *others) = shapes
    if others or shape[0] < 2:
        return None
    rows = max(1, shape[0] * tuning.nbytes("blockwise.cache-block") // nbytes)
    return [slice(i, i + rows) for i in range(0, shape[0], rows)]


def pieces_of(rows: int, nbytes: int) -> list[slice]:
    """Slices of the first axis of arrays of so many bytes: a few for each thread, one where they are small."""
    count = min(rows, ROUNDS * threads_in_use()) if nbytes > SMALL else 1
    return [slice(rows * i // count, rows * (i + 1) // count) for i in range(count)]


def share_out(work: Callable[[T], Any], cuts: list[T]) -> list[Any]:
    """Results of ``work``, in order; this thread and others share the pieces.

    Threads end with the call: none is left behind by a solve, and none is missing after a fork.
    """
    results: list[Any] = [None] * len(cuts)
    rest: Iterator[tuple[int, T]] = iter(list(enumerate(cuts)))
    errors: list[BaseException] = []

    def share() -> None:
        try:
            for n, at in rest:  # the iterator of a list hands each piece to one thread
                results[n] = work(at)
        except BaseException as error:
            errors.append(error)

    helpers = [
        Thread(target=copy_context().run, args=(share,)) for _ in range(min(len(cuts), threads_in_use()) - 1)
    ]
    for helper in helpers:
        helper.start()
    share()
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[0]
    return results


def threads_in_use() -> int:
    """How many threads NumPy vectors are worked on by: those that Dask would use in this process."""
    if computes_in_one_thread():
        return 1
    return int(dask.config.get("num_workers", None) or CPU_COUNT)
