"""The base class of functions with a proximal operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dask.array as da

from pylops_distributed.vectors.elementwise import elementwise, lincomb
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


class ProxOperator:
    r"""A convex function :math:`f` with the operations that proximal solvers need, all of them lazy.

    A new one is a frozen dataclass with ``__call__`` and ``prox``, and ``grad`` where it has a gradient. The
    surface is that of PyProximal; vectors are arrays of any shape, or Blocks.
    """

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        raise NotImplementedError(f"{type(self).__name__} has no value")

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        r"""The :math:`\mathbf{v}` that minimises :math:`\tau f(\mathbf{v}) + \frac12\|\mathbf{v}-\mathbf{x}\|_2^2`.

        It is laid out as ``x``, which has any shape.
        """
        raise NotImplementedError(f"{type(self).__name__} has no proximal operator")

    def proxdual(self, x: Vector, tau: Scalar) -> Vector:
        """The proximal operator of the conjugate function, by Moreau's identity; laid out as ``x``."""
        inner = self.prox(elementwise(_divided, x, tau), 1 / tau)
        return elementwise(_rest, x, tau, inner)

    def grad(self, x: Vector) -> Vector:
        """Gradient of the function, laid out as ``x``."""
        raise NotImplementedError(f"{type(self).__name__} has no gradient")

    def warm(self, x: Vector, tau: Scalar, start: Vector) -> Vector:
        """``prox`` for functions that look for it by iterations, from ``start``; all are laid out as ``x``."""
        return self.prox(x, tau)


def _divided(x: NDArray, tau: NDArray) -> NDArray:
    return x / tau


def _rest(x: NDArray, tau: NDArray, inner: NDArray) -> NDArray:
    result: NDArray = x - tau * inner
    return result


def plus(x: Vector, a: Scalar, y: Vector) -> Vector:
    """``x + a * y``, one task a chunk."""
    return lincomb(1.0, x, a, y)
