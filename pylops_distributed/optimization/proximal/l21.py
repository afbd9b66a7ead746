"""The L1 norm of the lengths of vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.elementwise import elementwise, scalar_kind, square, total
from pylops_distributed.vectors.namespace import chunked_like
from pylops_distributed.vectors.space import BlockVector, Vector
from pylops_distributed.vectors.types import NDArray, Scalar


@dataclass(frozen=True)
class L21(ProxOperator):
    r"""The L1 norm of lengths :math:`\sigma\sum_j\sqrt{\sum_i |x_{i,j}|^2}`, as of a gradient.

    Parameters
    ----------
    ndim : int
        Number of components :math:`i`: members of Blocks, or the length of the first axis of an array.
    sigma : float
        Weight :math:`\sigma`.
    """

    ndim: int
    sigma: float = 1.0

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        return total(_length, self.sigma, *self._parts(x), dtype=scalar_kind(x))

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Lengths made shorter."""
        return self._each(_shrunk, x, tau)

    def proxdual(self, x: Vector, tau: Scalar) -> Vector:
        """Lengths cut at ``sigma``."""
        return self._each(_project_part, x, tau)

    def _parts(self, x: Vector) -> tuple[da.Array, ...]:
        parts = x.arrays if isinstance(x, BlockVector) else tuple(x)
        if len(parts) != self.ndim or len({p.shape for p in parts}) > 1:
            raise ValueError(f"L21 needs {self.ndim} components of one shape, got {[p.shape for p in parts]}")
        return tuple(chunked_like(p, parts[0]) for p in parts)

    def _each(self, function: Callable[..., NDArray], x: Vector, tau: Scalar) -> Vector:
        parts = self._parts(x)
        images = tuple(elementwise(function, self.sigma, tau, k, *parts) for k in range(self.ndim))
        return BlockVector(images) if isinstance(x, BlockVector) else chunked_like(np.stack(images), x)


def _length(sigma: float, *parts: NDArray) -> NDArray:
    return sigma * np.sqrt(sum(square(p) for p in parts))


def _shrunk(sigma: float, tau: NDArray, k: int, *parts: NDArray) -> NDArray:
    length = _length(1.0, *parts)
    thresh = np.asarray(tau * sigma, length.dtype)
    result: NDArray = parts[k] * (np.maximum(length - thresh, 0) / np.where(length > 0, length, 1))
    return result


def _project_part(sigma: float, tau: NDArray, k: int, *parts: NDArray) -> NDArray:
    length = _length(1.0, *parts)
    return parts[k] * (sigma / np.maximum(length, sigma)) if sigma else np.zeros_like(parts[k])
