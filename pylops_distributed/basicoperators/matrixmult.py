"""Multiplication with a matrix."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import prod
from typing import Any, ClassVar

import dask.array as da
import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike
from scipy.sparse.linalg import MatrixRankWarning, spsolve
from scipy.sparse.linalg import inv as sparse_inverse

from pylops_distributed.blockwise.arguments import as_columns, shape_of
from pylops_distributed.blockwise.contraction import contract
from pylops_distributed.linearoperator.flat_passes import FlatPass, array_pass, make_pass
from pylops_distributed.linearoperator.held_arrays import as_chunked, as_held
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.namespace import as_lazy_array, holds_dask
from pylops_distributed.vectors.space import Space, flatten
from pylops_distributed.vectors.types import ArrayLike, ChunksLike, NDArray


class MatrixMult(LinearOperator):
    r"""Multiplication with a matrix, chunked both ways.

    Forward :math:`y_{i\ldots} = \sum_j A_{ij} x_{j\ldots}`, adjoint
    :math:`x_{j\ldots} = \sum_i A_{ij}^* y_{i\ldots}`: one product a chunk of the matrix, then sums as trees.
    The matrix is neither transposed nor conjugated in memory.

    Parameters
    ----------
    A : array or scipy.sparse matrix
        Matrix of shape ``(N, M)``. NumPy, Dask and Zarr arrays are read only when computing; a sparse matrix
        is one constant of the graph.
    otherdims : int or tuple of int, optional
        Lengths of further axes of the model, ``(M, *otherdims)``, along which the product is repeated.
    forceflat : bool, optional
        Return flat vectors also for N-dimensional input; ignored, as in PyLops, with ``otherdims``.
    dtype : dtype, optional
        Type of the operator; made complex if ``A`` is.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them, which the columns of ``A`` follow; default those of the
        columns of ``A``, and along ``otherdims`` those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    A : numpy.ndarray, dask.array.Array or scipy.sparse.csr_array
        The matrix.
    complex : bool
        Whether it is complex.
    otherdims : tuple of int or None
        Lengths of further axes of the model.

    Raises
    ------
    ValueError
        If ``A`` does not have two axes.

    See Also
    --------
    pylops.MatrixMult

    References
    ----------
    .. [1] Golub, G. H., and C. F. Van Loan, 2013, Matrix computations, 4th ed.: Johns Hopkins University Press.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import MatrixMult
    >>> A = da.ones((4, 3), chunks=(2, 3))
    >>> (MatrixMult(A) @ da.arange(3.0)).compute()
    array([3., 3., 3., 3.])
    """

    codomain: Space
    workspace = 2.0
    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        A: object,
        otherdims: int | Iterable[int] | None = None,
        forceflat: bool | None = None,
        dtype: DTypeLike = "float64",
        name: str | None = "M",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.sparse = sp.issparse(A)
        held: Any = sp.csr_array(A) if self.sparse else as_held(A)
        if held.ndim != 2:
            raise ValueError(f"A must be a matrix, got an array of shape {held.shape}")
        kind = np.result_type(dtype, held.dtype) if held.dtype.kind == "c" else np.dtype(dtype)
        others = () if otherdims is None else shape_of(otherdims)
        rows, columns = held.shape
        cut: Any = (rows,), (columns,)
        if not self.sparse:
            cut = getattr(held, "chunks", None) or da.core.normalize_chunks(
                "auto", held.shape, dtype=held.dtype
            )
        domain = Space.of((columns, *others), kind, chunks)
        if domain.chunks is not None:
            cut = (cut[0], domain.chunks[0])
            held = held.rechunk(cut) if isinstance(held, da.Array) else held
        elif not others:
            domain = Space.of(columns, kind, cut[1:])
        self.A, self.held, self.cut = held, held.dtype, cut
        self.otherdims = others or None
        pinned = None if domain.chunks is None else (cut[0], *domain.chunks[1:])
        super().__init__(
            domain=domain, codomain=Space.of((rows, *others), kind, pinned), explicit=otherdims is None,
            forceflat=forceflat if otherdims is None else None, compute=compute, name=name,
        )  # fmt: skip

    def _matvec(self, x: da.Array) -> da.Array:
        return self._multiply(x, adjoint=False)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._multiply(y, adjoint=True)

    def _matmat(self, X: da.Array) -> da.Array:
        return self._multiply(X, adjoint=False)

    def _rmatmat(self, Y: da.Array) -> da.Array:
        return self._multiply(Y, adjoint=True)

    @property
    def chunked(self) -> da.Array:
        """The matrix as a Dask array, of shape ``shape``."""
        return as_chunked(self, self.A, self.cut, asarray=not self.sparse)

    def _multiply(self, x: da.Array, adjoint: bool) -> da.Array:
        if isinstance(x, np.ndarray):
            product: Any = _product(self.A, x, adjoint)
            return product
        rest = tuple(range(2, x.ndim + 1))
        out, summed = (1, 0) if adjoint else (0, 1)
        kernel = partial(_product, adjoint=adjoint)
        dtype = self.result_dtype(x.dtype)
        return contract(kernel, [(self.chunked, (0, 1)), (x, (summed, *rest))], (out, *rest), dtype)

    @property
    def complex(self) -> bool:
        """Whether the matrix is complex."""
        return bool(self.A.dtype.kind == "c")

    def inv(self) -> Any:
        """The inverse of the matrix, of its shape: lazy where that is a Dask array, sparse where it is sparse.

        Raises
        ------
        ValueError
            If the matrix is not square.
        numpy.linalg.LinAlgError
            If it is singular.
        """
        if self.A.shape[0] != self.A.shape[1]:
            raise ValueError(
                f"only a square matrix has an inverse, got one of shape {self.A.shape}; use op / y"
            )
        if self.sparse:
            return sp.csr_array(sparse_inverse(sp.csc_array(self.A)))
        return (da if isinstance(self.A, da.Array) else np).linalg.inv(self.A)

    def todense(self, backend: str = "numpy") -> da.Array:
        """The matrix of the operator, of shape ``shape``, as it is held; ``backend`` is taken for compatibility."""
        return self.A.astype(self.dtype) if self.explicit and not self.sparse else super().todense()

    def apply_columns(self, cols: Sequence[int]) -> LinearOperator:
        """The matrix of some columns alone, where it is held; see :meth:`LinearOperator.apply_columns`."""
        if self.sparse or not self.explicit or self.seen != (None, None):
            return super().apply_columns(cols)
        return MatrixMult(self.A[:, as_columns(cols)], dtype=self.dtype)

    def div(self, y: ArrayLike, niter: int = 100, densesolver: str = "scipy") -> da.Array:
        """Least-squares solution of ``A @ x = y``, of least norm where there are several.

        Parameters
        ----------
        y : array
            Data of shape ``(N,)``.
        niter : int, optional
            Number of LSQR steps where there is no direct solution: with ``otherdims``, or ``A`` sparse and not
            square.
        densesolver : str, optional
            Taken for compatibility.

        Returns
        -------
        dask.array.Array
            Model of shape ``(M,)``, from a QR decomposition of row chunks (of ``A``, or of its adjoint if it is wide),
            or for a sparse square ``A`` from a sparse LU decomposition in one task.

        References
        ----------
        .. [1] Benson, A., Gleich, D., and Demmel, J., 2013, Direct QR factorizations for tall-and-skinny
           matrices in MapReduce architectures: IEEE International Conference on Big Data, 264-272.
        """
        if not self.explicit or (self.sparse and self.shape[0] != self.shape[1]):
            divided: da.Array = super().div(y, niter)
            return divided
        if not holds_dask(self, y):
            local: Any = _spsolve if self.sparse else _lstsq
            solved: da.Array = local(self.A, self.codomain.fit(self._array(y).ravel()))
            return solved
        if self.sparse:
            data = flatten(as_lazy_array(y)).rechunk(-1)
            return _in_one_task(_spsolve, self.chunked, data, np.result_type(self.dtype, data.dtype))
        data = self.codomain.fit(flatten(as_lazy_array(y)))
        A = self.chunked.astype(self.dtype)
        if A.shape[0] >= A.shape[1]:
            q, r = da.linalg.qr(A.rechunk({1: -1}))
            return _solve(r, q.conj().T @ data)
        q, r = da.linalg.qr(A.rechunk({0: -1}).conj().T)
        x: da.Array = q @ _solve(r.conj().T, data)
        return x


@make_pass.register
def _(op: MatrixMult, way: int) -> FlatPass:
    if op.otherdims or not isinstance(op.A, np.ndarray):
        return array_pass(op, way)
    matrix: Any = op.A.T if way else op.A
    if way and np.iscomplexobj(matrix):
        return lambda y: (matrix @ y.conj()).conj()
    product: FlatPass = matrix.__matmul__
    return product


def _product(a: NDArray, x: NDArray, adjoint: bool) -> NDArray:
    """Product of one chunk of the matrix, whose conjugate is never made: that of the vector is smaller."""
    flip = adjoint and a.dtype.kind == "c"
    matrix, columns = a.T if adjoint else a, x.conj() if flip else x
    if x.ndim > 2:
        columns = columns.reshape(len(x), prod(x.shape[1:]))  # not -1: there may be no rows
    y = matrix @ columns
    y = y.conj() if flip else y
    return y if x.ndim <= 2 else y.reshape(len(y), *x.shape[1:])


def _solve(r: da.Array, y: da.Array) -> da.Array:
    """Least-squares solution with a small matrix."""
    return _in_one_task(_lstsq, r.rechunk(-1), y.rechunk(-1), y.dtype)


def _in_one_task(function: Callable[..., NDArray], A: da.Array, y: da.Array, dtype: DTypeLike) -> da.Array:
    meta = np.zeros((0,), dtype)
    return da.blockwise(function, "j", A, "ij", y, "i", concatenate=True, dtype=dtype, meta=meta)


def _spsolve(A: sp.csr_array, y: NDArray) -> NDArray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MatrixRankWarning)
        x = spsolve(sp.csc_array(A), y)
    # A singular matrix has no other solution than that of least squares.
    return x if np.isfinite(x).all() else _lstsq(A.toarray(), y)


def _lstsq(r: NDArray, y: NDArray) -> NDArray:
    # LAPACK would print to the terminal and raise an error that does not name the cause.
    if not np.isfinite(r).all():
        return np.full(r.shape[1], np.nan, np.result_type(r, y))
    return np.linalg.lstsq(r, y, rcond=None)[0]
