"""A few eigenvalues of an operator, from Krylov vectors that stay in their chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dask
import dask.array as da
import numpy as np
from scipy.linalg import schur
from scipy.sparse.linalg import ArpackNoConvergence

from pylops_distributed.errors import NotFiniteError
from pylops_distributed.optimization.numerics.golub_kahan import unit
from pylops_distributed.vectors.arithmetic import norm
from pylops_distributed.vectors.elementwise import elementwise
from pylops_distributed.vectors.namespace import blockwise
from pylops_distributed.vectors.noise import noise
from pylops_distributed.vectors.space import BlockVector, Vector, arrays_of, one_array, reshape
from pylops_distributed.vectors.types import DType, NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator

Matrix = np.ndarray[Any, Any]
ORDERS: dict[str, Callable[[Matrix], Matrix]] = {
    "LM": lambda e: -np.abs(e), "SM": np.abs,
    "LA": lambda e: -e.real, "SA": lambda e: e.real, "LR": lambda e: -e.real, "SR": lambda e: e.real,
    "LI": lambda e: -np.abs(e.imag), "SI": lambda e: np.abs(e.imag),
}  # fmt: skip


def select_eigenvalues(values: Matrix, which: str) -> Matrix:
    """Positions of eigenvalues, those that are asked for first.

    Raises
    ------
    ValueError
        If ``which`` is unknown.
    """
    if which == "BE":  # in turn from the top and from the bottom
        up = np.argsort(values.real)
        return np.stack([up[::-1], up]).T.ravel()[: up.size]
    if which not in ORDERS:
        raise ValueError(f"which must be one of {[*ORDERS, 'BE']}, got {which!r}")
    return np.argsort(ORDERS[which](values), kind="stable")


def krylov_schur(
    op: LinearOperator,
    k: int,
    which: str = "LM",
    hermitian: bool = False,
    ncv: int | None = None,
    tol: float = 0.0,
    maxiter: int | None = None,
    v0: Vector | None = None,
) -> Matrix:
    r"""``k`` eigenvalues of a square operator.

    Parameters
    ----------
    op : LinearOperator
        Square operator with a linear forward; the adjoint is not used.
    k : int
        How many eigenvalues, fewer than ``ncv - 1``.
    which : str, optional
        Which ones, as SciPy names them: ``"LM"``, ``"SM"``, ``"LA"``, ``"SA"``, ``"BE"``, ``"LR"``, ...
    hermitian : bool, optional
        Whether the operator is its own adjoint: eigenvalues are real then.
    ncv : int, optional
        How many vectors to keep, each of the size of the model; default ``max(2 * k + 1, 20)``.
    tol : float, optional
        Relative accuracy; default that of the type.
    maxiter : int, optional
        Most restarts; default ten times the size of the model.
    v0 : dask.array.Array or Blocks, optional
        Vector to start from. By default one that looks random and is the same every time.

    Returns
    -------
    numpy.ndarray
        Eigenvalues, those that are asked for most first.

    Raises
    ------
    ValueError
        If ``which`` is unknown, or ``ncv`` does not suit ``k``.
    scipy.sparse.linalg.ArpackNoConvergence
        If not all have converged after ``maxiter`` restarts; it holds those that have.

    Notes
    -----
    The Krylov decomposition :math:`A V = V H + v b^H` grows to ``ncv`` vectors by Arnoldi's process, all in one
    lazy graph, with two passes of Gram-Schmidt; then only a part of the Schur vectors of :math:`H` is kept [1]_.
    Where the vectors close in on an invariant subspace, the process continues with a new one, so that multiple
    eigenvalues are found.

    References
    ----------
    .. [1] Stewart, G. W., 2002, A Krylov-Schur algorithm for large eigenproblems: SIAM Journal on Matrix
       Analysis and Applications, 23, 601-614, doi:10.1137/S0895479800371529.
    """
    n = op.shape[1]
    m = min(n, max(2 * k + 1, 20)) if ncv is None else ncv
    if not k + 1 < m <= n:
        raise ValueError(f"ncv must be above {k + 1} and at most {n}, got {m}")
    kind = np.result_type(op.dtype, np.float32)
    small = np.finfo(kind).eps
    H = np.zeros((m + 1, m), np.result_type(kind, np.float64))
    V: list[Any] = [_normal(_start(op, kind, 0) if v0 is None else v0)]
    for _ in range(10 * n if maxiter is None else maxiter):
        V = _grow(op, V, H, kind)
        T, beta = H[:m], abs(H[m, m - 1])
        values, vectors = np.linalg.eigh((T + T.conj().T) / 2) if hermitian else np.linalg.eig(T)
        first = select_eigenvalues(values, which)
        errors = beta * np.abs(vectors[m - 1, first[:k]])
        done = errors <= max(tol, small) * np.maximum(small ** (2 / 3), np.abs(values[first[:k]]))
        if done.all():
            return np.asarray(values[first[:k]])
        Q, T = _invariant_subspace(T, values, vectors, first[: (m + k) // 2], hermitian)
        size = Q.shape[1]
        rows = (da.from_array(q.astype(kind), chunks=-1) for q in Q.T)
        V = [*(_mixed(_sum, q, V[:m]) for q in rows), V[m]]
        H[...] = 0
        H[:size, :size], H[size, :size] = T, beta * Q[m - 1]
    converged = values[first[:k][done]]
    raise ArpackNoConvergence(
        f"{converged.size} of {k} eigenvalues have converged", converged, np.empty((n, 0))
    )


def _invariant_subspace(
    T: Matrix, values: Matrix, vectors: Matrix, chosen: Matrix, hermitian: bool
) -> tuple[Matrix, Matrix]:
    """Orthonormal vectors of the invariant subspace of the ``chosen`` eigenvalues, and ``T`` in it."""
    if hermitian:
        return vectors[:, chosen], np.diag(values[chosen])
    close = 1e-8 * np.abs(values).max()

    real = T.dtype.kind == "f"
    kept = np.append(values[chosen], values[chosen].conj() if real else ())  # pairs stay together

    def keep(z: complex) -> bool:
        return bool(np.abs(kept - z).min() <= close)

    if real:  # LAPACK looks at how many arguments there are
        S, Z, size = schur(T, output="real", sort=lambda x, y: keep(complex(x, y)))
    else:
        S, Z, size = schur(T, output="complex", sort=keep)
    size = min(size, len(T) - 1)
    return Z[:, :size], S[:size, :size]


def _grow(op: LinearOperator, V: list[Vector], H: Matrix, kind: DType) -> list[Vector]:
    """Add vectors until there is one more than ``H`` has columns, which are filled in; computed."""
    while len(V) <= H.shape[1]:
        first = len(V) - 1
        columns = []
        for _ in range(first, H.shape[1]):
            w = _like(reshape(op.apply(V[-1]), op.domain), V[0], kind)
            v, h, beta = _orthogonal(w, V)
            columns.append((h, beta))
            V = [*V, v]
        (V, columns) = dask.persist(V, columns)
        (numbers,) = dask.compute(columns)
        if not all(np.isfinite(h).all() and np.isfinite(beta) for h, beta in numbers):
            raise NotFiniteError(
                f"{op!r} returns NaN or infinity: it has no eigenvalues that can be computed"
            )
        for j, (h, beta) in enumerate(numbers, first):
            H[: j + 1, j], H[j + 1, j] = h, beta
            if beta == 0 and j + 1 < H.shape[1]:  # the vectors are closed: continue with another
                V = [*V[: j + 1], _orthogonal(_start(op, kind, j + 1), V[: j + 1])[0]]
                break
    return V


def _orthogonal(w: Vector, V: list[Vector]) -> tuple[Vector, da.Array, da.Array]:
    """The part of ``w`` across all of ``V``, of norm one; what of it is along them, and its length."""
    size = norm(w)
    h = _dots(w, V)
    w = _mixed(_less, h, [w, *V])
    more = _dots(w, V)
    w = _mixed(_less, more, [w, *V])
    beta = elementwise(_significant, norm(w), size)
    return unit(w, beta), h + more, beta


def _significant(beta: NDArray, size: NDArray) -> NDArray:
    small = beta <= 10 * np.finfo(beta.dtype).eps * size
    return np.where(small, np.zeros_like(beta), beta)


def _start(op: LinearOperator, kind: DType, number: int) -> Vector:
    return elementwise(_centred, noise(op.domain, kind, offset=number * op.shape[1]))


def _centred(x: NDArray) -> NDArray:
    result: NDArray = x - x.dtype.type(0.5 + 0.5j if x.dtype.kind == "c" else 0.5)
    return result


def _normal(x: Vector) -> Vector:
    return unit(x, norm(x))


def _like(w: Vector, v: Vector, kind: DType) -> Vector:
    if isinstance(w, BlockVector):
        return w.map(lambda a, b: one_array(_like(a, b, kind)), v)
    return w.rechunk(one_array(v).chunks).astype(kind)


def _dots(w: Vector, V: list[Any]) -> da.Array:
    """Inner products of each of ``V`` with ``w``, as one small array."""
    if isinstance(w, BlockVector):
        parts = [_dots(a, [v.arrays[n] for v in V]) for n, a in enumerate(w.arrays)]
        return sum(parts[1:], start=parts[0])
    axes = tuple(range(w.ndim))
    pairs = [p for v in (w, *V) for p in (v, axes)]
    dots = blockwise(
        _products, (*axes, w.ndim), *pairs, new_axes={w.ndim: len(V)}, adjust_chunks=dict.fromkeys(axes, 1),
        dtype=w.dtype, meta=np.empty((0,) * (w.ndim + 1), w.dtype),
    )  # fmt: skip
    return dots.sum(axis=axes)


def _products(w: NDArray, *V: NDArray) -> NDArray:
    return np.array([np.vdot(v, w) for v in V]).reshape((1,) * w.ndim + (-1,))


def _mixed(function: Callable[..., object], h: da.Array, vectors: list[Vector]) -> Vector:
    """``function`` of some numbers and vectors, in one task a chunk."""
    first = vectors[0]
    if isinstance(first, BlockVector):
        rows = zip(*map(arrays_of, vectors), strict=True)
        return BlockVector(tuple(one_array(_mixed(function, h, list(row))) for row in rows))
    axes = tuple(range(first.ndim))
    pairs = [p for v in vectors for p in (v, axes)]
    meta = np.empty((0,) * first.ndim, first.dtype)
    return blockwise(function, axes, h, (first.ndim,), *pairs, concatenate=True, dtype=first.dtype, meta=meta)


def _less(h: NDArray, w: NDArray, *V: NDArray) -> NDArray:
    y = w.copy()
    for c, v in zip(h, V, strict=True):
        y -= c * v
    return y


def _sum(h: NDArray, *V: NDArray) -> NDArray:
    y = h[0] * V[0]
    for c, v in zip(h[1:], V[1:], strict=True):
        y += c * v
    result: NDArray = y
    return result
