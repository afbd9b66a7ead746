"""Vectors in single precision and scalars in double precision: results of both have the type of the vectors."""

from __future__ import annotations

from math import isfinite

import numpy as np

from pylops_distributed.vectors.space import lost_in_range, scalar_dtype
from pylops_distributed.vectors.types import Arguments, BlockFunction, DType, NDArray

_SINGLE = np.finfo(np.float32)
_TINY, _MAX = float(_SINGLE.tiny), float(_SINGLE.max)
_OTHER = np.dtype(bool)
_REAL = (np.float64, float, int, type(None))
_BY_CHAR = {char: np.dtype(char) for char in "fdFD"}


def _is_complex(value: object) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") == "c" or isinstance(value, complex)


def _char_of(args: Arguments) -> str:
    """The type of vectors of one floating type with scalars that do not change it; empty for all else."""
    char, real = "", True
    for a in args:  # once for each array of a step, so with few calls
        if type(a) in _REAL:
            continue
        if not getattr(a, "ndim", 0):
            real = real and not _is_complex(a)
        elif char in ("", a.dtype.char):
            char = a.dtype.char
        else:
            return ""
    return char if char in ("F", "D") or (real and char in ("f", "d")) else ""


def common_dtype(args: Arguments) -> DType:
    """Type of a result of vectors and scalars: of the vectors' precision, complex where one of either is."""
    if char := _char_of(args):
        return _BY_CHAR[char]  # most often
    given = [a for a in args if a is not None]
    whole = np.result_type(*(getattr(a, "dtype", a) for a in given))
    vectors = [a.dtype for a in given if getattr(a, "ndim", 0)]
    if not vectors or whole.char not in "dD":
        return whole
    kind = np.result_type(*vectors)
    return np.dtype(whole.char.replace("d", "f").replace("D", "F")) if kind.char in "efF" else whole


def at_precision(*args: NDArray, function: BlockFunction, kind: DType) -> NDArray:
    """``function`` of blocks in single precision and of scalars, which are rounded to that before.

    A scalar that single precision does not hold stays as it is, and the result is rounded instead.
    """
    result = np.asarray(function(*(_single(a) if _wide(a) else a for a in args)))
    if result.dtype == kind:
        return result
    with np.errstate(over="ignore"):
        return result.astype(kind)


def rounded(args: Arguments) -> Arguments:
    """Arguments of a function of blocks, with the scalars in the precision of the blocks."""
    if char := _char_of(args):
        if char in "dD":
            return args
        return tuple(_single(a) if type(a) is np.float64 or _wide(a) else a for a in args)
    blocks = [a.dtype.char for a in args if getattr(a, "ndim", 0)]
    if not blocks or not set(blocks) <= set("efF?bBhHiIlLqQ") or not set(blocks) & set("efF"):
        return args
    return tuple(_single(a) if _wide(a) else a for a in args)


def _wide(value: object) -> bool:
    """Whether a value is a scalar in double precision, in memory or lazy."""
    return getattr(value, "ndim", 1) == 0 and getattr(value, "dtype", _OTHER).char in "dD"


def _single(value: NDArray) -> NDArray:
    size = float(abs(value))
    if size and not _TINY <= size <= _MAX and isfinite(size):
        return value
    return value.astype(np.complex64 if value.dtype.kind == "c" else np.float32)


def mixes(args: Arguments) -> bool:
    """Whether blocks in single precision meet scalars in double precision."""
    chars = {a.dtype.char for a in args if getattr(a, "ndim", 0)}
    return bool(chars & set("efF")) and any(map(_wide, args))


def sum_of(function: BlockFunction, args: Arguments, dtype: DType) -> NDArray:
    """Sum of ``function`` of blocks and scalars, made again in double precision where single precision may lose it."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # the sum shows it, and ends the solve
        values = np.asarray(function(*rounded(args)))
        result = np.asarray(values.sum(dtype=dtype))
        if values.dtype.char in "efF" and values.size > 1 and lost_in_range(float(abs(result))):
            wide = (a.astype(scalar_dtype(a.dtype)) if np.ndim(a) else a for a in args)
            result = np.asarray(np.asarray(function(*wide)).sum(dtype=dtype))
    return result
