"""Thresholds that depend on all magnitudes of a vector, exact, in few lazy passes and without gathering it.

Read as integers, the bits of magnitudes sort like the magnitudes. Each pass fixes the next eleven bits of the
quantile, from one table a chunk: the next bits of the elements that begin with the bits known so far, counted. Six
passes give every bit of a double, three of a single. The bits known so far are kept as the smallest number that begins
with them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import floor
from typing import Any

import dask.array as da
import numpy as np

from pylops_distributed.vectors.elementwise import real_dtype
from pylops_distributed.vectors.namespace import blockwise
from pylops_distributed.vectors.space import BlockVector, Vector
from pylops_distributed.vectors.types import DType, NDArray, Scalar

_DIGIT = 11


def percentile(x: Vector, perc: float) -> da.Array:
    """Percentile of the magnitudes of a vector, as NumPy interpolates it, as a lazy 0-d array.

    Parameters
    ----------
    x : dask.array.Array or Blocks
        Vector.
    perc : float
        Between 0 and 100.
    """
    n = sum(a.size for a in _arrays(x))
    position = (n - 1) * perc / 100
    low = floor(position)
    search: Any = np.array([0.0, 0.0, low, min(low + 1, n - 1)])
    return _search(x, search, _count, _descend, _interpolate, (position - low,))


def l1_threshold(x: Vector, radius: Scalar) -> da.Array:
    r"""The soft threshold that projects a vector onto an L1 ball, as a lazy 0-d array.

    It is the :math:`\lambda\ge 0` of :math:`\sum_i \max(|x_i|-\lambda, 0) = \tau`, or 0 inside the ball.

    Parameters
    ----------
    x : dask.array.Array or Blocks
        Vector.
    radius : float or dask.array.Array
        Radius :math:`\tau\ge 0` of the ball.
    """
    begin = blockwise(_beginning, "i", radius, "", new_axes={"i": 4}, dtype=float, meta=np.zeros(0))
    return _search(x, begin, _count_and_sum, _descend_l1, _solve_l1, ())


def _arrays(x: Vector) -> tuple[da.Array, ...]:
    return x.arrays if isinstance(x, BlockVector) else (x,)


def _passes(dtype: DType) -> list[tuple[int, int]]:
    """Of each pass, how many bits follow those known before and after it."""
    ends = [*range(8 * dtype.itemsize - 1, 0, -_DIGIT), 0]  # the sign bit is zero
    return list(pairwise(ends))


def _search(
    x: Vector, search: da.Array, table: Callable[..., object], descend: Callable[..., object],
    finish: Callable[..., object], settings: tuple[object, ...],
) -> da.Array:  # fmt: skip
    """Fix all bits, pass by pass; ``search`` is the knowledge so far: four numbers."""
    kind = real_dtype(x)
    for before, after in _passes(kind):
        tables = [_table(a, search, table, before, after, kind) for a in _arrays(x)]
        search = blockwise(
            descend, "i", sum(tables[1:], start=tables[0]), "rw", search, "i",
            after=after, kind=kind, concatenate=True, dtype=float, meta=np.zeros(0),
        )  # fmt: skip
    return blockwise(
        _finish, "", search, "i", function=finish, settings=settings, kind=kind, concatenate=True,
        dtype=kind, meta=np.zeros((), kind),
    )  # fmt: skip


def _table(
    a: da.Array, search: da.Array, table: Callable[..., object], before: int, after: int, kind: DType
) -> da.Array:
    axes = tuple(range(a.ndim))
    width = 1 << (before - after)
    return blockwise(
        _partial, (*axes, a.ndim, a.ndim + 1), a, axes, search, (a.ndim + 2,),
        function=table, before=before, after=after, width=width, kind=kind, concatenate=True,
        new_axes={a.ndim: 2, a.ndim + 1: width}, adjust_chunks=dict.fromkeys(axes, 1),
        dtype=float, meta=np.zeros((0,) * (a.ndim + 2)),
    ).sum(axis=axes)  # fmt: skip


def _bits(x: NDArray, kind: DType) -> NDArray:
    return np.atleast_1d(x).astype(kind, copy=False).view(f"u{kind.itemsize}")


def _partial(
    x: NDArray,
    search: NDArray,
    function: Callable[..., object],
    before: int,
    after: int,
    width: int,
    kind: DType,
) -> NDArray:
    rows = function(np.atleast_1d(np.abs(x)).astype(kind, copy=False).ravel(), search, before, after, width)
    return np.asarray(rows, float).reshape((1,) * x.ndim + (-1, width))


def _digits(size: NDArray, start: NDArray, before: int, after: int, width: int) -> tuple[NDArray, NDArray]:
    """Magnitudes that begin like ``start``, and their next digits."""
    bits = _bits(size, size.dtype)
    if before < 8 * size.itemsize - 1:  # in the first pass all begin alike
        same = np.flatnonzero((bits >> before) == (_bits(start, size.dtype) >> before))
        size, bits = size[same], bits[same]
    return size, ((bits >> after) & (width - 1)).astype(np.intp)


def _count(size: NDArray, search: NDArray, before: int, after: int, width: int) -> list[NDArray]:
    starts = search[: 1 if search[0] == search[1] else 2]  # both ranks share their first digits, as a rule
    counts = [np.bincount(_digits(size, start, before, after, width)[1], minlength=width) for start in starts]
    return [counts[0], counts[-1]]


def _count_and_sum(size: NDArray, search: NDArray, before: int, after: int, width: int) -> list[NDArray]:
    near, digits = _digits(size, search[0], before, after, width)
    return [np.bincount(digits, weights=w, minlength=width) for w in (None, near)]


def _starts(start: NDArray, width: int, after: int, kind: DType) -> NDArray:
    """The smallest numbers that begin like ``start`` and continue with each digit."""
    digits = np.arange(width, dtype=f"u{kind.itemsize}") << after
    with np.errstate(invalid="ignore"):  # the last ones are not numbers
        result: NDArray = (_bits(start, kind) | digits).view(kind).astype(float)
        return result


def _descend(table: NDArray, search: NDArray, after: int, kind: DType) -> NDArray:
    """The prefixes of two ranks made longer by a digit, and their ranks among those that share them."""
    narrowed = np.empty(4)
    for n in (0, 1):
        below = np.cumsum(table[n])
        digit = int(np.searchsorted(below, search[2 + n], side="right"))
        narrowed[n] = _starts(search[n], table.shape[1], after, kind)[digit]
        narrowed[2 + n] = search[2 + n] - (below[digit - 1] if digit else 0)
    return narrowed


def _interpolate(search: NDArray, weight: float) -> NDArray:
    low, high = search[:2]
    result: NDArray = low + (high - low) * weight if weight < 0.5 else high - (high - low) * (1 - weight)
    return result


def _beginning(radius: NDArray) -> NDArray:
    return np.array([0.0, 0.0, 0.0, float(radius)])


def _descend_l1(table: NDArray, search: NDArray, after: int, kind: DType) -> NDArray:
    """The prefix of the threshold made longer by a digit; number and sum of the magnitudes above it."""
    start, number, above, radius = search
    starts = _starts(start, table.shape[1], after, kind)
    numbers = number + np.cumsum(table[0, ::-1])[::-1]
    sums = above + np.cumsum(table[1, ::-1])[::-1]
    with np.errstate(invalid="ignore", over="ignore"):
        kept = sums - np.where(numbers > 0, starts * numbers, 0.0)
    digit = max(0, int(np.count_nonzero((kept >= radius) & (numbers > 0))) - 1)
    last = digit + 1 == len(starts)
    return np.array(
        [starts[digit], number if last else numbers[digit + 1], above if last else sums[digit + 1], radius]
    )


def _solve_l1(search: NDArray) -> float:
    start, number, above, radius = map(float, search)
    if np.isnan(above) or np.isnan(radius):
        return np.nan
    return max(0.0, (above - radius) / number) if number else start


def _finish(
    search: NDArray, function: Callable[..., object], settings: tuple[object, ...], kind: DType
) -> NDArray:
    return np.asarray(function(search, *settings), kind)[()]
