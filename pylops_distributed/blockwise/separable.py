"""Transforms along several axes of chunked arrays, some axes at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Protocol

import dask.array as da
import numpy as np

from pylops_distributed.blockwise.axis_kernels import apply_along_axes
from pylops_distributed.blockwise.numpy_rows import apply_to_rows
from pylops_distributed.blockwise.precision import in_precision
from pylops_distributed.blockwise.rechunk import split_count
from pylops_distributed.vectors.pieces import SMALL, threads_in_use
from pylops_distributed.vectors.types import Chunks, DType

if TYPE_CHECKING:
    from pylops_distributed.blockwise.halo_tasks import Array


class Separable(Protocol):
    """A picklable transform of NumPy blocks that is a product of transforms along single axes.

    Attributes
    ----------
    axes : tuple of int
        Axes it acts along.
    anchor : int or None
        Axis that must be transformed first, and last by the adjoint.
    """

    @property
    def axes(self) -> tuple[int, ...]:
        """Axes it acts along."""

    @property
    def anchor(self) -> int | None:
        """Axis that must be transformed first, and last by the adjoint."""

    def only(self, axes: tuple[int, ...]) -> Separable:
        """The factor that acts along some of the axes."""

    def sizes(self, adjoint: bool = False) -> dict[int, int]:
        """Length of each of the axes after the transform or its adjoint."""

    def inner(self, dtype: DType) -> DType:
        """Type between two factors, where the result has type ``dtype``."""

    def __call__(self, block: Array, adjoint: bool = False) -> Array:
        """The transform of a block, or the adjoint transform."""


@dataclass(frozen=True)
class SeparableRule:
    """How such a transform applies to chunks: along all axes at once, or some first and then, rechunked, the others.

    Attributes
    ----------
    transform : Separable
        What to apply.
    adjoint : bool
        Whether to apply its adjoint.
    """

    transform: Separable
    adjoint: bool = False

    def __call__(self, x: da.Array, dtype: DType) -> da.Array:
        """The lazy result for ``x``, of type ``dtype``."""
        rest = self.transform.axes
        while rest:
            axes = self._next(x, rest) if isinstance(x, da.Array) else self._next_in_memory(x, rest)
            rest = tuple(a for a in rest if a not in axes)
            part = self.transform.only(axes)
            kind = self.transform.inner(dtype) if rest else dtype
            kernel = partial(_apply, transform=part, adjoint=self.adjoint)
            if isinstance(x, np.ndarray):
                others = [a for a in range(x.ndim) if a not in axes]
                x = apply_to_rows(x, partial(in_precision, kernel=kernel, kind=kind), others)
                continue
            x = apply_along_axes(x, axes, part.sizes(self.adjoint), kernel, kind)
        return x

    def pin(self, chunks: Chunks) -> Chunks:
        """The chunks that are kept, of those asked for: all."""
        return chunks

    def _next(self, x: da.Array, axes: tuple[int, ...]) -> tuple[int, ...]:
        """Which of the axes that are left to transform next."""
        anchor = self.transform.anchor
        free = tuple(a for a in axes if a != anchor)
        if not free or _affordable(x, axes):
            return axes
        if anchor in axes and not self.adjoint:
            return tuple(a for a in axes if a == anchor or x.numblocks[a] == 1)
        first = min(free, key=lambda a: x.numblocks[a])
        return tuple(a for a in free if a == first or x.numblocks[a] == 1)

    def _next_in_memory(self, x: Array, axes: tuple[int, ...]) -> tuple[int, ...]:
        """Of a large NumPy array one axis, so that threads can share the others; else all at once."""
        if x.nbytes <= SMALL or len(axes) < x.ndim or threads_in_use() == 1:
            return axes
        anchor = self.transform.anchor
        free = tuple(a for a in axes if a != anchor)
        return (anchor,) if anchor in axes and not self.adjoint else free[:1] or axes


def _apply(block: Array, transform: Separable, adjoint: bool) -> Array:
    return transform(block, adjoint=adjoint)


def _affordable(x: da.Array, axes: tuple[int, ...]) -> bool:
    """Whether all axes may be gathered at once: others can be cut instead, into pieces that are no smaller."""
    if all(x.numblocks[a] == 1 for a in axes):
        return True
    others = [a for a in range(x.ndim) if a not in axes]
    merged = prod(x.numblocks[a] for a in axes)
    return bool(others) and split_count(x, axes) <= min(merged, max(max(x.chunks[a]) for a in others))
