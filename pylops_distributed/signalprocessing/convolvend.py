"""Convolution with a filter along several axes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
import scipy.signal as sps
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise import Array, BlockwiseOperator, StencilRule
from pylops_distributed.blockwise.arguments import axes_of, complex_type, narrower, one_of, shape_of
from pylops_distributed.vectors.types import ChunksLike, DType

Method: TypeAlias = Literal["auto", "direct", "fft"]
PIECE = 3 * 2**19  # bytes, whose transforms stay in the processor's cache
WHOLE = 2**22  # bytes of a block up to which it is transformed at once


class ConvolveND(BlockwiseOperator):
    r"""Convolution with a filter along several axes, chunk by chunk.

    With a filter :math:`h` whose origin is at sample :math:`\mathbf o`, forward and adjoint are

    .. math::
        y_{\mathbf i} = \sum_{\mathbf j} h_{\mathbf i - \mathbf j + \mathbf o}\, x_{\mathbf j}, \qquad
        x_{\mathbf j} = \sum_{\mathbf i} h^*_{\mathbf i - \mathbf j + \mathbf o}\, y_{\mathbf i}

    Along each axis of the filter a chunk takes as many samples from its neighbours as the filter has, less one.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model, and of the data.
    h : array_like
        Filter, of a shape with one axis for each of ``axes``.
    offset : tuple of int, optional
        Sample of the filter at its origin; default the first.
    axes : tuple of int, optional
        Axes to convolve along; None for all.
    method : {"fft", "direct", "auto"}, optional
        How blocks are convolved: by Fourier transforms of pieces, by products, or by whichever SciPy thinks is
        faster.
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
        If ``h`` has not one axis for each of ``axes``, ``offset`` lies outside of it, or ``method`` is unknown.

    See Also
    --------
    pylops.signalprocessing.ConvolveND : the local operator; for filters with as many axes as the model, or
        axes in another order, it ignores ``axes``.

    References
    ----------
    .. [1] Gonzalez, R. C., and R. E. Woods, 2018, Digital image processing, 4th ed.: Pearson.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.convolvend import ConvolveND
    >>> C = ConvolveND((4, 4), np.ones((3, 3)), offset=(1, 1), method="direct")
    >>> (C @ da.ones((4, 4), chunks=2)).compute()[:2]
    array([[4., 6., 6., 4.],
           [6., 9., 9., 6.]])
    """

    workspace = 8.0

    def __init__(
        self,
        dims: int | Iterable[int],
        h: ArrayLike,
        offset: Iterable[int] | None = None,
        axes: Iterable[int] | None = (-2, -1),
        method: Method = "fft",
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        self.axes = axes_of(range(len(model)) if axes is None else axes, model)
        self.h = held_filter(h)
        self.nh = self.h.shape
        if self.h.ndim == len(model) != len(self.axes):  # as in PyLops, whatever the axes
            self.axes = tuple(range(len(model)))
        self.offset = (0,) * self.h.ndim if offset is None else shape_of(offset)
        self.method = one_of("method", method, ("auto", "direct", "fft"))
        if not self.h.ndim == len(self.axes) == len(set(self.axes)):
            raise ValueError(
                f"h must have an axis for each of the axes {self.axes}, got shape {self.h.shape}"
            )
        if any(not 0 <= o < n for o, n in zip(self.offset, self.h.shape, strict=True)):
            raise ValueError(f"offset must lie in the filter of shape {self.h.shape}, got {self.offset}")
        kind = complex_type(dtype) if np.iscomplexobj(self.h) else np.dtype(dtype)
        held = narrower(self.h.dtype, kind)
        taps = _aligned(self.h, self.axes, len(model))
        origin = dict(zip(self.axes, self.offset, strict=True))
        ends = {a: taps.shape[a] - 1 - o for a, o in origin.items()}
        # Operators whose filter has their own type keep the tokens that they had.
        settings: Any = {"method": self.method, **({} if held == self.h.dtype else {"held": held})}
        forward = partial(convolve_axes, h=taps, start=origin, **settings)
        adjoint = partial(convolve_axes, h=reversed_filter(taps), start=ends, **settings)
        super().__init__(
            StencilRule(forward, {a: (ends[a], origin[a]) for a in origin}, corners=True),
            StencilRule(adjoint, {a: (origin[a], ends[a]) for a in origin}, corners=True),
            model, dtype=kind, chunks=chunks, compute=compute, name=name,
        )  # fmt: skip
        self.held = held


def _aligned(h: Array, axes: tuple[int, ...], ndim: int) -> Array:
    """The filter with its axes where those of the model are."""
    h = np.transpose(h, np.argsort(axes))
    return np.expand_dims(h, [a for a in range(ndim) if a not in axes])


def held_filter(h: ArrayLike) -> Array:
    """A filter as convolutions hold it: a user's array, or, since that of the adjoint is another, a complex copy."""
    return np.array(h) if np.iscomplexobj(h) else np.asarray(h)


def reversed_filter(h: Array, axes: Iterable[int] | None = None) -> Array:
    """The filter of the adjoint; of a real one it shows the same memory, which a user may change."""
    reverse = np.flip(h, None if axes is None else tuple(axes))
    return reverse.conj() if np.iscomplexobj(h) else reverse


def in_type(h: Array, block: Array, held: DType | None) -> Array:
    """A filter, in the wider of the type of a block and of ``held``."""
    return h if held is None else h.astype(np.result_type(block, held), copy=False)


def convolve_axes(
    block: Array, h: Array, start: dict[int, int], method: Method, held: DType | None = None
) -> Array:
    """As many samples of the full convolution as the block has, from ``start`` along each axis.

    The filter is as precise as it was given where the block is, too, and of type ``held`` where that is not.
    """
    h = in_type(h, block, held)
    if method == "auto":
        method = sps.choose_conv_method(block, h)
    cut = tuple(
        slice(start[a], start[a] + n) if a in start else slice(None) for a, n in enumerate(block.shape)
    )
    if method == "direct":
        return np.asarray(sps.convolve(block, h, method="direct")[cut])
    others = [a for a in range(block.ndim) if a not in start]
    if not others:
        # By overlapping pieces only where there are many: each has a price.
        function = sps.oaconvolve if block.nbytes > WHOLE else sps.fftconvolve
        return np.asarray(function(block, h)[cut])
    along = max(others, key=lambda a: block.shape[a])
    convolved = np.empty(block.shape, np.result_type(block, h))
    step = max(1, PIECE * block.shape[along] // max(1, block.nbytes))
    for i in range(0, block.shape[along], step):
        here = (slice(None),) * along + (slice(i, i + step),)
        piece = np.ascontiguousarray(block[here])
        convolved[here] = sps.fftconvolve(piece, h, axes=sorted(start))[cut]
    return convolved
