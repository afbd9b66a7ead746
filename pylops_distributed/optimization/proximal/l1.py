"""The L1 norm."""

from __future__ import annotations

from dataclasses import dataclass

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import elementwise, scalar_kind, total
from pylops_distributed.vectors.space import Vector, dtype_of
from pylops_distributed.vectors.thresholding import soft
from pylops_distributed.vectors.types import NDArray, Scalar


@dataclass(frozen=True)
class L1(ProxOperator):
    r"""The L1 norm :math:`\sigma\|\mathbf{x}-\mathbf{g}\|_1`.

    Parameters
    ----------
    sigma : float
        Weight :math:`\sigma`.
    g : dask.array.Array or Blocks, optional
        Where it is zero, laid out as :math:`\mathbf{x}`.
    """

    sigma: float = 1.0
    g: Vector | None = None

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        return total(_size, x, self.g, self.sigma, dtype=scalar_kind(x))

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Soft thresholding."""
        return elementwise(
            _shrunk, x, self.g, tau, self.sigma, dtype=None if self.g is not None else dtype_of(x)
        )

    def proxdual(self, x: Vector, tau: Scalar) -> Vector:
        """Magnitudes cut at ``sigma``."""
        return elementwise(_project_moved, x, self.g, tau, self.sigma)


def _size(x: NDArray, g: NDArray, sigma: float) -> NDArray:
    result: NDArray = sigma * np.abs(x if g is None else x - g)
    return result


def _shrunk(x: NDArray, g: NDArray, tau: NDArray, sigma: float) -> NDArray:
    return soft(x, tau * sigma) if g is None else soft(x - g, tau * sigma) + g


def _project_moved(x: NDArray, g: NDArray, tau: NDArray, sigma: float) -> NDArray:
    moved = x if g is None else x - tau * g
    size = np.abs(moved)
    return moved * (sigma / np.maximum(size, sigma)) if sigma else np.zeros_like(moved)
