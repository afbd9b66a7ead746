"""The indicator of an L1 ball."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dask.array as da

from pylops_distributed.optimization.proximal.euclideanball import outside
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import elementwise, norm1
from pylops_distributed.vectors.quantiles import l1_threshold
from pylops_distributed.vectors.space import arrays_of, dtype_of
from pylops_distributed.vectors.thresholding import soft
from pylops_distributed.vectors.types import Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class L1Ball(ProxOperator):
    r"""Zero where :math:`\|\mathbf{x}\|_1\le r`, and infinite elsewhere.

    Parameters
    ----------
    n : int
        Number of elements of a vector.
    radius : float
        Radius :math:`r`.
    maxiter : int
        Not used: the projection is exact, by three passes in single and six in double precision.
    xtol : float
        Not used, for the same reason.
    """

    n: int
    radius: float
    maxiter: int = 100
    xtol: float = 1e-5

    def __call__(self, x: Vector, tol: float = 1e-4) -> da.Array:
        """Zero inside, and up to ``tol`` beyond, and infinite outside, as a 0-d array."""
        return elementwise(outside, norm1(self._checked(x)), self.radius, tol)

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """The nearest point of the ball, by soft thresholding."""
        return elementwise(soft, x, l1_threshold(self._checked(x), self.radius), dtype=dtype_of(x))

    def _checked(self, x: Vector) -> Vector:
        if (size := sum(a.size for a in arrays_of(x))) != self.n:
            raise ValueError(f"L1Ball is for vectors of {self.n} elements, got one of {size}: set n={size}")
        return x
