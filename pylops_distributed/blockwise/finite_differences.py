"""Finite differences: banded matrices along axes of a block, their transposes and the halos they need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.operator import StencilRule

if TYPE_CHECKING:
    from pylops_distributed.blockwise.halo_tasks import Array


Index: TypeAlias = tuple[slice, ...]
Entry: TypeAlias = tuple[Index, Index, float]  # rows, columns and weight


@dataclass(frozen=True)
class Difference:
    """A square banded matrix of any size, which acts along an axis.

    Attributes
    ----------
    axis : int
        Axis it acts along.
    taps : tuple of (int, float)
        Offset of the column from the row, and weight, in all rows but those at the ends.
    before, after : int
        Number of rows at either end without taps.
    ends : tuple of (int, int, float)
        Entries of the rows at the ends: row, column and weight; negative numbers count from the end.
    """

    axis: int
    taps: tuple[tuple[int, float], ...]
    before: int
    after: int
    ends: tuple[tuple[int, int, float], ...] = ()

    @property
    def middle(self) -> float:
        """The weight of the sample itself in all rows but those at the ends."""
        return sum(w for k, w in self.taps if k == 0)

    def add(self, x: Array, y: Array, adjoint: bool, middle: bool = True) -> None:
        """Add the product with ``x``, or that of the transposed matrix, to ``y``, of the same shape.

        Without ``middle`` the weights of the samples themselves are left out.
        """
        self._add_entries(_entries(self, x.shape[self.axis], middle), x, y, adjoint)

    def _add_entries(self, entries: list[Entry], x: Array, y: Array, adjoint: bool) -> None:
        part, last = x, None
        for row, column, weight in entries:
            source, target = (row, column) if adjoint else (column, row)
            if last != (source, abs(weight)):  # else the same temporary array serves again
                part, last = x[source] if abs(weight) == 1 else abs(weight) * x[source], (source, abs(weight))
            (np.add if weight > 0 else np.subtract)(y[target], part, out=y[target])

    @property
    def is_difference(self) -> bool:
        """Whether it takes one neighbour from another, times a weight, in all rows but those at the ends."""
        weights = [w for k, w in self.taps if k]
        return len(self.taps) == len(weights) == 2 and weights[0] == -weights[1]

    def subtract(self, x: Array, y: Array) -> None:
        """Set ``y``, of the shape of ``x``, to the product with ``x`` of a term that :attr:`is_difference`.

        That takes fewer passes than to add up.
        """
        entries = _entries(self, x.shape[self.axis], middle=False)
        inner = 2 if x.shape[self.axis] > self.before + self.after else 0
        y[_along(self.axis, slice(self.before))] = 0
        y[_along(self.axis, slice(max(self.before, x.shape[self.axis] - self.after), None))] = 0
        if inner:
            (row, plus, weight), (_, minus, _) = entries[:2]
            np.subtract(x[plus], x[minus], out=y[row])
            y[row] *= weight
        self._add_entries(entries[inner:], x, y, adjoint=False)

    def depth(self, adjoint: bool) -> tuple[int, int]:
        """How many samples before and after a chunk its part of the product depends on.

        At a cut, the rows at the ends of the extended chunk are wrong: forward they must lie outside of the
        chunk, for the adjoint all columns that they have or should have must.
        """
        low, high = (max(0, *(sign * k for k, _ in self.taps)) for sign in (-1, 1))
        if adjoint:
            first = [c + 1 for _, c, _ in self.ends if c >= 0]
            last = [-c for _, c, _ in self.ends if c < 0]
            return max([self.before + high, *first]), max([self.after + low, *last])
        spans = [abs(c - r) for r, c, _ in self.ends]
        return max([self.before, low, *spans]), max([self.after, high, *spans])


def _along(axis: int, part: slice) -> Index:
    return (*(slice(None),) * axis, part)


def _shifted(start: int, rows: int) -> slice:
    return slice(start, start + rows or None)


@lru_cache(1024)
def _entries(term: Difference, n: int, middle: bool) -> list[Entry]:
    """Rows, columns and weights of a term for an axis of length ``n``, those in the middle too if ``middle``."""
    before = (slice(None),) * term.axis
    rows = max(0, n - term.before - term.after)
    inner = [
        (slice(term.before, term.before + rows), _shifted(term.before + k, rows), w)
        for k, w in term.taps
        if rows and (k or middle)
    ]
    # Of a short axis a row may be named from either end: it is the same row, with the same entries.
    named = {r % n: r for r, _, _ in reversed(term.ends)}
    ends = [(_shifted(r, 1), _shifted(c, 1), w) for r, c, w in term.ends if named[r % n] == r]
    return [((*before, row), (*before, column), w) for row, column, w in (*inner, *ends)]


def apply_sum(block: Array, terms: tuple[Difference, ...], dtype: DTypeLike, adjoint: bool = False) -> Array:
    """The sum of the terms' products with a block, or with the transposed matrices."""
    y = np.empty(block.shape, np.result_type(dtype, block.dtype))
    if len(terms) == 1 and terms[0].is_difference and not adjoint:
        terms[0].subtract(block, y)
        return y
    _middles(block, y, terms)
    for term in terms:
        term.add(block, y, adjoint, middle=False)
    return y


def _middles(x: Array, y: Array, terms: tuple[Difference, ...]) -> None:
    """Set ``y`` to the sum of the terms' own weights times ``x``: in one go, not one for each term."""
    for index, weight in _views(terms, x.shape):
        if weight:
            np.multiply(x[index], weight, out=y[index], dtype=y.dtype)
        else:
            y[index] = 0


@lru_cache(1024)
def _views(terms: tuple[Difference, ...], shape: tuple[int, ...]) -> list[tuple[Index, float]]:
    """Parts of an array, and the sum of the terms' own weights there."""
    views: list[tuple[Index, float]] = [((slice(None),) * len(shape), 0.0)]
    for term in terms:
        n, a = shape[term.axis], term.axis
        first, last = (term.before, n - term.after) if term.before + term.after < n else (n, n)
        cuts = [(slice(first), 0.0), (slice(first, last), term.middle), (slice(last, n), 0.0)]
        if term.middle:
            views = [
                ((*index[:a], _within(index[a], cut, n), *index[a + 1 :]), weight + more)
                for index, weight in views
                for cut, more in cuts
            ]
    return views


def _within(a: slice, b: slice, n: int) -> slice:
    """Intersection of two slices of an axis of length ``n``."""
    (start, stop, _), (low, high, _) = a.indices(n), b.indices(n)
    return slice(max(start, low), max(start, low, min(stop, high)))


def apply_each(block: Array, terms: tuple[Difference, ...], dtype: DTypeLike, adjoint: bool = False) -> Array:
    """The terms' products with a block along a new first axis; the adjoint sums over that axis."""
    kind = np.result_type(dtype, block.dtype)
    y = np.zeros(block.shape[1:] if adjoint else (len(terms), *block.shape), kind)
    for i, term in enumerate(terms):
        term.add(block[i] if adjoint else block, y if adjoint else y[i], adjoint)
    return y


def depths(terms: tuple[Difference, ...], adjoint: bool) -> dict[int, tuple[int, int]]:
    """The depth along each axis that all the terms can do with."""
    pairs: dict[int, tuple[int, int]] = {}
    for term in terms:
        old, new = pairs.get(term.axis, (0, 0)), term.depth(adjoint)
        pairs[term.axis] = max(old[0], new[0]), max(old[1], new[1])
    return pairs


def sum_rules(terms: tuple[Difference, ...], dtype: DTypeLike) -> tuple[StencilRule, StencilRule]:
    """How the sum of terms applies to chunks: forward and adjoint."""
    kernel = partial(apply_sum, terms=terms, dtype=np.dtype(dtype))
    return (
        StencilRule(kernel, depths(terms, False), by_rows=True),
        StencilRule(partial(kernel, adjoint=True), depths(terms, True), by_rows=True),
    )
