"""The indicator of a ball of the nuclear norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.euclideanball import outside
from pylops_distributed.optimization.proximal.nuclear import Nuclear
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import elementwise
from pylops_distributed.vectors.namespace import blockwise, chunked_like, unsplit
from pylops_distributed.vectors.quantiles import l1_threshold
from pylops_distributed.vectors.space import one_array
from pylops_distributed.vectors.thresholding import soft
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class NuclearBall(ProxOperator):
    r"""Zero where the sum of the singular values :math:`\|\mathbf{X}\|_*\le r`, and infinite elsewhere.

    It is global: the matrix is gathered into one task, so that it must fit into a worker's memory.

    Parameters
    ----------
    dims : tuple of int
        Shape of the matrix that a vector stands for.
    radius : float
        Radius :math:`r`.
    maxiter : int
        Not used: the projection is exact.
    xtol : float
        Not used, for the same reason.
    """

    dims: tuple[int, int]
    radius: float
    maxiter: int = 100
    xtol: float = 1e-5

    def __call__(self, x: Vector, tol: float = 1e-5) -> da.Array:
        """Zero inside, and up to ``tol`` beyond, and infinite outside, as a 0-d array."""
        return elementwise(outside, Nuclear(self.dims)(x), self.radius, tol)

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """The nearest point of the ball, by singular values made smaller."""
        x = one_array(x)
        axes = tuple(range(x.ndim))
        projected = blockwise(
            _projected, axes, unsplit(x), axes, dim=self.dims, radius=self.radius, dtype=x.dtype,
            meta=np.zeros((0,) * x.ndim, x.dtype),
        )  # fmt: skip
        return chunked_like(projected, x)


def _projected(x: NDArray, dim: tuple[int, int], radius: float) -> NDArray:
    if not np.isfinite(x).all():  # LAPACK would raise an error that names nothing
        return np.full_like(x, np.nan)
    left, values, right = np.linalg.svd(x.reshape(dim), full_matrices=False)
    known: Any = values
    kept = soft(values, np.asarray(l1_threshold(known, radius), values.dtype))
    result: NDArray = ((left * kept) @ right).reshape(x.shape)
    return result
