"""The L1 norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import elementwise, real_dtype, total
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.thresholding import soft


@dataclass(frozen=True)
class L1(ProxOperator):
    r"""The L1 norm :math:`\sigma\|\mathbf{x}-\mathbf{g}\|_1`.

    Parameters
    ----------
    sigma : float
        Weight :math:`\sigma`.
    g : dask.array.Array or Blocks, optional
        Where it is zero.
    """

    sigma: float = 1.0
    g: Vector | None = None

    def __call__(self, x: Vector) -> Any:
        """Value of the function as a 0-d array."""
        return total(_size, x, self.g, self.sigma, dtype=real_dtype(x))

    def prox(self, x: Vector, tau: Any) -> Any:
        """Soft thresholding."""
        return elementwise(
            _shrunk, x, self.g, tau, self.sigma, dtype=None if self.g is not None else _dtype(x)
        )

    def proxdual(self, x: Vector, tau: Any) -> Any:
        """Magnitudes cut at ``sigma``."""
        return elementwise(_project_moved, x, self.g, tau, self.sigma)


def _dtype(x: Any) -> Any:
    return np.result_type(*(a.dtype for a in getattr(x, "arrays", (x,))))


def _size(x: Any, g: Any, sigma: float) -> Any:
    return sigma * np.abs(x if g is None else x - g)


def _shrunk(x: Any, g: Any, tau: Any, sigma: float) -> Any:
    return soft(x, tau * sigma) if g is None else soft(x - g, tau * sigma) + g


def _project_moved(x: Any, g: Any, tau: Any, sigma: float) -> Any:
    moved = x if g is None else x - tau * g
    size = np.abs(moved)
    return moved * (sigma / np.maximum(size, sigma)) if sigma else np.zeros_like(moved)
