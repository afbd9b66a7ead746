"""The nuclear norm."""

from __future__ import annotations

from dataclasses import dataclass

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import scalar_kind
from pylops_distributed.vectors.namespace import blockwise, chunked_like, unsplit
from pylops_distributed.vectors.space import Vector, one_array
from pylops_distributed.vectors.types import NDArray, Scalar


@dataclass(frozen=True)
class Nuclear(ProxOperator):
    r"""The sum of the singular values of a matrix :math:`\sigma\|\mathbf{X}\|_*`.

    It is global: the matrix is gathered into one task, so that it must fit into a worker's memory.

    Parameters
    ----------
    dim : tuple of int
        Shape of the matrix that a vector stands for.
    sigma : float
        Weight :math:`\sigma`.
    """

    dim: tuple[int, int]
    sigma: float = 1.0

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        x = one_array(x)
        whole, axes, kind = unsplit(x), tuple(range(x.ndim)), scalar_kind(x)
        return blockwise(
            _value, (), whole, axes, dim=self.dim, sigma=self.sigma, concatenate=True, dtype=kind,
            meta=np.zeros((), kind),
        )  # fmt: skip

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Singular values made smaller."""
        x = one_array(x)
        whole, axes = unsplit(x), tuple(range(x.ndim))
        shrunk = blockwise(
            _shrunk, axes, whole, axes, tau, (), dim=self.dim, sigma=self.sigma, dtype=x.dtype,
            meta=np.zeros((0,) * x.ndim, x.dtype),
        )  # fmt: skip
        return chunked_like(shrunk, x)


def _value(x: NDArray, dim: tuple[int, int], sigma: float) -> NDArray:
    if not np.isfinite(x).all():  # LAPACK would raise an error that names nothing
        return np.asarray(np.nan)
    return np.asarray(sigma * np.linalg.svd(x.reshape(dim), compute_uv=False).sum(), np.float64)


def _shrunk(x: NDArray, tau: NDArray, dim: tuple[int, int], sigma: float) -> NDArray:
    if not np.isfinite(x).all():
        return np.full_like(x, np.nan)
    left, values, right = np.linalg.svd(x.reshape(dim), full_matrices=False)
    kept = np.maximum(values - np.asarray(tau * sigma, values.dtype), 0)
    result: NDArray = ((left * kept) @ right).reshape(x.shape)
    return result
