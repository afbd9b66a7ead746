"""Estimation of filters that change along two axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import engine_among, shape_of
from pylops_distributed.signalprocessing.nonstationary import NonStationaryFilters


class NonStationaryFilters2D(NonStationaryFilters):
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
        Input, with two axes. NumPy, Dask and Zarr arrays are read only when computing.
    hshape : tuple of int
        Length of the filters, odd.
    ihx, ihz : sequence of int
        Samples of the filters, equally far from each other.
    engine : {"numpy", "numba", "cuda"}, optional
        Taken for compatibility: NumPy goes through all samples of a block at once.
    num_threads_per_blocks : tuple of int, optional
        Taken for compatibility.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If filters are of even length, or ``ihx`` is not regular or outside of the input.

    See Also
    --------
    pylops.signalprocessing.NonStationaryFilters2D : the local operator.

    References
    ----------
    .. [1] Margrave, G. F., 1998, Theory of nonstationary linear filtering in the Fourier domain with
       application to time-variant filtering: Geophysics, 63, 244-259, doi:10.1190/1.1444318.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.nonstatfilters2d import NonStationaryFilters2D
    >>> F = NonStationaryFilters2D(da.ones((8, 8), chunks=4), (3, 1), (1, 5), (1, 5))
    >>> (F @ da.ones((2, 2, 3, 1))).compute()[:, 0]
    array([2., 3., 3., 3., 3., 3., 3., 2.])
    """

    def __init__(
        self,
        inp: object,
        hshape: Sequence[int],
        ihx: Sequence[int],
        ihz: Sequence[int],
        engine: Literal["numpy", "numba", "cuda"] = "numpy",
        num_threads_per_blocks: tuple[int, int] = (32, 32),
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        engine_among(engine, ("numpy", "numba", "cuda"))
        super().__init__(inp, shape_of(hshape), (ihx, ihz), dtype, name, compute)
