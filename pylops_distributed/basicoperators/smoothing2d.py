"""Moving average along two axes."""

from __future__ import annotations

from collections.abc import Iterable

from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.smoothing1d import MovingAverage, odd_sizes
from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.vectors.types import ChunksLike


class Smoothing2D(MovingAverage):
    r"""Moving average along two axes, chunk by chunk.

    With :math:`n_1` and :math:`n_2` odd, forward and adjoint are the same:

    .. math::
        y_{i,j} = \frac{1}{n_1 n_2} \sum_{|l| \le (n_1-1)/2} \; \sum_{|m| \le (n_2-1)/2} x_{i+l,\,j+m}

    where samples past the ends count as zero.

    Parameters
    ----------
    nsmooth : tuple of int
        Length of the average along each of the two axes; one more where it is even.
    dims : tuple of int
        Shape of the model, and of the data.
    axes : tuple of int, optional
        Axes to smooth along.
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
        If there are not two positive lengths and two different axes of ``dims``.

    See Also
    --------
    pylops.Smoothing2D : the local operator, which convolves in the frequency domain.

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: processing versus inversion: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.basicoperators.smoothing2d import Smoothing2D
    >>> (Smoothing2D((3, 3), (4, 4)) @ da.full((4, 4), 9.0, chunks=2)).compute()[:2]
    array([[4., 6., 6., 4.],
           [6., 9., 9., 6.]])
    """

    def __init__(
        self,
        nsmooth: Iterable[int],
        dims: Iterable[int],
        axes: Iterable[int] = (-2, -1),
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        along = axes_of(axes, model)
        if len(along) != 2:
            raise ValueError(f"axes must be two, got {along}")
        super().__init__(odd_sizes(nsmooth, along), model, dtype, name, chunks, compute)
