"""Matrices with few columns, each of them a vector in its own layout and chunks along a last axis."""

from __future__ import annotations

import dask.array as da
import numpy as np

from pylops_distributed.vectors.namespace import blockwise, map_blocks, unsplit
from pylops_distributed.vectors.space import BlockVector, Vector, arrays_of
from pylops_distributed.vectors.types import DType, NDArray


def _members(X: Vector, arrays: list[da.Array]) -> Vector:
    return BlockVector(tuple(arrays)) if isinstance(X, BlockVector) else arrays[0]


def gram_matrix(X: Vector, Y: Vector) -> da.Array:
    """The small matrix of inner products of the columns of ``X`` with those of ``Y``, in double precision."""
    parts = [_inner(a, b) for a, b in zip(arrays_of(X), arrays_of(Y), strict=True)]
    return sum(parts[1:], start=parts[0])


def _inner(a: da.Array, b: da.Array) -> da.Array:
    last, axes = a.ndim - 1, tuple(range(a.ndim - 1))
    a, b = unsplit(a, last), unsplit(b, last)
    kind = np.result_type(a.dtype, b.dtype, np.float64)
    parts = blockwise(
        _products, (*axes, last, last + 1), a, (*axes, last), b, (*axes, last + 1), kind=kind,
        adjust_chunks=dict.fromkeys(axes, 1), dtype=kind, meta=np.empty((0,) * (last + 2), kind),
    )  # fmt: skip
    return parts.sum(axis=axes)


def _products(a: NDArray, b: NDArray, kind: DType) -> NDArray:
    left, right = (x.reshape(-1, x.shape[-1]).astype(kind, copy=False) for x in (a, b))
    y = left.conj().T @ right
    result: NDArray = y.reshape((1,) * (a.ndim - 1) + y.shape)
    return result


def linear_combinations(X: Vector, C: da.Array) -> Vector:
    """The columns of ``X`` times a small matrix, in the precision of ``X``."""
    return _members(X, [_combine(a, C) for a in arrays_of(X)])


def _combine(a: da.Array, C: da.Array) -> da.Array:
    last, axes = a.ndim - 1, tuple(range(a.ndim - 1))
    dtype = np.result_type(a.dtype, np.complex64 if C.dtype.kind == "c" else np.float32)
    C = unsplit(C).astype(dtype)
    return blockwise(
        np.matmul, (*axes, last + 1), unsplit(a, last), (*axes, last), C, (last, last + 1),
        concatenate=True, dtype=dtype, meta=np.empty((0,) * a.ndim, dtype),
    )  # fmt: skip


def orthonormalize(X: Vector) -> Vector:
    """Orthonormal columns of the same span as those of ``X``, and zeros in the place of columns too many.

    Twice by the eigenvectors of the matrix of inner products: directions below the square root of the rounding
    are left out.
    """
    for _ in range(2):
        X = linear_combinations(X, map_blocks(_whitening, gram_matrix(X, X)))
    return X


def _whitening(G: NDArray) -> NDArray:
    values, vectors = np.linalg.eigh(G)
    large = values > np.finfo(G.dtype).eps * len(G) * values.max(initial=0)
    return vectors * np.where(large, 1 / np.sqrt(np.where(large, values, 1)), 0)
