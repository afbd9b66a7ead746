"""Kernels: picklable functions of one NumPy block, given to :func:`functools.partial` with their settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.lift.overlap import Array, Kernel


def local(
    block: Array, make: Callable[..., Any], dtype: DTypeLike, adjoint: bool = False, skip: int = 0
) -> Array:
    """Apply a PyLops operator made for the block.

    Parameters
    ----------
    block : numpy.ndarray
        Block of the model, or of the data for the adjoint.
    make : callable
        ``make(dims, dtype=...)`` gives the operator for a model of shape ``dims``.
    dtype : dtype
        Type of the distributed operator.
    adjoint : bool, optional
        Apply the adjoint.
    skip : int, optional
        Number of first axes of the block that the model does not have.
    """
    op = make(block.shape[skip:], dtype=np.result_type(dtype, block.dtype))
    y = op.rmatvec(block.ravel()) if adjoint else op.matvec(block.ravel())
    return np.asarray(y).reshape(op.dims if adjoint else op.dimsd)


def chain(block: Array, kernels: tuple[Kernel, ...]) -> Array:
    """Apply kernels one after the other."""
    for kernel in kernels:
        block = kernel(block)
    return block
