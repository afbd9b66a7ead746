"""Arithmetic of a few vectors at once, such as those of a Krylov space: one task a chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dask.array as da
import numpy as np

from pylops_distributed.vectors.namespace import blockwise
from pylops_distributed.vectors.space import (
    BlockVector,
    Vector,
    arrays_of,
    dot_blocks,
    one_array,
    scalar_dtype,
)
from pylops_distributed.vectors.types import DType, NDArray, Scalar


def products(w: Vector, V: Sequence[Vector], first: Scalar) -> da.Array:
    """Inner products of each of ``V`` with ``w``, in double precision, as one small array.

    Parameters
    ----------
    w : dask.array.Array or Blocks
        Vector.
    V : sequence of dask.array.Array or Blocks
        Vectors of the same space.
    first : 0-d array
        How many vectors at the beginning are zero, and not looked at.
    """
    if isinstance(w, BlockVector):
        parts = [products(a, [arrays_of(v)[n] for v in V], first) for n, a in enumerate(w.arrays)]
        return sum(parts[1:], start=parts[0])
    axes = tuple(range(w.ndim))
    kind = scalar_dtype(w.dtype)
    dots = blockwise(
        _products, (*axes, w.ndim), first, (), *_pairs([w, *V], axes), new_axes={w.ndim: len(V)},
        adjust_chunks=dict.fromkeys(axes, 1), kind=kind, dtype=kind, meta=np.empty((0,) * (w.ndim + 1), kind),
    )  # fmt: skip
    return dots.sum(axis=axes)


def combination(x: Vector, h: da.Array, V: Sequence[Vector], first: Scalar) -> Vector:
    """``x`` plus the sum of the numbers ``h`` times ``V``; see :func:`products`."""
    return _of_rows(_plus, x, h, V, first)


def less_projection(x: Vector, h: da.Array, V: Sequence[Vector], first: Scalar) -> Vector:
    """``x`` less the sum of the numbers ``h`` times ``V``; see :func:`products`."""
    return _of_rows(_minus, x, h, V, first)


def _of_rows(
    function: Callable[..., object], x: Vector, h: da.Array, V: Sequence[Vector], first: Scalar
) -> Vector:
    if isinstance(x, BlockVector):
        rows = zip(x.arrays, *map(arrays_of, V), strict=True)
        return BlockVector(tuple(one_array(_of_rows(function, a, h, v, first)) for a, *v in rows))
    axes = tuple(range(x.ndim))
    return blockwise(
        function, axes, first, (), h, (x.ndim,), *_pairs([x, *V], axes), concatenate=True, dtype=x.dtype,
        meta=np.empty((0,) * x.ndim, x.dtype),
    )  # fmt: skip


def _pairs(vectors: Sequence[Vector], axes: tuple[int, ...]) -> list[object]:
    return [p for v in vectors for p in (v, axes)]


def _products(first: NDArray, w: NDArray, *V: NDArray, kind: DType) -> NDArray:
    dots = np.zeros(len(V), kind)
    for k in range(int(first), len(V)):
        dots[k] = dot_blocks(V[k], w)
    return dots.reshape((1,) * w.ndim + (-1,))


def _plus(first: NDArray, h: NDArray, x: NDArray, *V: NDArray) -> NDArray:
    y = x.copy()
    for k in range(int(first), len(V)):
        y += V[k] * y.dtype.type(h[k])
    return y


def _minus(first: NDArray, h: NDArray, x: NDArray, *V: NDArray) -> NDArray:
    return _plus(first, -h, x, *V)
