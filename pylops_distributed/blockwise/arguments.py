"""Checks of the arguments that operators share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from numpy.typing import DTypeLike

from pylops_distributed.vectors.types import DType, NDArray

T = TypeVar("T")


def shape_of(dims: int | Iterable[int]) -> tuple[int, ...]:
    """A shape from one length or several."""
    return tuple(int(n) for n in dims) if isinstance(dims, Iterable) else (int(dims),)


def axes_of(axes: Iterable[int], dims: tuple[int, ...]) -> tuple[int, ...]:
    """Axes of ``dims`` counted from the front."""
    return tuple(normalize_axis_index(axis, len(dims)) for axis in axes)


def narrower(held: DType, kind: DType) -> DType:
    """The type of an array that an operator holds, in the operator's precision where that is the lower one."""
    return held if held.kind in "fc" and np.result_type(held, kind) == kind else kind


def one_of(name: str, value: T, options: tuple[T, ...], error: type[Exception] = ValueError) -> T:
    """``value`` if it is one of ``options``; else an error that names them."""
    if value not in options:
        raise error(f"{name} must be one of {options}, got {value!r}")
    return value


def engine_among(engine: str, options: tuple[str, ...], name: str = "engine") -> str:
    """``engine`` if it is one of ``options``; else a ValueError in PyLops' words."""
    if engine not in options:
        raise ValueError(f"`{name}` must be {', '.join(options[:-1])} or {options[-1]}, got {engine!r}")
    return engine


def at_least(n: int, dims: tuple[int, ...], axis: int, owner: str) -> None:
    """Raise a ValueError if an axis is too short for ``owner``."""
    if dims[axis] < n:
        raise ValueError(
            f"{owner} needs at least {n} samples along axis {axis}, dims {dims} have {dims[axis]}"
        )


def real_type(dtype: DTypeLike) -> DType:
    """The real type of the precision of ``dtype``."""
    return np.empty(0, dtype).real.dtype


def complex_type(dtype: DTypeLike) -> DType:
    """The complex type of the precision of ``dtype``."""
    return np.result_type(dtype, np.complex64)


def as_columns(cols: Sequence[int]) -> NDArray:
    """Numbers of columns as an array; NumPy makes one of floats of an empty list."""
    return np.asarray(cols) if len(cols) else np.zeros(0, int)
