"""The indicator of a box."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import elementwise, scalar_kind, total
from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.space import dtype_of
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class Box(ProxOperator):
    """Zero between two bounds and infinite elsewhere, for real vectors.

    Parameters
    ----------
    lower, upper : float or dask.array.Array
        Bounds.
    """

    lower: Any = -np.inf
    upper: Any = np.inf

    def __post_init__(self) -> None:
        numbers = not holds_dask(self.lower, self.upper)
        if numbers and not np.all(np.asarray(self.lower) <= np.asarray(self.upper)):
            raise ValueError(
                f"lower={reprlib.repr(self.lower)} must not be above upper={reprlib.repr(self.upper)}, nor NaN"
            )

    def __call__(self, x: Vector) -> da.Array:
        """Zero inside, infinite outside, as a 0-d array."""
        _real(x)
        return total(_outside, x, self.lower, self.upper, dtype=scalar_kind(x))

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Elements moved to the nearest bound."""
        _real(x)
        return elementwise(_clipped, x, self.lower, self.upper)


def _outside(x: NDArray, lower: NDArray, upper: NDArray) -> NDArray:
    return np.where((x < lower) | (x > upper), np.inf, np.where(np.isnan(x), np.nan, 0.0))


def _real(x: Vector) -> None:
    if np.dtype(dtype_of(x)).kind == "c":
        raise TypeError("Box takes real vectors, got complex ones: complex numbers have no order")


def _clipped(x: NDArray, lower: NDArray, upper: NDArray) -> NDArray:
    # A bound in place of an infinite element would hide that the gradient has overflowed.
    return np.where(np.isfinite(x), np.clip(x, lower, upper), np.nan).astype(x.dtype)
