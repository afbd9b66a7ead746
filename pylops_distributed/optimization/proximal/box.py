"""The indicator of a box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import elementwise, scalar_kind, total
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

    def __call__(self, x: Vector) -> da.Array:
        """Zero inside, infinite outside, as a 0-d array."""
        return total(_outside, x, self.lower, self.upper, dtype=scalar_kind(x))

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Elements moved to the nearest bound."""
        return elementwise(_clipped, x, self.lower, self.upper)


def _outside(x: NDArray, lower: NDArray, upper: NDArray) -> NDArray:
    return np.where((x < lower) | (x > upper), np.inf, np.where(np.isnan(x), np.nan, 0.0))


def _clipped(x: NDArray, lower: NDArray, upper: NDArray) -> NDArray:
    # A bound in place of an infinite element would hide that the gradient has overflowed.
    return np.where(np.isfinite(x), np.clip(x, lower, upper), np.nan).astype(x.dtype)
