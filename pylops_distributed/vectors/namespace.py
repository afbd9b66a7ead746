"""One source for two kinds of arrays: functions of blocks run at once on NumPy arrays, and lazily on Dask's.

What may be either is typed as Dask's array, which has all that is used of both.
"""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np

from pylops_distributed.compat.dask import meta_of
from pylops_distributed.vectors.types import Arguments, ArrayLike, BlockFunction

# What Dask alone wants to know of a function of blocks.
_ABOUT_CHUNKS = frozenset({
    "adjust_chunks", "align_arrays", "chunks", "concatenate", "dtype", "meta", "name", "new_axes", "token",
})  # fmt: skip


def reject_masked(*arrays: object) -> None:
    """Raise an error for masked arrays, whose masks NumPy's products ignore.

    Raises
    ------
    ValueError
        If an array is a NumPy masked array, or a Dask array of such blocks.
    """
    for a in arrays:
        if isinstance(meta_of(a), np.ma.MaskedArray):
            raise ValueError(
                f"got a masked array of shape {getattr(a, 'shape', None)}; expected an array without a mask: fill it, "
                "by x.filled(0) or da.ma.filled(x, 0), and leave the masked samples out of the operator, "
                "by Restriction or by a Diagonal that is zero there"
            )


def in_memory(*values: object) -> bool:
    """Whether no Dask array is among some values, or among the members of those that are BlockVectors."""
    for value in values:
        if isinstance(value, da.Array):
            return False
        members = getattr(value, "arrays", None)
        if isinstance(members, tuple) and not in_memory(*members):
            return False
    return True


def blockwise(
    function: BlockFunction, axes: str | tuple[int, ...], /, *pairs: object, **options: object
) -> da.Array:
    """As :func:`dask.array.blockwise`, and ``function`` called at once where no argument is a Dask array.

    Parameters
    ----------
    function : callable
        Function of NumPy blocks, which holds for whole arrays too.
    axes : tuple or str
        Indices of the axes of the result.
    *pairs
        Arrays, numbers and other values, each followed by its indices, or by None.
    **options
        Those of Dask, and further arguments of the function.

    Returns
    -------
    numpy.ndarray or dask.array.Array
        Array with as many axes as there are in ``axes``.
    """
    arguments = pairs[::2]
    if any(isinstance(a, da.Array) for a in arguments):
        lazy = (
            p if i % 2 or pairs[i + 1] is None or isinstance(p, da.Array) else da.asarray(p)
            for i, p in enumerate(pairs)
        )
        settings: Any = options
        return da.blockwise(function, axes, *lazy, **settings)
    result: da.Array = function(*arguments, **{k: v for k, v in options.items() if k not in _ABOUT_CHUNKS})
    return result


def map_blocks(function: BlockFunction, /, *arguments: object, **options: Any) -> da.Array:
    """As :func:`dask.array.map_blocks`, and ``function`` called at once where no argument is a Dask array."""
    if any(isinstance(a, da.Array) for a in arguments):
        settings: Any = options
        return da.map_blocks(function, *arguments, **settings)
    result: da.Array = function(*arguments, **{k: v for k, v in options.items() if k not in _ABOUT_CHUNKS})
    return result


def unsplit(x: da.Array, axis: int | None = None) -> da.Array:
    """An array with all of an axis, or of all axes, in one chunk; a NumPy array has no chunks."""
    return x.rechunk(-1 if axis is None else {axis: -1}) if isinstance(x, da.Array) else x


def chunked_like(x: ArrayLike, like: object) -> da.Array:
    """A Dask array with the chunks of another; a NumPy array as it is."""
    both: Any = x, like
    lazy = isinstance(x, da.Array) and isinstance(like, da.Array)
    chunked = both[0].rechunk(both[1].chunks) if lazy else both[0]
    result: da.Array = chunked
    return result


def of_one_kind(*values: object) -> Arguments:
    """Arrays, or what becomes one, as NumPy arrays; as Dask arrays if one of them is that; None stays None."""
    reject_masked(*values)
    lazy = not in_memory(*values) or any(hasattr(v, "chunks") for v in values)
    return tuple(None if v is None else (_lazy(v) if lazy else np.asarray(v)) for v in values)


def _lazy(value: object) -> da.Array:
    if isinstance(value, da.Array):
        return value
    return da.from_array(value) if hasattr(value, "chunks") else da.asarray(value)
