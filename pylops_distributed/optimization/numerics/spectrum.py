"""Eigenvalues and singular values as PyLops' operators give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from scipy.sparse.linalg import LinearOperator as ArpackOperator
from scipy.sparse.linalg import eigs, eigsh

from pylops_distributed import tuning
from pylops_distributed.errors import NotFiniteError
from pylops_distributed.linearoperator.flat_passes import flat_pass
from pylops_distributed.optimization.numerics.krylov_schur import Matrix, krylov_schur, select_eigenvalues
from pylops_distributed.vectors.space import Vector, flatten, reshape, unflatten
from pylops_distributed.vectors.types import BlockFunction, DType, NDArray, Settings

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator

# The largest eigenvalues, as SciPy names them for symmetric operators and for others.
LARGEST = {"LM": ("LM", "LM"), "LR": ("LA", "LR"), "LA": ("LA", "LR")}
FEW = 64  # columns of a matrix that is taken apart faster than ARPACK finds one eigenvalue


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
    if not op.holds_dask and which in LARGEST and 0 < k < n - 1 and (ncv is not None or n > FEW):
        values = _by_arpack(
            op, k, LARGEST[which], symmetric, {"ncv": ncv, "tol": tol, "maxiter": niter, "v0": v0}
        )
    elif ncv is None and (2 * k >= n or small):
        values = _of_matrix(op, symmetric)
        values = values[select_eigenvalues(values, which)[:k]]
    else:
        map_, hermitian = (op, symmetric) if square else (op.H @ op, True)
        start = None if v0 is None else _vector(op, v0)
        values = krylov_schur(map_, k, which, hermitian, ncv, tol, niter, start)
        values = values if square else np.sqrt(np.maximum(values, 0))
    return -np.sort(-values)


def _by_arpack(
    op: LinearOperator, k: int, which: tuple[str, str], symmetric: bool, options: Settings
) -> Matrix:
    """Eigenvalues, or singular values, of an operator that holds NumPy arrays, as PyLops has them: from SciPy."""
    n, square = op.shape[1], op.shape[0] == op.shape[1]
    map_, hermitian = (op, symmetric) if square else (op.H @ op, True)
    dtype = np.result_type(op.dtype, np.float32)
    start = np.random.default_rng(0).uniform(-1, 1, n).astype(dtype)  # the same every time
    options["v0"] = start if options["v0"] is None else np.ravel(options["v0"])
    image = np.asarray(map_.matvec(options["v0"]))
    if not np.isfinite(image).all():
        raise NotFiniteError(f"{op!r} returns NaN or infinity: it has no eigenvalues that can be computed")
    if not image.any():
        return np.zeros(k, dtype)
    apply: BlockFunction = flat_pass(map_, 0)
    if k == 1 and hermitian and dtype.kind == "c" and not map_.clinear:
        apply, n, dtype = _of_parts(apply, dtype), 2 * n, np.empty(0, dtype).real.dtype
        options["v0"] = options["v0"].astype(np.result_type(dtype, np.complex64)).view(dtype)
    local: Any = ArpackOperator((n, n), matvec=apply, dtype=dtype)
    find: Any = eigsh if hermitian else eigs
    values: Matrix = find(local, k, which=which[not hermitian], return_eigenvectors=False, **options)
    return values if square else np.sqrt(np.maximum(values, 0))


def _of_parts(apply: BlockFunction, dtype: DType) -> Callable[[NDArray], NDArray]:
    """A map that is linear for real scalars alone, on real and imaginary parts: of vectors it makes a linear one."""
    return lambda x: np.ascontiguousarray(apply(np.ravel(x).view(dtype)), dtype).view(x.dtype)


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
