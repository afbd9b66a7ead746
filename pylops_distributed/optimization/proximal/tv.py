"""Total variation."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import dask.array as da

from pylops_distributed.basicoperators.gradient import Gradient
from pylops_distributed.optimization.proximal.l21 import L21
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator, plus
from pylops_distributed.vectors.elementwise import elementwise
from pylops_distributed.vectors.space import Space, Vector, dtype_of, one_array, reshape
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


@dataclass(frozen=True)
class TV(ProxOperator):
    r"""Total variation :math:`\sigma\sum_j\|(\nabla\mathbf{x})_j\|_2`, with forward differences.

    Parameters
    ----------
    dims : tuple of int
        Shape of the vectors.
    sigma : float
        Weight :math:`\sigma`.
    niter : int
        Number of steps of the proximal operator, all in one graph.

    Notes
    -----
    The proximal operator comes from its dual problem by projected gradients with momentum: Beck and Teboulle,
    2009, doi:10.1109/TIP.2009.2028250. Unlike ``pyproximal.TV`` it takes all of ``niter`` steps, with Nesterov's
    momentum.
    """

    dims: tuple[int, ...]
    sigma: float = 1.0
    niter: int = 10

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        gradient = self._gradient(x)
        return L21(len(self.dims), self.sigma)(gradient.apply(reshape(x, gradient.domain)))

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Denoised ``x``."""
        gradient, gamma = self._gradient(x), self.sigma * tau
        data = reshape(x, gradient.domain)
        ball = L21(len(self.dims), 1.0)
        dual = point = gradient.apply(data) * 0.0
        t, bound = 1.0, 4.0 * len(self.dims)
        for _ in range(self.niter):
            ascent = gradient.apply(plus(data, -gamma, gradient.apply_adjoint(point)))
            before, dual = (
                dual,
                ball.proxdual(elementwise(_moved, point, ascent, gamma, bound), 1.0),
            )
            t, old = (1 + sqrt(1 + 4 * t * t)) / 2, t
            point = plus(dual, (old - 1) / t, dual - before)
        return reshape(plus(data, -gamma, gradient.apply_adjoint(dual)), _space_of(x))

    def _gradient(self, x: Vector) -> LinearOperator:
        return Gradient(self.dims, edge=False, kind="forward", dtype=dtype_of(x))


def _space_of(x: Vector) -> Space:
    return Space(one_array(x).shape, dtype_of(x))


def _moved(point: NDArray, ascent: NDArray, gamma: NDArray, bound: float) -> NDArray:
    step = bound * gamma
    return point + ascent / step if step else point  # without a weight the dual has no part in the result
