"""Moving average along several axes."""

from __future__ import annotations

from collections.abc import Iterable

from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.smoothing1d import MovingAverage, odd_sizes
from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.vectors.types import ChunksLike


class SmoothingND(MovingAverage):
    r"""Moving average along several axes, chunk by chunk.

    With odd lengths :math:`n_a`, forward and adjoint are the same:

    .. math::
        y_{\mathbf i} = \prod_a \frac{1}{n_a} \; \sum_{|l_a| \le (n_a - 1)/2} x_{\mathbf i + \mathbf l}

    where samples past the ends count as zero.

    Parameters
    ----------
    nsmooth : tuple of int
        Length of the average along each of the axes; one more where it is even.
    dims : int or tuple of int
        Shape of the model, and of the data.
    axes : tuple of int, optional
        Axes to smooth along; all where there is a length for each of ``dims``, as in PyLops.
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
        If there is not one positive length for each of ``axes``, or these are not different ones of ``dims``.

    See Also
    --------
    pylops.SmoothingND : the local operator, which convolves in the frequency domain.

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: processing versus inversion: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import SmoothingND
    >>> (SmoothingND((3, 3), (4, 4)) @ da.full((4, 4), 9.0, chunks=2)).compute()[:2]
    array([[4., 6., 6., 4.],
           [6., 9., 9., 6.]])
    """

    def __init__(
        self,
        nsmooth: Iterable[int],
        dims: int | Iterable[int],
        axes: Iterable[int] = (-2, -1),
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        lengths = tuple(nsmooth)
        along = axes_of(axes, model)
        if len(lengths) == len(model) != len(along):  # as in PyLops, whatever the axes
            along = tuple(range(len(model)))
        super().__init__(odd_sizes(lengths, along), model, dtype, name, chunks, compute)
