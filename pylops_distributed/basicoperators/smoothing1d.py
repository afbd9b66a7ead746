"""Moving average along one axis."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import prod
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike
from scipy.ndimage import uniform_filter1d

from pylops_distributed.blockwise import Array, BlockwiseOperator, StencilRule
from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.blockwise.banded import LONG, by_products
from pylops_distributed.vectors.types import ChunksLike, NDArray


def average(block: Array, sizes: dict[int, int], dtype: DTypeLike) -> Array:
    """Moving average of a block along the axes in ``sizes``, which holds odd lengths; zero past its ends."""
    y = block.astype(np.result_type(dtype, block.dtype), copy=False)
    for axis, size in sizes.items():
        behind = prod(y.shape[axis + 1 :])
        if size > LONG or 1 < behind < 16 or not y.size:  # products would be many, and small
            y = uniform_filter1d(y, size, axis, mode="constant")
        elif size > 1:
            taps = np.full(size, 1 / size, y.dtype)
            y = by_products(y, taps, axis, size // 2, y.shape[axis])
    return y


def odd_sizes(nsmooth: Iterable[int], axes: tuple[int, ...]) -> dict[int, int]:
    """The length of the average along each axis, one more where it is even."""
    lengths = tuple(int(n) for n in nsmooth)
    if len(lengths) != len(axes) or min(lengths) < 1:
        raise ValueError(f"nsmooth must be {len(axes)} positive lengths, got {lengths}")
    sizes = {axis: n + 1 - n % 2 for axis, n in zip(axes, lengths, strict=True)}
    if len(sizes) != len(axes):
        raise ValueError(f"axes must differ from each other, got {axes}")
    return sizes


class MovingAverage(BlockwiseOperator):
    """A mean over a window of odd lengths: what the smoothing operators share.

    Parameters
    ----------
    sizes : dict of int to int
        Lengths of the window, by axis.
    dims : tuple of int
        Shape of the model, and of the data.
    dtype, name, chunks, compute : optional
        As of :class:`~pylops_distributed.LinearOperator`.

    Attributes
    ----------
    h : numpy.ndarray
        The window, with an axis for each of ``axes``.
    nh, axes, offset : tuple of int
        Its lengths, the axes along which they lie, and the sample at its middle.
    """

    method: ClassVar[str] = "direct"

    def __init__(
        self, sizes: dict[int, int], dims: tuple[int, ...], dtype: DTypeLike, name: str | None, chunks: ChunksLike,
        compute: tuple[bool, bool],
    ) -> None:  # fmt: skip
        self.sizes, rule = sizes, smooth(sizes, dtype)
        super().__init__(rule, rule, dims, dtype=dtype, chunks=chunks, compute=compute, name=name)

    @property
    def axes(self) -> tuple[int, ...]:
        """Axes that are averaged."""
        return tuple(self.sizes)

    @property
    def nh(self) -> tuple[int, ...]:
        """Lengths of the window."""
        return tuple(self.sizes.values())

    @property
    def offset(self) -> tuple[int, ...]:
        """The sample at the middle of the window."""
        return tuple(n // 2 for n in self.nh)

    @property
    def h(self) -> NDArray:
        """The window, of shape ``nh``."""
        return np.full(self.nh, 1 / prod(self.nh), self.dtype)


class Smoothing1D(MovingAverage):
    r"""Moving average along an axis, chunk by chunk.

    With :math:`n` odd, forward and adjoint are the same:

    .. math::
        y_i = \frac{1}{n} \sum_{l=-(n-1)/2}^{(n-1)/2} x_{i+l}

    where samples past the ends count as zero.

    Parameters
    ----------
    nsmooth : int
        Length of the average; one more if it is even.
    dims : int or tuple of int
        Shape of the model, and of the data.
    axis : int, optional
        Axis to smooth along.
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
        If ``nsmooth`` is not positive or longer than the axis, or ``axis`` is not one of ``dims``.

    See Also
    --------
    pylops.Smoothing1D : the local operator, which convolves in the frequency domain.

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: processing versus inversion: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.basicoperators.smoothing1d import Smoothing1D
    >>> (Smoothing1D(3, 6) @ (3 * da.arange(6, chunks=2))).compute()
    array([ 1.,  3.,  6.,  9., 12.,  9.])
    """

    def __init__(
        self,
        nsmooth: int,
        dims: int | Iterable[int],
        axis: int = -1,
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (along,) = axes_of((axis,), model)
        sizes = odd_sizes((nsmooth,), (along,))
        if sizes[along] > model[along]:  # PyLops' data are then longer than the model
            raise ValueError(
                f"got nsmooth {nsmooth} for the {model[along]} samples of axis {axis} of dims {model}; expected at "
                "most as many, and odd: SmoothingND takes longer averages"
            )
        super().__init__(sizes, model, dtype, name, chunks, compute)


def smooth(sizes: dict[int, int], dtype: DTypeLike) -> StencilRule:
    """How moving averages apply to chunks."""
    depth = {axis: (n // 2, n // 2) for axis, n in sizes.items()}
    return StencilRule(partial(average, sizes=sizes, dtype=np.dtype(dtype)), depth, corners=True)
