"""Estimation of filters that change along an axis."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.signalprocessing.nonstationary import NonStationaryFilters


class NonStationaryFilters1D(NonStationaryFilters):
    r"""Convolution of a given input with filters that change from sample to sample, from the filters.

    With the input :math:`x` and the share :math:`a_{f\mathbf j}` of filter :math:`f` in sample
    :math:`\mathbf j`, forward and adjoint are

    .. math::
        y_{\mathbf i} = \sum_{f \mathbf k}
            a_{f,\mathbf i - \mathbf k}\, x_{\mathbf i - \mathbf k}\, h_{f\mathbf k}, \qquad
        h_{f\mathbf k} = \sum_{\mathbf j} a_{f \mathbf j}\, x^*_{\mathbf j}\, y_{\mathbf j + \mathbf k}

    The filters are whole; chunks of the data are independent in the forward and summed in the adjoint.

    Parameters
    ----------
    inp : array
        Input, with one axis. NumPy, Dask and Zarr arrays are read only when computing.
    hsize : int
        Length of the filters, odd.
    ih : sequence of int
        Samples of the filters, equally far from each other.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If filters are of even length, or ``ih`` is not regular or outside of the input.

    See Also
    --------
    pylops.signalprocessing.NonStationaryFilters1D : the local operator.

    References
    ----------
    .. [1] Margrave, G. F., 1998, Theory of nonstationary linear filtering in the Fourier domain with
       application to time-variant filtering: Geophysics, 63, 244-259, doi:10.1190/1.1444318.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.nonstatfilters1d import NonStationaryFilters1D
    >>> F = NonStationaryFilters1D(da.ones(8, chunks=4), 3, (1, 5))
    >>> (F @ da.ones((2, 3))).compute()
    array([2., 3., 3., 3., 3., 3., 3., 2.])
    """

    def __init__(
        self,
        inp: object,
        hsize: int,
        ih: Sequence[int],
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        super().__init__(inp, shape_of(hsize), (ih,), dtype, name, compute)
