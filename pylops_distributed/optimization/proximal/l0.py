"""The number of elements that are not zero."""

from __future__ import annotations

from dataclasses import dataclass
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
class L0(ProxOperator):
    r"""The number of elements that are not zero, times :math:`\sigma`; it is not convex.

    Parameters
    ----------
    sigma : float
        Weight :math:`\sigma`.

    Notes
    -----
    ``prox`` sets magnitudes up to :math:`\tau\sigma` to zero, as ``pyproximal.L0`` does; what minimises sets those
    up to :math:`\sqrt{2\tau\sigma}` to zero. The value of ``pyproximal.L0`` is without :math:`\sigma`.
    """

    sigma: float = 1.0

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        return total(_counted, x, self.sigma, dtype=scalar_kind(x))

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Hard thresholding."""
        return elementwise(_kept, x, tau, self.sigma, dtype=dtype_of(x))


def _counted(x: NDArray, sigma: float) -> NDArray:
    return np.where(np.isnan(x), np.nan, sigma * (x != 0))


def _kept(x: NDArray, tau: NDArray, sigma: float) -> NDArray:
    return np.where(np.abs(x) <= tau * sigma, np.zeros_like(x), x)
