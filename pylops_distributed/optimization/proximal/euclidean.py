"""The Euclidean norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.arithmetic import norm
from pylops_distributed.vectors.elementwise import elementwise
from pylops_distributed.vectors.space import dtype_of
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class Euclidean(ProxOperator):
    r"""The norm :math:`\sigma\|\mathbf{x}\|_2`, not squared.

    Parameters
    ----------
    sigma : float
        Weight :math:`\sigma`.

    Notes
    -----
    ``grad`` at zero, where there is none, is zero; that of ``pyproximal.Euclidean`` is NaN.
    """

    sigma: float = 1.0

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        return norm(x) * self.sigma

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """The vector made shorter."""
        return elementwise(_shrunk, x, norm(x), tau, self.sigma, dtype=dtype_of(x))

    def proxdual(self, x: Vector, tau: Scalar) -> Vector:
        """The vector cut at the length ``sigma``."""
        return elementwise(_cut, x, norm(x), self.sigma, dtype=dtype_of(x))

    def grad(self, x: Vector) -> Vector:
        """The vector with the length ``sigma``."""
        return elementwise(_direction, x, norm(x), self.sigma, dtype=dtype_of(x))


def _shrunk(x: NDArray, length: NDArray, tau: NDArray, sigma: float) -> NDArray:
    result: NDArray = x * (np.maximum(length - tau * sigma, 0) / np.where(length == 0, 1, length))
    return result


def _cut(x: NDArray, length: NDArray, sigma: float) -> NDArray:
    return x * (sigma / np.maximum(length, sigma)) if sigma else x * 0


def _direction(x: NDArray, length: NDArray, sigma: float) -> NDArray:
    result: NDArray = x * (sigma / np.where(length == 0, 1, length))
    return result
