"""The largest element of a vector, found and marked chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.vectors.namespace import blockwise
from pylops_distributed.vectors.space import BlockVector, Vector
from pylops_distributed.vectors.types import NDArray, Scalar


def _arrays(x: Vector) -> tuple[da.Array, ...]:
    return x.arrays if isinstance(x, BlockVector) else (x,)


def _offsets(arrays: tuple[da.Array, ...]) -> list[int]:
    return [0, *np.cumsum([a.size for a in arrays])[:-1].tolist()]


def _positions(a: da.Array) -> list[object]:
    """Arguments of ``da.blockwise``: along each axis, how far elements are from the first, row by row."""
    strides = [int(np.prod(a.shape[k + 1 :], dtype=np.int64)) for k in range(a.ndim)]
    lengths = zip(a.shape, strides, strict=True)
    ranges = (
        (np.arange(n) * s for n, s in lengths)
        if isinstance(a, np.ndarray)
        else (da.arange(n, chunks=(c,)) * s for (n, s), c in zip(lengths, a.chunks, strict=True))
    )
    return [p for k, r in enumerate(ranges) for p in (r, (k,))]


def _index(positions: tuple[NDArray, ...], offset: int) -> NDArray:
    grids = np.ix_(*positions)
    return sum(grids[1:], start=grids[0]) + offset


def _best(flag: NDArray, x: NDArray, norms: NDArray, *positions: NDArray, offset: int) -> NDArray:
    best = np.array([-1.0, 0.0])
    if flag:
        size = np.abs(x) if norms is None else np.abs(x) / norms
        where = int(size.argmax())
        best = np.array([size.flat[where], np.broadcast_to(_index(positions, offset), x.shape).flat[where]])
    return best.reshape((1,) * x.ndim + (2,))


def _first(table: NDArray) -> NDArray:
    rows = table.reshape(-1, 2)
    largest = rows[:, 0].max()
    if np.isnan(largest):  # no element is the largest
        return np.full(2, np.nan)
    rows = rows[rows[:, 0] == largest]
    result: NDArray = rows[rows[:, 1].argmin()]
    return result


def argmax(flag: Scalar, x: Vector, norms: Vector | None = None) -> da.Array:
    """Magnitude and flat position of the largest element, the first of equal ones.

    Parameters
    ----------
    flag : dask.array.Array
        Whether to look at all.
    x : dask.array.Array or Blocks
        Vector.
    norms : dask.array.Array or Blocks, optional
        What to divide the magnitudes by.
    """
    arrays = _arrays(x)
    divisors: Sequence[da.Array | None] = (None,) * len(arrays) if norms is None else _arrays(norms)
    best = [_peak(flag, *member) for member in zip(arrays, divisors, _offsets(arrays), strict=True)]
    if len(best) == 1:
        return best[0]
    return blockwise(_first, "j", np.stack(best), "ij", concatenate=True, dtype=float, meta=np.zeros(0))


def _peak(flag: Scalar, a: da.Array, norms: da.Array | None, offset: int) -> da.Array:
    axes = tuple(range(a.ndim))
    partial = blockwise(
        _best, (*axes, a.ndim), flag, (), a, axes,
        norms, None if norms is None else axes, *_positions(a), offset=offset, new_axes={a.ndim: 2},
        adjust_chunks=dict.fromkeys(axes, 1), dtype=float, meta=np.zeros((0,) * (a.ndim + 1)),
    )  # fmt: skip
    return blockwise(
        _first, (a.ndim,), partial, (*axes, a.ndim), concatenate=True, dtype=float, meta=np.zeros(0)
    )


def _marked(
    x: NDArray, best: NDArray, *rest: NDArray, function: Callable[..., NDArray], offset: int, ndim: int
) -> NDArray:
    result: NDArray = function(x, _index(rest[:ndim], offset) == best[1], *rest[ndim:])
    return result


def update_at(
    function: Callable[..., object], x: Vector, best: da.Array, *args: Scalar, dtype: DTypeLike | None = None
) -> Vector:
    """``function`` of a vector, of whether an element is the one ``argmax`` found, and of scalars."""
    arrays = _arrays(x)
    scalars = [p for s in args for p in (s, ())]
    updated = []
    for a, offset in zip(arrays, _offsets(arrays), strict=True):
        axes, kind = tuple(range(a.ndim)), dtype or a.dtype
        updated.append(
            blockwise(
                _marked, axes, a, axes, best, (a.ndim,), *_positions(a), *scalars, function=function, offset=offset,
                ndim=a.ndim, concatenate=True, dtype=kind, meta=np.zeros((0,) * a.ndim, kind),
            )
        )  # fmt: skip
    return BlockVector(tuple(updated)) if isinstance(x, BlockVector) else updated[0]
