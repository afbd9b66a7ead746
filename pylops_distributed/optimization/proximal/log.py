"""The logarithm of magnitudes."""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p
from typing import TYPE_CHECKING

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import elementwise, scalar_kind, total
from pylops_distributed.vectors.space import dtype_of
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class Log(ProxOperator):
    r"""The sum :math:`\frac{\sigma}{\log(\gamma+1)}\sum_i\log(\gamma|x_i|+1)`, which is not convex.

    Parameters
    ----------
    sigma : float
        Weight :math:`\sigma\ge 0`.
    gamma : float
        How fast it bends, :math:`\gamma > 0`.

    Raises
    ------
    ValueError
        If ``sigma`` is negative, or ``gamma`` not positive.
    """

    sigma: float
    gamma: float = 1.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.gamma > 0:
            raise ValueError(f"gamma must be positive, got {self.gamma}: for gamma near zero take L1")

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        return total(_value, x, self.sigma, self.gamma, dtype=scalar_kind(x))

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """The better of zero and the larger stationary point."""
        return elementwise(_shrunk, x, tau, self.sigma, self.gamma, dtype=dtype_of(x))


def _value(x: NDArray, sigma: float, gamma: float) -> NDArray:
    result: NDArray = sigma / log1p(gamma) * np.log1p(gamma * np.abs(x))
    return result


def _shrunk(x: NDArray, tau: NDArray, sigma: float, gamma: float) -> NDArray:
    size = np.abs(x)
    weight = tau * sigma / log1p(gamma)
    b = gamma * size - 1
    discriminant = b * b - 4 * gamma * (weight * gamma - size)
    root = (b + np.sqrt(np.maximum(discriminant, 0))) / (2 * gamma)
    gain = size * size / 2 - weight * np.log1p(gamma * np.maximum(root, 0)) - (root - size) ** 2 / 2
    # NaN is neither better nor worse than zero.
    lost = (discriminant < 0) | (gain <= 0) | (root <= 0)
    kept = np.where(lost, np.zeros_like(root), root)
    result: NDArray = kept * (x / np.where(size > 0, size, 1))
    return result
