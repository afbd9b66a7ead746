"""Convolution with filters that change along the axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, complex_type, shape_of
from pylops_distributed.blockwise.axis_matrix import AlongAxis
from pylops_distributed.signalprocessing.nonstatfilters1d import NonStationaryFilters1D
from pylops_distributed.signalprocessing.nonstationary import interpolated, regular
from pylops_distributed.vectors.types import ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array

__all__ = ["NonStationaryConvolve1D", "NonStationaryFilters1D"]


class NonStationaryConvolve1D(AlongAxis):
    r"""Convolution along an axis with a filter that changes from sample to sample, chunk by chunk.

    With the filter :math:`h^{(j)}` of sample :math:`j`, of :math:`2l + 1` samples about its middle and
    interpolated between those given, forward and adjoint are

    .. math::
        y_i = \sum_{|i - j| \le l} h^{(j)}_{i - j}\, x_j, \qquad
        x_j = \sum_{|i - j| \le l} \big(h^{(j)}_{i - j}\big)^* y_i

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model, and of the data.
    hs : array_like
        Filters, of shape ``(nfilters, nh)`` with ``nh`` odd.
    ih : sequence of int
        Samples of the filters along the axis, equally far from each other. Before the first and after the last
        filter these hold.
    axis : int, optional
        Axis to convolve along.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    hsinterp : numpy.ndarray
        The filter of each sample of the axis.

    Raises
    ------
    ValueError
        If filters are of even length, or ``ih`` is not regular or outside of the axis.

    See Also
    --------
    pylops.signalprocessing.NonStationaryConvolve1D : the local operator; its adjoint does not conjugate
        complex filters.

    References
    ----------
    .. [1] Margrave, G. F., 1998, Theory of nonstationary linear filtering in the Fourier domain with
       application to time-variant filtering: Geophysics, 63, 244-259, doi:10.1190/1.1444318.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.nonstatconvolve1d import NonStationaryConvolve1D
    >>> C = NonStationaryConvolve1D(4, np.array([[0.0, 1.0, 0.0], [0.0, 4.0, 0.0]]), ih=(0, 3))
    >>> (C @ da.ones(4, chunks=2)).compute()
    array([1., 2., 3., 4.])
    """

    follows = (True, True)

    def __init__(
        self,
        dims: int | Iterable[int],
        hs: ArrayLike,
        ih: Sequence[int],
        axis: int = -1,
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model, filters = shape_of(dims), np.asarray(hs)
        (axis,) = axes_of((axis,), model)
        n = model[axis]
        if filters.ndim != 2 or filters.shape[1] % 2 == 0:
            raise ValueError(
                f"the filters hs must have odd length and shape (nfilters, nh), got {filters.shape}"
            )
        regular(ih, n, len(filters))
        kind = complex_type(dtype) if np.iscomplexobj(filters) else np.dtype(dtype)
        self.hs, self.ih, self.hsize = filters, tuple(ih), filters.shape[1]
        self.oh, self.dh, self.nh, self.eh = self.ih[0], self.ih[1] - self.ih[0], len(self.ih), self.ih[-1]
        self.hsinterp = interpolated(filters, np.arange(n), self.ih).astype(kind)
        super().__init__(_matrix(self.hsinterp, n), model, axis, kind, name, chunks=chunks, compute=compute)


def _matrix(filters: Array, n: int) -> sp.csr_array:
    """The matrix with the filter of a sample about the diagonal of its column."""
    half = filters.shape[1] // 2
    columns = np.broadcast_to(np.arange(n)[:, None], filters.shape)
    rows = columns + np.arange(-half, half + 1)
    there = (rows >= 0) & (rows < n)
    return sp.csr_array((filters[there], (rows[there], columns[there])), shape=(n, n))
