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

_PLAIN = frozenset({
    np.ndarray, np.float64, np.float32, np.complex128, np.complex64, float, int, complex, str, bool, type(None),
})  # fmt: skip
_NEVER_LAZY = (np.ndarray, np.generic, str, int, float, complex, type, type(None))


def reject_masked(*arrays: object) -> None:
    """Raise an error for masked arrays, whose masks NumPy's products ignore.

    Raises
    ------
    ValueError
        If an array is a NumPy masked array, or a Dask array of such blocks.
    """
    for a in arrays:
        if type(a) is not np.ndarray and isinstance(meta_of(a), np.ma.MaskedArray):
            raise ValueError(
                f"got a masked array of shape {getattr(a, 'shape', None)}; expected an array without a mask: fill it, "
                "by x.filled(0) or da.ma.filled(x, 0), and leave the masked samples out of the operator, "
                "by Restriction or by a Diagonal that is zero there"
            )


def all_numpy(values: Arguments) -> bool:
    """Whether values are nothing but plain NumPy arrays and numbers: the most frequent case, at a small price."""
    for value in values:  # noqa: SIM110, as an expression it takes twice as long
        if type(value) not in _PLAIN:
            return False
    return True


def holds_dask(*values: object) -> bool:
    """Whether a Dask array is among some values, or in one of them: then what follows from them is lazy.

    This alone decides whether to work lazily. The type of a single array, which either branch uses, is a matter of
    ``isinstance``.

    Parameters
    ----------
    *values
        Arrays of any shape, vectors of several arrays, operators, labelled arrays, and collections of these. An
        operator says it itself, by its attribute of this name. Arrays in Zarr count as Dask's: they are read lazily.
    """
    for value in values:  # noqa: SIM110, as an expression it takes twice as long
        if not isinstance(value, _NEVER_LAZY) and _holds_dask(value, 4):
            return True
    return False


def _holds_dask(value: object, depth: int) -> bool:
    """Whether there is a Dask array in a value, no deeper than ``depth`` collections."""
    if isinstance(value, da.Array):
        return True
    if isinstance(value, _NEVER_LAZY) or not depth:
        return False
    known, arrays = getattr(value, "holds_dask", None), getattr(value, "arrays", None)
    if isinstance(known, bool):
        return known
    if isinstance(arrays, tuple):  # of a BlockVector
        value = arrays
    if isinstance(value, list | tuple | set | dict):
        members = value.values() if isinstance(value, dict) else value
        return any(_holds_dask(member, depth - 1) for member in members)
    if getattr(value, "chunks", None) and hasattr(value, "dtype"):  # of Zarr or xarray
        return True
    return isinstance(getattr(value, "data", None), da.Array)


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
    if holds_dask(*arguments):
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
    if holds_dask(*arguments):
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
    values = tuple(map(without_labels, values))
    lazy = holds_dask(*values) or any(hasattr(v, "chunks") for v in values)
    return tuple(None if v is None else (as_lazy_array(v) if lazy else np.asarray(v)) for v in values)


def without_labels(x: object) -> object:
    """The array within a labelled one of xarray, which would else become a block of Dask's; others as they are."""
    labelled = hasattr(x, "coords") and hasattr(x, "dims")
    return getattr(x, "data", x) if labelled else x


def as_lazy_array(values: object) -> da.Array:
    """``values`` as a Dask array, unread: Dask and Zarr arrays keep their chunks, others are one chunk."""
    values = without_labels(values)
    if isinstance(values, da.Array):
        return values
    return da.from_array(values) if hasattr(values, "chunks") else da.asarray(values)
