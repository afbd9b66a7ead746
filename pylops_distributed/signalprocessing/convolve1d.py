"""Convolution with a filter along one axis."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
import scipy.signal as sps
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise import Array, BlockwiseOperator, StencilRule, WholeAxisRule
from pylops_distributed.blockwise.arguments import axes_of, narrower, one_of, shape_of
from pylops_distributed.blockwise.banded import LONG, by_products
from pylops_distributed.vectors.types import ChunksLike

Method: TypeAlias = Literal["direct", "fft", "overlapadd"]
METHODS: tuple[Method, ...] = ("direct", "fft", "overlapadd")


class Convolve1D(BlockwiseOperator):
    r"""Convolution with a filter along an axis, chunk by chunk.

    With a filter :math:`h` of :math:`n_h` samples with time zero at sample :math:`o`, forward and adjoint are

    .. math::
        y_i = \sum_j h_{i - j + o}\, x_j, \qquad x_j = \sum_i \overline{h_{i - j + o}}\, y_i

    The data is as long as the model, or as the filter where that is longer. A chunk takes :math:`n_h - 1`
    samples from its neighbours; a filter longer than the axis takes the axis whole.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    h : array_like
        Filter, of shape ``(nh,)``.
    offset : int, optional
        Sample of the filter at time zero.
    axis : int, optional
        Axis to convolve along.
    method : {"direct", "fft", "overlapadd"}, optional
        How each block is convolved: by products with the filter's banded matrix (the default for filters of
        up to 128 samples), by one Fourier transform (the default for longer ones), or by several.
    dtype : dtype, optional
        Type of the operator; of its complex kind where ``h`` is complex.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If ``h`` is not one-dimensional, ``offset`` lies outside the shorter of filter and axis, or ``axis``
        or ``method`` is unknown.

    See Also
    --------
    pylops.signalprocessing.Convolve1D : the local operator; its adjoint does not conjugate a complex filter.

    References
    ----------
    .. [1] Oppenheim, A. V., and R. W. Schafer, 2009, Discrete-time signal processing, 3rd ed.: Pearson.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.convolve1d import Convolve1D
    >>> C = Convolve1D(6, h=[1, 2, 1], offset=1)
    >>> (C @ da.ones(6, chunks=2)).compute()
    array([3., 4., 4., 4., 4., 3.])
    """

    def __init__(
        self,
        dims: int | tuple[int, ...],
        h: ArrayLike,
        offset: int = 0,
        axis: int = -1,
        method: Method | None = None,
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        self.h, self.offset, self.nh = _filter(h, dtype), int(offset), np.size(h)
        n = model[self.axis]
        if not 0 <= self.offset < min(self.nh, n):
            raise ValueError(
                f"offset must lie in the shorter of filter ({self.nh}) and axis ({n}), got {offset}"
            )
        self.method = method if method is None else one_of("method", method, METHODS)
        forward = partial(convolve, h=self.h, axis=self.axis, start=self.offset, method=self.method)
        backward = partial(forward, h=self.h[::-1].conj().copy(), start=self.nh - 1 - self.offset)
        before, after = self.nh - 1 - self.offset, self.offset
        data = model
        rules: tuple[Any, ...]
        if self.nh <= n:
            rules = (
                StencilRule(forward, {self.axis: (before, after)}),
                StencilRule(backward, {self.axis: (after, before)}),
            )
        else:
            data = (*model[: self.axis], self.nh, *model[self.axis + 1 :])
            rules = tuple(
                WholeAxisRule(partial(kernel, length=length), (self.axis,), {self.axis: length})
                for kernel, length in ((forward, self.nh), (backward, n))
            )
        forward_rule, adjoint_rule = rules
        super().__init__(
            forward_rule, adjoint_rule, model, None if data == model else data,
            dtype=np.result_type(dtype, self.h.dtype), chunks=chunks, compute=compute, name=name,
        )  # fmt: skip
        self.held = self.h.dtype


def _filter(h: ArrayLike, dtype: DTypeLike) -> Array:
    """The filter in the type of the operator."""
    taps = np.asarray(h)
    if taps.ndim != 1 or not taps.size:
        raise ValueError(f"the filter h must be one-dimensional and not empty, got one of shape {taps.shape}")
    kind = np.result_type(dtype, np.complex64) if np.iscomplexobj(taps) else np.dtype(dtype)
    return taps.astype(narrower(taps.dtype, kind), copy=False)


def convolve(
    block: Array, h: Array, axis: int, start: int, method: Method | None = None, length: int | None = None
) -> Array:
    """Samples ``start`` to ``start + length`` of the full convolution of a block with a filter."""
    length = length or block.shape[axis]
    if (method or ("direct" if h.size <= LONG else "fft")) == "direct":
        return by_products(block, h, axis, start, length)
    function = sps.oaconvolve if method == "overlapadd" else sps.fftconvolve
    full = function(block, np.expand_dims(h, [a for a in range(block.ndim) if a != axis]), axes=axis)
    return np.asarray(full[(*(slice(None),) * axis, slice(start, start + length))])
