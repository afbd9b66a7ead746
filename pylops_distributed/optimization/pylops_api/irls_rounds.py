r"""Reweighted least squares around SciPy's LSQR."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pylops_distributed.basicoperators.blockdiag import BlockDiag
from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.numerics.outer_loop import computed, least_squares, length
from pylops_distributed.vectors.elementwise import elementwise, real_dtype
from pylops_distributed.vectors.space import BlockVector, Vector, flatten, reshape
from pylops_distributed.vectors.types import NDArray, Options


@dataclass
class DataRounds:
    r"""Least squares with the weights :math:`1/(|r_i|+\epsilon_R)` of the residual before, over the largest."""

    op: LinearOperator
    y: Vector
    epsI: float
    threshR: bool
    epsR: float
    warm: bool
    residual: Any = field(default=None)
    roots: Any = field(default=None)

    def advance(self, x: Vector, settings: Options) -> tuple[Vector, float]:
        """The next model and the norm of its residual."""
        op, y = self.op, self.y
        if self.residual is not None:
            self.roots = computed(self._weights())
            weight = diagonal(self.roots)
            op, y = weight @ op, reshape(weight.apply(reshape(y, weight.domain)), weight.codomain)
        x = least_squares(op, y, x if self.warm else None, {"damp": self.epsI, **settings})
        x = reshape(x, self.op.domain)
        self.residual = computed(self.y - reshape(self.op.apply(x), self.op.codomain))
        return x, length(self.residual)

    @property
    def weights(self) -> Vector | None:
        """Weights of the last round, flat; None before the second."""
        return None if self.roots is None else flatten(self.roots) ** 2

    def _weights(self) -> Vector:
        """Square roots of the weights."""
        size = elementwise(np.abs, self.residual, dtype=real_dtype(self.residual))
        members = size.arrays if isinstance(size, BlockVector) else (size,)
        least = np.stack([a.min() for a in members]).min()
        result: Vector = elementwise(
            _root, size, least, self.threshR, self.epsR, dtype=real_dtype(self.residual)
        )
        return result


@dataclass
class ModelRounds:
    r"""Sparse models :math:`\mathbf{R}\,\mathbf{Op}^H\mathbf{u}`, with the magnitudes before as :math:`\mathbf{R}`."""

    op: LinearOperator
    y: Vector
    epsI: float
    begun: bool = False
    scales: Any = field(default=None)

    def advance(self, x: Vector, settings: Options) -> tuple[Vector, float]:
        """The next model and the norm of its residual."""
        op = self.op
        self.scales = computed(self._weights(x)) if self.begun else None
        scale = diagonal(self.scales) if self.begun else None
        right = op.H if scale is None else scale @ op.H
        damped = op @ right + self.epsI**2 * Identity(op.shape[0], dtype=op.dtype)
        dual = least_squares(damped, self.y, None, settings)
        self.begun = True
        x = computed(reshape(right.apply(reshape(dual, right.domain)), op.domain))
        return x, length(self.y - reshape(op.apply(x), op.codomain))

    @property
    def weights(self) -> Vector | None:
        """Weights of the last round, flat; None before the second."""
        return None if self.scales is None else flatten(self.scales)

    def _weights(self, x: Vector) -> Vector:
        size = elementwise(np.abs, x, dtype=real_dtype(x))
        members = size.arrays if isinstance(size, BlockVector) else (size,)
        return elementwise(_over, size, np.stack([a.max() for a in members]).max(), dtype=real_dtype(x))


def diagonal(weights: Vector) -> LinearOperator:
    """The operator that multiplies with a vector."""
    if isinstance(weights, BlockVector):
        return BlockDiag([diagonal(a) for a in weights.arrays])
    return Diagonal(weights, dtype=weights.dtype)


def _weight(size: NDArray, thresh: bool, eps: float) -> NDArray:
    return 1 / (np.maximum(size, eps) if thresh else size + eps)


def _root(size: NDArray, least: NDArray, thresh: bool, eps: float) -> NDArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(_weight(size, thresh, eps) / _weight(least, thresh, eps))
    # A residual of zero with an epsR of zero has the largest weight.
    return np.where((size == least) & ~np.isfinite(root), np.ones_like(root), root).astype(size.dtype)


def _over(size: NDArray, largest: NDArray) -> NDArray:
    return size / largest if largest else np.zeros_like(size)
