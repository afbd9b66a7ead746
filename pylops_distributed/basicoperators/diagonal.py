"""Element by element multiplication."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.linearoperator.held_arrays import as_held
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.pieces import LARGE, apply_by_pieces
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ChunksLike, DType, NDArray


class Diagonal(LinearOperator):
    r"""Multiplication with a diagonal matrix, given as the array of its diagonal.

    Forward :math:`y_i = d_i x_i`, adjoint :math:`x_i = d_i^* y_i`.

    Parameters
    ----------
    diag : array
        Diagonal, shaped like the model; or, with ``dims``, a vector as long as ``dims[axis]``, which is the
        same for all samples of the other axes. NumPy, Dask and Zarr arrays are all read only when computing.
    dims : int or tuple of int, optional
        Shape of the model; default that of ``diag``.
    axis : int, optional
        Axis of ``dims`` along which ``diag`` lies.
    dtype : dtype, optional
        Type of the operator; made complex if ``diag`` is.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of a chunked ``diag`` that is shaped like the
        model, and else those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    diag : numpy.ndarray or dask.array.Array
        The diagonal, with the number of axes of the model.
    axis : int
        Axis of the model along which it lies.
    complex : bool
        Whether it is complex.

    Raises
    ------
    ValueError
        If ``dims`` are given and ``diag`` is not a vector of ``dims[axis]`` samples.

    See Also
    --------
    pylops.Diagonal

    References
    ----------
    .. [1] Golub, G. H., and C. F. Van Loan, 2013, Matrix computations, 4th ed.: Johns Hopkins University Press.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Diagonal
    >>> D = Diagonal([1.0, 2.0, 3.0], dims=(2, 3))
    >>> (D @ da.ones((2, 3), chunks=(1, 3))).compute()
    array([[1., 2., 3.],
           [1., 2., 3.]])
    """

    workspace = 2.0
    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        diag: object,
        dims: int | Iterable[int] | None = None,
        axis: int = -1,
        dtype: DTypeLike = "float64",
        name: str | None = "D",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        values = as_held(diag)
        shape = values.shape if dims is None else shape_of(dims)
        if dims is not None:
            (axis,) = axes_of((axis,), shape)
            if values.size != shape[axis]:
                raise ValueError(
                    f"diag has shape {values.shape}, expected ({shape[axis]},) as axis {axis} of dims {shape}"
                )
            values = values.ravel()[tuple(slice(None) if a == axis else None for a in range(len(shape)))]
        elif chunks is None and isinstance(values, da.Array) and values.npartitions > 1:
            chunks = values.chunks
        self.diag, self.held, self.axis = values, values.dtype, axis
        kind = np.result_type(dtype, values.dtype) if values.dtype.kind == "c" else np.dtype(dtype)
        space = Space.of(shape, kind, chunks)
        super().__init__(domain=space, codomain=space, compute=compute, name=name)

    @property
    def complex(self) -> bool:
        """Whether the diagonal is complex."""
        return self.diag.dtype.kind == "c"

    def matrix(self) -> da.Array:
        """The diagonal as a matrix, of shape ``(diag.size, diag.size)``; lazy where the diagonal is."""
        flat: Any = self.diag.reshape(-1)
        matrix: da.Array = (da if isinstance(flat, da.Array) else np).diag(flat)
        return matrix

    def _matvec(self, x: da.Array) -> da.Array:
        return self._multiply(x, conj=False)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._multiply(y, conj=self.diag.dtype.kind == "c")

    def _multiply(self, x: da.Array, conj: bool) -> da.Array:
        if isinstance(x, np.ndarray):
            return self._in_pieces(x, conj)
        diag = da.asarray(self.diag).rechunk(
            tuple(c if n > 1 else (1,) for n, c in zip(self.diag.shape, x.chunks, strict=True))
        )
        dtype = self.result_dtype(x.dtype)
        return da.map_blocks(
            _product, diag, x, conj=conj, kind=dtype,
            chunks=x.chunks, dtype=dtype, meta=np.empty((0,) * x.ndim, dtype),
        )  # fmt: skip

    def _in_pieces(self, x: NDArray, conj: bool) -> da.Array:
        """The product with a NumPy array, in threads where that pays."""
        kind = self.result_dtype(x.dtype)
        if self.diag.shape == x.shape and x.nbytes > LARGE:
            return apply_by_pieces(_conj_times if conj else np.multiply, (self.diag, x), kind)
        held: Any = self.diag
        product: Any = _product(held, x, conj, kind)
        return one_array(product)


def _product(diag: NDArray, x: NDArray, conj: bool, kind: DType) -> NDArray:
    return np.multiply(diag.conj() if conj else diag, x, dtype=kind, casting="same_kind")


def _conj_times(diag: NDArray, x: NDArray) -> NDArray:
    return diag.conj() * x
