"""Convolutions of blocks with short filters."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import toeplitz

if TYPE_CHECKING:
    from pylops_distributed.blockwise.halo_tasks import Array
    from pylops_distributed.vectors.types import DType, NDArray

FEW = 2**14  # samples of a single trace that are convolved as they are, without matrix products
LONG = 128  # samples of a filter from which on Fourier transforms, or running sums, are faster than products


@lru_cache(64)  # to make one takes as long as the products with a small block
def _band(taps: bytes, dtype: DType, rows: int) -> NDArray:
    """Some rows of the banded matrix of a filter."""
    h, zeros = np.frombuffer(taps, dtype), np.zeros(rows - 1, dtype)
    band: NDArray = toeplitz(np.append(h[-1:], zeros), np.append(h[::-1], zeros))
    band.flags.writeable = False
    return band


def by_products(block: Array, h: Array, axis: int, start: int, length: int) -> Array:
    """Samples ``start`` to ``start + length`` of the full convolution of a block with a filter.

    Pieces of the axis are multiplied with the same piece of the banded matrix: a few fast matrix products.
    """
    if block.ndim == 1 and block.size <= FEW:
        return np.convolve(block, h)[start : start + length]
    before, n, after = prod(block.shape[:axis]), block.shape[axis], block.shape[axis + 1 :]
    shape = (*block.shape[:axis], length, *after)
    x = block.reshape(before, n, -1)
    y = np.zeros((before, length, x.shape[2]), np.result_type(block.dtype, h.dtype))
    step = max(32, h.size)
    band = _band(h.tobytes(), h.dtype, step)
    for first in range(0, length, step):
        left = start + first - h.size + 1  # sample that the first column of the band stands for
        rows = min(step, length - first)
        a, b = max(left, 0), min(left + h.size - 1 + rows, n)
        piece, target = band[:rows, a - left : b - left], y[:, first : first + rows]
        if a < b and x.shape[2] == 1:  # one product for all, not one for each trace
            np.matmul(x[:, a:b, 0], piece.T, out=target[..., 0])
        elif a < b:
            np.matmul(piece, x[:, a:b], out=target)
    return y.reshape(shape)
