"""Kronecker product of two operators."""

from __future__ import annotations

from functools import partial

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.matrixmult import MatrixMult
from pylops_distributed.blockwise.rechunk import rechunk_whole
from pylops_distributed.linearoperator.operator import LinearOperator, is_operator
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import DType, NDArray


class Kronecker(LinearOperator):
    r"""Kronecker product: one operator along each of two axes.

    With the model as a matrix :math:`\mathbf X`, forward and adjoint are

    .. math::
        \mathbf Y = \mathbf L_1 \mathbf X \mathbf L_2^T, \qquad \mathbf X = \mathbf L_1^H \mathbf Y \mathbf L_2^*

    without the product's matrix. A matrix multiplies chunk by chunk; an operator of PyLops takes an axis whole,
    in chunks of the other one; one of this library takes columns one by one.

    Parameters
    ----------
    Op1, Op2 : LinearOperator
        Operators of this library, PyLops or SciPy, or matrices.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    See Also
    --------
    pylops.Kronecker

    References
    ----------
    .. [1] Van Loan, C. F., 2000, The ubiquitous Kronecker product: Journal of Computational and Applied
       Mathematics, 123, 85-100, doi:10.1016/S0377-0427(00)00393-9.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Kronecker, MatrixMult
    >>> K = Kronecker(MatrixMult(da.ones((2, 3))), MatrixMult(da.ones((1, 2))))
    >>> (K @ da.ones(6)).compute()
    array([6., 6.])
    """

    def __init__(
        self,
        Op1: LinearOperator,
        Op2: LinearOperator,
        dtype: DTypeLike = "float64",
        name: str | None = "K",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.Op1, self.Op2 = (op if is_operator(op) else MatrixMult(op, dtype=dtype) for op in (Op1, Op2))
        (n1, m1), (n2, m2) = self.Op1.shape, self.Op2.shape
        super().__init__(
            domain=Space.of(m1 * m2, dtype), codomain=Space.of(n1 * n2, dtype), compute=compute, name=name
        )
        ways = [op.narrow for op in (self.Op1, self.Op2) if isinstance(op, LinearOperator)]
        self.narrow = (any(f for f, _ in ways), any(a for _, a in ways))

    @property
    def Op1H(self) -> LinearOperator:
        """The adjoint of the first operator."""
        return self.Op1.H

    @property
    def Op2H(self) -> LinearOperator:
        """The adjoint of the second operator."""
        return self.Op2.H

    def _matvec(self, x: da.Array) -> da.Array:
        return self._apply(x, adjoint=False)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._apply(y, adjoint=True)

    def _apply(self, x: da.Array, adjoint: bool) -> da.Array:
        side = 0 if adjoint else 1
        dtype = np.result_type(self.dtype, x.dtype)
        columns = x.reshape(self.Op1.shape[side], self.Op2.shape[side])
        rows = _columns(self.Op2, columns.T, adjoint, dtype).T
        return _columns(self.Op1, rows, adjoint, dtype).ravel()


def _columns(op: LinearOperator, x: da.Array, adjoint: bool, dtype: DTypeLike) -> da.Array:
    """An operator, or its adjoint, of each column."""
    if isinstance(op, MatrixMult) and op.explicit:
        op = MatrixMult(op.A, x.shape[1], dtype=op.dtype)
        return one_array(op.apply_adjoint(x) if adjoint else op.apply(x))
    if isinstance(op, LinearOperator):
        columns: da.Array = da.asarray(op.rmatmat(x) if adjoint else op.matmat(x))
        return columns
    x = rechunk_whole(x, (0,))
    return x.map_blocks(
        partial(_local, adjoint=adjoint, kind=np.dtype(dtype)), op=op,
        chunks=((op.shape[1 if adjoint else 0],), x.chunks[1]),
        dtype=dtype, meta=np.empty((0, 0), dtype),
    )  # fmt: skip


def _local(block: NDArray, op: LinearOperator, adjoint: bool, kind: DType) -> NDArray:
    return np.asarray((op.rmatmat if adjoint else op.matmat)(block)).astype(kind, copy=False)
