"""Convolution with a filter along one axis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import dask.array as da
import numpy as np
import scipy.signal as sps
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise import Array, BlockwiseOperator, StencilRule, WholeAxisRule
from pylops_distributed.blockwise.arguments import axes_of, narrower, one_of, shape_of
from pylops_distributed.blockwise.banded import LONG, by_products
from pylops_distributed.blockwise.rechunk import rechunk_whole
from pylops_distributed.signalprocessing.convolvend import held_filter, in_type, reversed_filter
from pylops_distributed.vectors.namespace import map_blocks
from pylops_distributed.vectors.types import Chunks, ChunksLike, DType

if TYPE_CHECKING:
    from pylops_distributed.blockwise.operator import BlockRule

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
        Filter, of shape ``(nh,)``; or a filter for each trace, shaped like ``dims`` with ``nh`` samples along ``axis``,
        and one along those axes on which the filter does not depend.
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
        If ``h`` is neither one filter nor one for each trace, ``offset`` lies outside the shorter of filter and axis,
        or ``axis`` or ``method`` is unknown.

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
        self.h, self.offset = _filter(held_filter(h), model, self.axis), int(offset)
        self.nh, n = self.h.shape[self.axis if self.h.ndim > 1 else 0], model[self.axis]
        if not 0 <= self.offset < min(self.nh, n):
            raise ValueError(
                f"offset must lie in the shorter of filter ({self.nh}) and axis ({n}), got {offset}"
            )
        self.method = method if method is None else one_of("method", method, METHODS)
        data = model if self.nh <= n else (*model[: self.axis], self.nh, *model[self.axis + 1 :])
        kind = np.result_type(dtype, np.complex64) if np.iscomplexobj(self.h) else np.dtype(dtype)
        held = narrower(self.h.dtype, kind)
        forward_rule, adjoint_rule = self._rules(n, held)
        super().__init__(
            forward_rule, adjoint_rule, model, None if data == model else data,
            dtype=np.result_type(dtype, held), chunks=chunks, compute=compute, name=name,
        )  # fmt: skip
        self.held = held

    def _rules(self, n: int, held: DType) -> tuple[BlockRule, BlockRule]:
        """How forward and adjoint apply to chunks, of ``n`` samples along the axis in all."""
        before, after = self.nh - 1 - self.offset, self.offset
        settings: Any = {"axis": self.axis, "method": self.method}
        if held != self.h.dtype:  # others keep the tokens that they had
            settings["held"] = held
        reverse = reversed_filter(self.h, (self.axis if self.h.ndim > 1 else 0,))
        if self.h.ndim > 1:
            long = max(self.nh, n)
            return TracewiseRule(self.h, start=after, length=long, **settings), TracewiseRule(
                reverse, start=before, length=n, **settings
            )
        forward = partial(convolve, h=self.h, start=after, **settings)
        backward = partial(convolve, h=reverse, start=before, **settings)
        if self.nh <= n:
            return (
                StencilRule(forward, {self.axis: (before, after)}),
                StencilRule(backward, {self.axis: (after, before)}),
            )
        forward_rule, adjoint_rule = (
            WholeAxisRule(partial(kernel, length=length), (self.axis,), {self.axis: length})
            for kernel, length in ((forward, self.nh), (backward, n))
        )
        return forward_rule, adjoint_rule


@dataclass(frozen=True)
class TracewiseRule:
    """How a convolution with a filter for each trace applies to chunks: along an axis that lies in one of them.

    Attributes
    ----------
    h : numpy.ndarray
        Filters, of one sample along those axes on which they do not depend.
    axis : int
        Axis to convolve along.
    start, length : int
        First sample of the full convolution that is kept, and how many.
    method : str or None
        As of :class:`Convolve1D`.
    held : dtype
        As of :func:`convolve`.
    """

    h: Array
    axis: int
    start: int
    length: int
    method: Method | None
    held: DType | None = None

    def __call__(self, x: da.Array, dtype: DType) -> da.Array:
        """The result for ``x``, of type ``dtype``: lazy, if ``x`` is."""
        whole = rechunk_whole(x, (self.axis,)) if isinstance(x, da.Array) else x
        h: Any = self.h
        chunks = None
        if isinstance(whole, da.Array):
            h = da.from_array(
                h, tuple(c if n == sum(c) else -1 for c, n in zip(whole.chunks, h.shape, strict=True))
            )
            chunks = self.pin(whole.chunks)
            chunks = (*chunks[: self.axis], (self.length,), *chunks[self.axis + 1 :])
        return map_blocks(
            convolve_traces, whole, h, axis=self.axis, start=self.start, length=self.length, method=self.method,
            held=self.held, chunks=chunks, dtype=dtype, meta=np.empty((0,) * x.ndim, dtype),
        )  # fmt: skip

    def pin(self, chunks: Chunks) -> Chunks:
        """The chunks that are kept, of those asked for: not those that cut the axis."""
        return tuple((sum(c),) if a == self.axis else c for a, c in enumerate(chunks))


def convolve_traces(
    block: Array, h: Array, axis: int, start: int, length: int, method: Method | None, held: DType | None
) -> Array:
    """Samples ``start`` to ``start + length`` of the full convolution of each trace with its filter."""
    function = sps.oaconvolve if method == "overlapadd" else sps.fftconvolve
    full = function(block, in_type(h, block, held), axes=axis)
    return np.asarray(full[(*(slice(None),) * axis, slice(start, start + length))])


def _filter(h: ArrayLike, dims: tuple[int, ...], axis: int) -> Array:
    """The filter, or one for each trace."""
    taps = np.asarray(h)
    rest = [(n, m) for a, (n, m) in enumerate(zip(taps.shape, dims, strict=False)) if a != axis]
    tracewise = taps.ndim == len(dims) and all(n in (1, m) for n, m in rest)
    if not taps.size or not (taps.ndim == 1 or tracewise):
        raise ValueError(
            f"got a filter h of shape {taps.shape} for dims {dims}; expected one filter of shape (nh,), or a filter "
            f"for each trace: a shape as that of dims, with nh samples along axis {axis}"
        )
    return taps


def convolve(
    block: Array,
    h: Array,
    axis: int,
    start: int,
    method: Method | None = None,
    length: int | None = None,
    held: DType | None = None,
) -> Array:
    """Samples ``start`` to ``start + length`` of the full convolution of a block with a filter.

    The filter is as precise as it was given where the block is, too, and of type ``held`` where that is not.
    """
    h = in_type(h, block, held)
    length = length or block.shape[axis]
    if (method or ("direct" if h.size <= LONG else "fft")) == "direct":
        return by_products(block, h, axis, start, length)
    function = sps.oaconvolve if method == "overlapadd" else sps.fftconvolve
    full = function(block, np.expand_dims(h, [a for a in range(block.ndim) if a != axis]), axes=axis)
    return np.asarray(full[(*(slice(None),) * axis, slice(start, start + length))])
