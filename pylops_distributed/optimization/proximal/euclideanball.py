"""The indicator of a Euclidean ball."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.arithmetic import norm
from pylops_distributed.vectors.elementwise import elementwise, real_dtype
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class EuclideanBall(ProxOperator):
    r"""Zero where :math:`\|\mathbf{x}-\mathbf{c}\|_2\le r`, and infinite elsewhere.

    Parameters
    ----------
    center : float or dask.array.Array or Blocks
        Centre :math:`\mathbf{c}`, laid out as :math:`\mathbf{x}`.
    radius : float
        Radius :math:`r`.
    """

    center: Any
    radius: float

    def __call__(self, x: Vector) -> da.Array:
        """Zero inside, to rounding, and infinite outside, as a 0-d array."""
        rounding = 64 * float(np.finfo(real_dtype(x)).eps) * self.radius
        return elementwise(outside, self._distance(x), self.radius, rounding)

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """The nearest point of the ball."""
        return elementwise(_projected, x, self.center, self._distance(x), self.radius)

    def _distance(self, x: Vector) -> da.Array:
        return norm(elementwise(_moved, x, self.center))


def outside(size: NDArray, radius: float, tol: float) -> NDArray:
    """Zero for a size within a radius, and infinity beyond it; NaN stays."""
    return np.where(size - radius <= tol, 0.0, np.where(np.isnan(size), np.nan, np.inf))


def _moved(x: NDArray, center: NDArray) -> NDArray:
    return x - center


def _projected(x: NDArray, center: NDArray, distance: NDArray, radius: float) -> NDArray:
    scale = radius / np.maximum(distance, radius) if radius else distance * 0
    result: NDArray = center + scale * (x - center)
    return result
