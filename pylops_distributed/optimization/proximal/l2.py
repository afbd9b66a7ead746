"""The squared L2 norm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import overload

import dask.array as da
import numpy as np

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.numerics.systems import vector_of
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator, plus
from pylops_distributed.vectors.arithmetic import axpy, safe_divide, squared_norm, vdot
from pylops_distributed.vectors.elementwise import elementwise, step_length
from pylops_distributed.vectors.space import BlockVector, Space, Vector, as_floating, reshape
from pylops_distributed.vectors.types import NDArray, Scalar


@dataclass(frozen=True)
class L2(ProxOperator):
    r"""The squared norm of a residual :math:`\frac{\sigma}{2}\|\mathbf{Op}\,\mathbf{x}-\mathbf{b}\|_2^2`.

    Parameters
    ----------
    Op : LinearOperator, optional
        Operator, of this library or of PyLops; the identity if not given.
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

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.Op is None:
            return
        op = aslinearoperator(self.Op)
        object.__setattr__(self, "Op", op)
        if self.b is not None:
            object.__setattr__(self, "b", vector_of(self.b, op.codomain))

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        value = squared_norm(self._residual(x)) * (self.sigma / 2)
        return value if self.q is None else value + self.alpha * vdot(_laid_out(self.q, x), x).real

    def grad(self, x: Vector) -> Vector:
        """Gradient, by one forward and one adjoint."""
        g = self._residual(x)
        g = elementwise(_scaled, g if self.Op is None else _laid_out(self.Op.apply_adjoint(g), x), self.sigma)
        return g if self.q is None else plus(g, self.alpha, _laid_out(self.q, x))

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Solution of a linear system, from ``x`` where that takes iterations."""
        return self.warm(x, tau, x)

    def warm(self, x: Vector, tau: Scalar, start: Vector) -> Vector:
        """The same, from ``start``."""
        right = x if self.q is None else plus(x, -tau * self.alpha, _laid_out(self.q, x))
        weight = tau * self.sigma
        if self.Op is None:
            return elementwise(_weighted, right, _laid_out(self.b, x), weight)
        if self.b is not None:
            right = plus(right, weight, _laid_out(self.Op.apply_adjoint(self.b), x))
        return conjugate_gradients(lambda v: self._normal(v, weight), right, start, self.niter)

    def _residual(self, x: Vector) -> Vector:
        image = x if self.Op is None else self.Op.apply(reshape(x, self.Op.domain))
        return image if self.b is None else image - _laid_out(self.b, image)

    def _normal(self, x: Vector, weight: Scalar) -> Vector:
        assert self.Op is not None  # without one there is no system to solve
        image = self.Op.apply(reshape(x, self.Op.domain))
        return plus(x, weight, _laid_out(self.Op.apply_adjoint(image), x))


def conjugate_gradients(normal: Callable[[Vector], Vector], right: Vector, x: Vector, niter: int) -> Vector:
    """Solution of a system with a symmetric, positive matrix by ``niter`` steps from ``x``, all in one graph.

    Parameters
    ----------
    normal : callable
        Product of the matrix and a vector.
    right, x : dask.array.Array or Blocks
        Right-hand side and first guess.
    niter : int
        Number of steps.

    Returns
    -------
    dask.array.Array or Blocks
        Laid out as ``x``.
    """
    r = plus(right, -1.0, normal(x))
    c, first = r, squared_norm(r)
    k = first
    for _ in range(niter):
        image = normal(c)
        a = step_length(k, vdot(c, image).real, first)
        x, r = axpy(a, c, x), axpy(-a, image, r)
        before, k = k, squared_norm(r)
        c = axpy(safe_divide(k, before), c, r)
    return x


@overload
def _laid_out(y: Vector, x: Vector) -> Vector: ...
@overload
def _laid_out(y: Vector | None, x: Vector) -> Vector | None: ...
def _laid_out(y: Vector | None, x: Vector) -> Vector | None:
    """``y`` in the shape of ``x``, of as many samples: NumPy would broadcast others."""
    if y is None or isinstance(x, BlockVector) or isinstance(y, BlockVector) or np.shape(y) == x.shape:
        return y
    return reshape(as_floating(y), Space(x.shape, x.dtype))


def _scaled(x: NDArray, a: float) -> NDArray:
    return a * x


def _weighted(x: NDArray, b: NDArray, weight: NDArray) -> NDArray:
    result: NDArray = (x if b is None else x + weight * b) / np.asarray(1 + weight, x.real.dtype)
    return result
