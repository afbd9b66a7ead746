"""Wavelet transform along two axes."""

from __future__ import annotations

from collections.abc import Iterable

import pylops
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.blockwise.pylops_kernel import OperatorFactory, TwinOperator, whole_axis_rules
from pylops_distributed.vectors.types import ChunksLike

LOCAL = pylops.signalprocessing.DWT2D


class DWT2D(TwinOperator):
    r"""Discrete wavelet transform along two axes, by PyWavelets.

    With the filters :math:`h` and :math:`g` of the wavelet, each scale splits the remaining lowpass signal:

    .. math::
        a_k = \sum_n h_{n - 2k}\, x_n, \qquad d_k = \sum_n g_{n - 2k}\, x_n

    periodically, after zeros up to a power of two. The adjoint is the inverse for orthogonal wavelets. The axes are
    gathered in one chunk; others stay chunked.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    axes : tuple of int, optional
        Axes to transform.
    wavelet : str, optional
        Name of the wavelet, as PyWavelets has it.
    level : int, optional
        Number of scales.
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
    ModuleNotFoundError
        If PyWavelets is not installed.
    ValueError
        If the wavelet is unknown, or ``axes`` are not some of ``dims``.

    See Also
    --------
    pylops.signalprocessing.DWT2D : the local operator, which works in each block.

    References
    ----------
    .. [1] Mallat, S., 1989, A theory for multiresolution signal decomposition: the wavelet representation: IEEE
       Transactions on Pattern Analysis and Machine Intelligence, 11, 674-693, doi:10.1109/34.192463.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.dwt2d import DWT2D
    >>> (DWT2D((3, 6)) @ da.ones((3, 6), chunks=(1, 3))).shape
    (4, 8)
    """

    follows = (True, True)

    from_twin = ("level", "wavelet", "waveletadj", "pad", "sl")

    def __init__(
        self,
        dims: int | Iterable[int],
        axes: Iterable[int] = (-2, -1),
        wavelet: str = "haar",
        level: int = 1,
        dtype: DTypeLike = "float64",
        name: str | None = "D",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        self.axes = axes_of(axes, model)
        options = {"axes": self.axes, "wavelet": wavelet, "level": level, "dtype": dtype}
        self.twin = OperatorFactory(LOCAL, options, "dims")
        forward, adjoint, data = whole_axis_rules(self.twin, self.axes, model)
        super().__init__(
            forward, adjoint, model, data, dtype=dtype, chunks=chunks, compute=compute, name=name
        )
