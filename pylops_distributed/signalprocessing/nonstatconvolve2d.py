"""Convolution with filters that change along two axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.arguments import engine_among, shape_of
from pylops_distributed.signalprocessing.nonstatfilters2d import NonStationaryFilters2D
from pylops_distributed.signalprocessing.nonstationary import NonStationary
from pylops_distributed.vectors.types import ChunksLike

__all__ = ["NonStationaryConvolve2D", "NonStationaryFilters2D"]


class NonStationaryConvolve2D(NonStationary):
    r"""Convolution with a filter that changes from sample to sample along two axes, chunk by chunk.

    With the filter :math:`h^{(\mathbf j)}` of sample :math:`\mathbf j`, about its middle and interpolated between
    those given, forward and adjoint are

    .. math::
        y_{\mathbf i} = \sum_{\mathbf j} h^{(\mathbf j)}_{\mathbf i - \mathbf j}\, x_{\mathbf j}, \qquad
        x_{\mathbf j} = \sum_{\mathbf i} \big(h^{(\mathbf j)}_{\mathbf i - \mathbf j}\big)^* y_{\mathbf i}

    Parameters
    ----------
    dims : tuple of int
        Shape of the model, and of the data, ``(nx, nz)``.
    hs : array_like
        Filters, of shape ``(nfx, nfz, nhx, nhz)`` with odd lengths.
    ihx, ihz : sequence of int
        Samples of the filters along each axis, equally far from each other. Before the first and after the last
        filter these hold.
    engine : {"numpy", "numba", "cuda"}, optional
        Taken for compatibility: NumPy goes through all samples of a block at once.
    num_threads_per_blocks : tuple of int, optional
        Taken for compatibility.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If filters are of even length, the grid is not regular or outside of the model, or ``engine`` is unknown.

    See Also
    --------
    pylops.signalprocessing.NonStationaryConvolve2D : the local operator; its adjoint does not conjugate complex
        filters.

    References
    ----------
    .. [1] Margrave, G. F., 1998, Theory of nonstationary linear filtering in the Fourier domain with
       application to time-variant filtering: Geophysics, 63, 244-259, doi:10.1190/1.1444318.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.nonstatconvolve2d import NonStationaryConvolve2D
    >>> C = NonStationaryConvolve2D((4, 4), np.ones((2, 2, 1, 1)), (0, 3), (0, 3))
    >>> float((C @ da.ones((4, 4), chunks=2)).sum().compute())
    16.0
    """

    def __init__(
        self,
        dims: Iterable[int],
        hs: ArrayLike,
        ihx: Sequence[int],
        ihz: Sequence[int],
        engine: Literal["numpy", "numba", "cuda"] = "numpy",
        num_threads_per_blocks: tuple[int, ...] = (32, 32),
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        engine_among(engine, ("numpy", "numba", "cuda"))
        super().__init__(shape_of(dims), hs, (ihx, ihz), dtype, name, chunks, compute)
