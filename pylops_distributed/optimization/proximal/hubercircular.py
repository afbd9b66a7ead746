"""The Huber function of the norm of a vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.huber import check_alpha
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.arithmetic import norm
from pylops_distributed.vectors.elementwise import elementwise
from pylops_distributed.vectors.space import dtype_of
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class HuberCircular(ProxOperator):
    r"""With :math:`n=\|\mathbf{x}\|_2`, :math:`n^2/(2\alpha)` where :math:`n\le\alpha`, else :math:`n-\alpha/2`.

    Parameters
    ----------
    alpha : float
        Norm :math:`\alpha > 0` from which the function grows linearly.

    Raises
    ------
    ValueError
        If ``alpha`` is not positive.
    """

    alpha: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_alpha(self.alpha)

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        return elementwise(_value, norm(x), self.alpha)

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """The vector scaled."""
        return elementwise(_shrunk, x, norm(x), tau, self.alpha, dtype=dtype_of(x))

    def grad(self, x: Vector) -> Vector:
        """The vector over its norm, or over ``alpha`` where that is smaller."""
        return elementwise(_slope, x, norm(x), self.alpha, dtype=dtype_of(x))


def _value(length: NDArray, alpha: float) -> NDArray:
    return np.where(length <= alpha, length * length / (2 * alpha), length - alpha / 2)


def _shrunk(x: NDArray, length: NDArray, tau: NDArray, alpha: float) -> NDArray:
    result: NDArray = x * (1 - tau / np.maximum(length, alpha + tau))
    return result


def _slope(x: NDArray, length: NDArray, alpha: float) -> NDArray:
    result: NDArray = x / np.maximum(length, alpha)
    return result
