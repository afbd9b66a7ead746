"""Polynomials at given positions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.matrixmult import MatrixMult
from pylops_distributed.blockwise.arguments import narrower
from pylops_distributed.linearoperator.held_arrays import as_held
from pylops_distributed.vectors.namespace import of_one_kind
from pylops_distributed.vectors.types import ArrayLike, DType, NDArray

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


class Regression(MatrixMult):
    r"""Values of a polynomial at given positions, from its coefficients.

    Forward :math:`y_i = \sum_k x_k t_i^k`, adjoint :math:`x_k = \sum_i t_i^k y_i`: a chunk of the data for
    each chunk of positions. Solving with this operator fits a polynomial.

    Parameters
    ----------
    taxis : array
        Positions, of shape ``(n,)``; a chunked array is read only when computing.
    order : int
        Degree of the polynomial.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    taxis : dask.array.Array
        The positions.

    Raises
    ------
    ValueError
        If ``taxis`` is not one-dimensional, or ``order`` is negative.

    See Also
    --------
    pylops.Regression

    References
    ----------
    .. [1] Aster, R. C., B. Borchers, and C. H. Thurber, 2018, Parameter estimation and inverse problems, 3rd ed.:
       Elsevier.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Regression
    >>> (Regression(da.arange(4, chunks=2), order=2) @ da.array([1.0, 0.0, 2.0])).compute()
    array([ 1.,  3.,  9., 19.])
    """

    def __init__(
        self,
        taxis: object,
        order: int,
        dtype: DTypeLike = "float64",
        name: str | None = "R",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.taxis, self.order = as_held(taxis), int(order)
        if self.taxis.ndim != 1 or self.order < 0:
            raise ValueError(
                f"taxis must be a vector and order not negative, got {self.taxis.shape}, {order}"
            )
        super().__init__(self._powers(self.taxis, dtype), dtype=dtype, name=name, compute=compute)
        self.explicit = False

    def _powers(self, t: ArrayLike, dtype: DTypeLike) -> ArrayLike:
        kind = narrower(t.dtype, np.dtype(dtype))
        if isinstance(t, np.ndarray):
            return _powers(t, self.order, kind)
        return t.map_blocks(
            partial(_powers, order=self.order, kind=kind), new_axis=1, chunks=(*t.chunks, (self.order + 1,)),
            dtype=kind, meta=np.empty((0, 0), kind),
        )  # fmt: skip

    def apply(self, t: Vector, x: ArrayLike | None = None) -> Vector:  # type: ignore[override]
        """Values of coefficients ``x``, of shape ``dims``, at positions ``t``, of shape ``(n,)``.

        Without ``x`` it is the forward of coefficients ``t``, as of all operators.
        """
        if x is None:
            return super().apply(t)
        positions, values = of_one_kind(t, x)
        image: Vector = self._powers(positions, self.dtype) @ values
        return image


def _powers(t: NDArray, order: int, kind: DType) -> NDArray:
    return np.vander(t, order + 1, increasing=True).astype(kind, copy=False)
