"""Eigenvalues and singular values as PyLops' operators give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dask.array as da
import numpy as np

from pylops_distributed import tuning
from pylops_distributed.errors import NotFiniteError
from pylops_distributed.optimization.numerics.krylov_schur import Matrix, krylov_schur, select_eigenvalues
from pylops_distributed.vectors.space import Vector, flatten, reshape, unflatten
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


def eigenvalues(
    op: LinearOperator,
    neigs: int | None = None,
    symmetric: bool = False,
    niter: int | None = None,
    uselobpcg: bool = False,
    *,
    which: str = "LM",
    ncv: int | None = None,
    tol: float = 0.0,
    v0: Vector | None = None,
    largest: bool = True,
) -> Matrix:
    """Computed eigenvalues of a square operator, or singular values of another one, largest first.

    Parameters are those of :meth:`pylops_distributed.LinearOperator.eigs`.
    """
    square, n = op.shape[0] == op.shape[1], op.shape[1]
    if uselobpcg:
        if square and not symmetric and op.dtype.kind == "c":
            raise ValueError("uselobpcg needs a symmetric operator, a real one, or one that is not square")
        which = "LR" if largest else "SR"
    k = n if neigs is None else min(neigs, n)
    small = op.shape[0] * n * op.dtype.itemsize <= tuning.nbytes("optimization.dense-eigenvalues")
    if ncv is None and (2 * k >= n or small):
        values = _of_matrix(op, symmetric)
        values = values[select_eigenvalues(values, which)[:k]]
    else:
        map_, hermitian = (op, symmetric) if square else (op.H @ op, True)
        start = None if v0 is None else _vector(op, v0)
        values = krylov_schur(map_, k, which, hermitian, ncv, tol, niter, start)
        values = values if square else np.sqrt(np.maximum(values, 0))
    return -np.sort(-values)


def _vector(op: LinearOperator, v0: Vector) -> Vector:
    x = da.asarray(v0)
    return reshape(x, op.domain) if x.shape == op.dims else unflatten(flatten(x), op.domain)


def _of_matrix(op: LinearOperator, symmetric: bool) -> Matrix:
    matrix = da.asarray(op.todense()).rechunk(-1)
    spectrum = matrix.map_blocks(_spectrum, symmetric, drop_axis=0, chunks=(op.shape[1],), dtype=complex)
    values = np.asarray(spectrum.compute())
    if not np.isfinite(values).all():
        raise NotFiniteError(f"{op!r} returns NaN or infinity: it has no eigenvalues that can be computed")
    return values


def _spectrum(matrix: NDArray, symmetric: bool) -> NDArray:
    rows, columns = matrix.shape
    if not np.isfinite(matrix).all():  # LAPACK raises an error for some, and returns numbers for others
        return np.full(columns, np.nan)
    if rows != columns:
        singular = np.linalg.svd(matrix, compute_uv=False)
        return np.pad(singular, (0, columns - len(singular)))
    return np.linalg.eigvalsh(matrix) if symmetric else np.linalg.eigvals(matrix)
