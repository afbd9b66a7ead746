"""Arithmetic on NumPy vectors, a piece that fits the cache at a time, in threads where there is enough of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import copy_context
from threading import Thread
from typing import Any, TypeVar

import dask
import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed import tuning
from pylops_distributed.compat.dask import CPU_COUNT, computes_in_one_thread
from pylops_distributed.compat.process import computing
from pylops_distributed.vectors.precision import common_dtype, rounded, sum_of
from pylops_distributed.vectors.space import dot_blocks
from pylops_distributed.vectors.types import Arguments, BlockFunction, DType, NDArray

ROUNDS = 4  # pieces a thread takes, so that none waits long for another
T = TypeVar("T")
R = TypeVar("R")
# Bytes of an array from which on threads are worth their price, some 0.2 ms: where kernels do much with each number,
# and where they go through memory once.
SMALL, LARGE = 2**22, 2**25
_DOUBLE = np.dtype(np.float64)


def apply_by_pieces(function: BlockFunction, args: Arguments, dtype: DTypeLike | None) -> da.Array:
    """``function`` of NumPy vectors of one shape and of scalars, element by element.

    Parameters
    ----------
    function : callable
        Function of blocks.
    args : tuple
        Arrays, of which those with axes have one shape, and numbers.
    dtype : dtype, optional
        Type of the result; by default the one that holds all arguments.

    Returns
    -------
    numpy.ndarray
        Array of the shape of the arrays.
    """
    cuts = _cuts(args)
    out: Any
    if dtype is None and cuts is None and _double(args):
        out = function(*args)
        return _typed(out if type(out) is np.ndarray else np.asarray(out)[()])
    kind, args = np.dtype(common_dtype(args) if dtype is None else dtype), rounded(args)
    if cuts is None:
        out = np.asarray(function(*args))
        out = out if dtype is None and kind.char not in "fF" else out.astype(kind, copy=False)
        return _typed(out if out.ndim else out[()])  # numbers are cheaper than arrays without axes
    shape = max((np.shape(a) for a in args), key=len)
    out = np.empty(shape, kind)

    def work(at: slice) -> None:
        out[at] = function(*(a[at] if np.ndim(a) else a for a in args))

    share_out(work, cuts)
    return _typed(out)


def _double(args: Arguments) -> bool:
    """Whether all arrays are in double precision."""
    for a in args:  # noqa: SIM110, as an expression it takes twice as long
        if getattr(a, "dtype", _DOUBLE) is not _DOUBLE:
            return False
    return True


def sum_by_pieces(function: BlockFunction, args: Arguments, dtype: DType) -> da.Array:
    """Sum of ``function`` of NumPy vectors and scalars over all elements, a 0-dimensional array."""

    def work(at: slice | None) -> NDArray:
        return sum_of(function, tuple(a if at is None or not np.ndim(a) else a[at] for a in args), dtype)

    cuts = _cuts(args)
    return _typed(work(None) if cuts is None else np.asarray(sum(share_out(work, [*cuts])), dtype))


def dot_by_pieces(a: NDArray, b: NDArray) -> da.Array:
    """Inner product of two NumPy vectors of one shape, a number."""
    cuts = _cuts((a, b))

    def work(at: slice) -> NDArray:
        return np.asarray(dot_blocks(a[at], b[at]))

    return _typed(dot_blocks(a, b) if cuts is None else sum(share_out(work, cuts)))


def _typed(array: object) -> da.Array:
    """A NumPy array as what either kind is typed as."""
    both: Any = array
    typed: da.Array = both
    return typed


def _cuts(args: Arguments) -> list[slice] | None:
    """Pieces of the first axis; None where the whole is small, or no axis can be cut."""
    nbytes = 0
    for a in args:  # as an expression it takes twice as long
        nbytes = max(nbytes, getattr(a, "nbytes", 0))
    if nbytes <= LARGE:
        return None
    shapes = {a.shape for a in args if np.ndim(a)}
    if len(shapes) != 1 or (shape := shapes.pop())[0] < 2:
        return None
    rows = max(1, shape[0] * tuning.nbytes("blockwise.cache-block") // nbytes)
    return [slice(i, i + rows) for i in range(0, shape[0], rows)]


def pieces_of(rows: int, nbytes: int) -> list[slice]:
    """Slices of the first axis of arrays of so many bytes: a few for each thread, one where they are small."""
    threads = threads_in_use() if nbytes > SMALL else 1
    count = min(rows, ROUNDS * threads) if threads > 1 else 1
    return [slice(rows * i // count, rows * (i + 1) // count) for i in range(count)]


def share_out(work: Callable[[T], R], cuts: list[T], threaded: bool = True) -> list[R]:
    """Results of ``work``, in order; this thread and others share the pieces.

    Threads end with the call: none is left behind by a solve, and none is missing after a fork.
    """
    if not threaded or len(cuts) == 1:
        return [work(cut) for cut in cuts]
    results: list[Any] = [None] * len(cuts)
    rest: Iterator[tuple[int, T]] = iter(list(enumerate(cuts)))
    errors: list[BaseException] = []

    def share() -> None:
        try:
            for n, at in rest:  # the iterator of a list hands each piece to one thread
                results[n] = work(at)
        except BaseException as error:
            errors.append(error)

    count = min(len(cuts), threads_in_use())
    if count == 1:
        return [work(cut) for cut in cuts]
    helpers = [Thread(target=copy_context().run, args=(share,)) for _ in range(count - 1)]
    with computing():  # one BLAS thread each
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
