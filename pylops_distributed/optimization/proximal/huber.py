"""The Huber function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import elementwise, scalar_kind, square, total
from pylops_distributed.vectors.space import dtype_of
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class Huber(ProxOperator):
    r"""The sum of :math:`|x_i|^2/(2\alpha)` where :math:`|x_i|\le\alpha`, and of :math:`|x_i|-\alpha/2` elsewhere.

    Parameters
    ----------
    alpha : float
        Magnitude :math:`\alpha > 0` from which the function grows linearly.

    Raises
    ------
    ValueError
        If ``alpha`` is not positive.

    Notes
    -----
    ``prox`` changes its form at :math:`\alpha+\tau`, which minimises. That of ``pyproximal.Huber`` does so at
    :math:`\alpha`, and differs between the two. ``grad`` is the gradient of the function itself, and not that of
    its Moreau envelope.
    """

    alpha: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_alpha(self.alpha)

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        return total(_value, x, self.alpha, dtype=scalar_kind(x))

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Small magnitudes scaled, large ones made smaller by ``tau``."""
        return elementwise(_shrunk, x, tau, self.alpha, dtype=dtype_of(x))

    def grad(self, x: Vector) -> Vector:
        """Elements over their magnitudes, or over ``alpha`` where these are smaller."""
        return elementwise(_slope, x, self.alpha, dtype=dtype_of(x))


def check_alpha(alpha: float) -> None:
    """Raise an error for a width that is not positive."""
    if not alpha > 0:
        raise ValueError(f"alpha must be positive, got {alpha}: for alpha of zero take L1 or Euclidean")


def _value(x: NDArray, alpha: float) -> NDArray:
    size = np.abs(x)
    with np.errstate(over="ignore"):  # the square of an element that is not small
        return np.where(size <= alpha, square(x) / (2 * alpha), size - alpha / 2)


def _shrunk(x: NDArray, tau: NDArray, alpha: float) -> NDArray:
    result: NDArray = x * (1 - tau / np.maximum(np.abs(x), alpha + tau))
    return result


def _slope(x: NDArray, alpha: float) -> NDArray:
    result: NDArray = x / np.maximum(np.abs(x), alpha)
    return result
