"""The squared L2 norm."""

from __future__ import annotations

from dataclasses import dataclass

import dask.array as da
import numpy as np

from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator, plus
from pylops_distributed.vectors.arithmetic import axpy, safe_divide, squared_norm, vdot
from pylops_distributed.vectors.elementwise import elementwise, step_length
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.types import NDArray, Scalar


@dataclass(frozen=True)
class L2(ProxOperator):
    r"""The squared norm of a residual :math:`\frac{\sigma}{2}\|\mathbf{Op}\,\mathbf{x}-\mathbf{b}\|_2^2`.

    Parameters
    ----------
    Op : LinearOperator, optional
        Operator; the identity if not given.
    b : dask.array.Array or Blocks, optional
        Data, of shape ``Op.dimsd``; zero if not given.
    q : dask.array.Array or Blocks, optional
        Vector of a linear term :math:`\alpha\mathbf{q}^T\mathbf{x}`, laid out as :math:`\mathbf{x}`.
    sigma : float
        Weight :math:`\sigma`.
    alpha : float
        Weight :math:`\alpha`.
    niter : int
        Number of conjugate gradient steps of the proximal operator, which is a linear system where there is an
        operator; all are in one graph.

    Notes
    -----
    As ``pyproximal.L2`` with ``solver="cg"``, from the model the solver has instead of the last result.
    """

    Op: LinearOperator | None = None
    b: Vector | None = None
    q: Vector | None = None
    sigma: float = 1.0
    alpha: float = 1.0
    niter: int = 10

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        value = squared_norm(self._residual(x)) * (self.sigma / 2)
        return value if self.q is None else value + self.alpha * vdot(self.q, x).real

    def grad(self, x: Vector) -> Vector:
        """Gradient, by one forward and one adjoint."""
        g = self._residual(x)
        g = elementwise(_scaled, g if self.Op is None else self.Op.apply_adjoint(g), self.sigma)
        return g if self.q is None else plus(g, self.alpha, self.q)

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Solution of a linear system, from ``x`` where that takes iterations."""
        return self.warm(x, tau, x)

    def warm(self, x: Vector, tau: Scalar, start: Vector) -> Vector:
        """The same, from ``start``."""
        right = x if self.q is None else plus(x, -tau * self.alpha, self.q)
        weight = tau * self.sigma
        if self.Op is None:
            return elementwise(_weighted, right, self.b, weight)
        if self.b is not None:
            right = plus(right, weight, self.Op.apply_adjoint(self.b))
        return self._conjugate_gradients(right, weight, start)

    def _residual(self, x: Vector) -> Vector:
        image = x if self.Op is None else self.Op.apply(x)
        return image if self.b is None else image - self.b

    def _normal(self, x: Vector, weight: Scalar) -> Vector:
        assert self.Op is not None  # without one there is no system to solve
        return plus(x, weight, self.Op.apply_adjoint(self.Op.apply(x)))

    def _conjugate_gradients(self, right: Vector, weight: Scalar, x: Vector) -> Vector:
        r = plus(right, -1.0, self._normal(x, weight))
        c, first = r, squared_norm(r)
        k = first
        for _ in range(self.niter):
            image = self._normal(c, weight)
            a = step_length(k, vdot(c, image).real, first)
            x, r = axpy(a, c, x), axpy(-a, image, r)
            before, k = k, squared_norm(r)
            c = axpy(safe_divide(k, before), c, r)
        return x


def _scaled(x: NDArray, a: float) -> NDArray:
    return a * x


def _weighted(x: NDArray, b: NDArray, weight: NDArray) -> NDArray:
    result: NDArray = (x if b is None else x + weight * b) / np.asarray(1 + weight, x.real.dtype)
    return result
