"""Convolution with a filter along two axes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.signalprocessing.convolvend import ConvolveND, Method
from pylops_distributed.vectors.types import ChunksLike


class Convolve2D(ConvolveND):
    r"""Convolution with a filter along two axes, chunk by chunk.

    With a filter :math:`h` whose origin is at sample :math:`(o, p)`, forward and adjoint are

    .. math::
        y_{ik} = \sum_{jl} h_{i-j+o,\,k-l+p}\, x_{jl}, \qquad x_{jl} = \sum_{ik} h^*_{i-j+o,\,k-l+p}\, y_{ik}

    Parameters
    ----------
    dims : tuple of int
        Shape of the model, and of the data.
    h : array_like
        Filter, of shape ``(nh1, nh2)``.
    offset : tuple of int, optional
        Sample of the filter at its origin.
    axes : tuple of int, optional
        Axes to convolve along.
    method : {"fft", "direct", "auto"}, optional
        How blocks are convolved; see :class:`ConvolveND`.
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
        If ``h`` is not two-dimensional, ``offset`` lies outside of it, or ``method`` is unknown.

    See Also
    --------
    pylops.signalprocessing.Convolve2D : the local operator.

    References
    ----------
    .. [1] Gonzalez, R. C., and R. E. Woods, 2018, Digital image processing, 4th ed.: Pearson.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.convolve2d import Convolve2D
    >>> C = Convolve2D((4, 4), np.ones((3, 3)), offset=(1, 1), method="direct")
    >>> (C @ da.ones((4, 4), chunks=2)).compute()[0]
    array([4., 6., 6., 4.])
    """

    def __init__(
        self,
        dims: Iterable[int],
        h: ArrayLike,
        offset: Iterable[int] = (0, 0),
        axes: Iterable[int] = (-2, -1),
        method: Method = "fft",
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        if np.ndim(h) != 2:
            raise ValueError(f"h must be two-dimensional, got shape {np.shape(h)}")
        super().__init__(dims, h, offset, axes, method, dtype, name, chunks=chunks, compute=compute)
