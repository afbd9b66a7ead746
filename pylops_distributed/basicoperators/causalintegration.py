"""Integration along one axis."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, one_of, shape_of
from pylops_distributed.blockwise.assembly import pad
from pylops_distributed.blockwise.numpy_rows import apply_to_rows
from pylops_distributed.blockwise.prefix_scan import scan
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


class CausalIntegration(LinearOperator):
    r"""Integral along an axis from its first sample, in two tasks a chunk.

    With :math:`\Delta` the sampling, the forward is, for the kinds ``full``, ``half`` and ``trapezoidal``,

    .. math::
        y_i = \Delta \sum_{j \le i} x_j, \qquad
        y_i = \Delta \Big(\sum_{j < i} x_j + \tfrac12 x_i\Big), \qquad
        y_i = \Delta \Big(\tfrac12 x_0 + \sum_{0 < j < i} x_j + \tfrac12 x_i\Big)

    and :math:`y_0 = \tfrac12 \Delta x_0` for the latter two. The adjoint is the transpose: sums over
    :math:`i \ge j` with the same weights.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    axis : int, optional
        Axis to integrate along.
    sampling : float, optional
        Distance between samples.
    kind : {"full", "half", "trapezoidal"}, optional
        Weights of the samples.
    removefirst : bool, optional
        Leave the first sample of the data out.
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
        If ``axis`` is not one of ``dims``, or ``kind`` is unknown.

    See Also
    --------
    pylops.CausalIntegration

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: processing versus inversion: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import CausalIntegration
    >>> (CausalIntegration(4, kind="trapezoidal") @ da.arange(4.0, chunks=2)).compute()
    array([0. , 0.5, 2. , 4.5])
    """

    domain: Space

    follows = (True, True)

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        dims: int | Iterable[int],
        axis: int = -1,
        sampling: float = 1.0,
        kind: Literal["full", "half", "trapezoidal"] = "full",
        removefirst: bool = False,
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        self.sampling, self.removefirst = float(sampling), bool(removefirst)
        self.kind = one_of("kind", kind, ("full", "half", "trapezoidal"))
        dimsd = tuple(n - self.removefirst if a == self.axis else n for a, n in enumerate(model))
        super().__init__(
            domain=Space.of(model, dtype, chunks), codomain=Space.of(dimsd, dtype), compute=compute, name=name
        )

    def _matvec(self, x: da.Array) -> da.Array:
        y = self._scan(x, adjoint=False)
        return y[(*(slice(None),) * self.axis, slice(1, None))] if self.removefirst else y

    def _rmatvec(self, y: da.Array) -> da.Array:
        if self.removefirst:
            y = pad(y, [(int(a == self.axis), 0) for a in range(y.ndim)])
        return self.domain.fit(self._scan(y, adjoint=True))

    def _scan(self, x: da.Array, adjoint: bool) -> da.Array:
        dtype = self.result_dtype(x.dtype, int(adjoint))
        settings: dict[str, Any] = {"axis": self.axis, "kind": self.kind}
        total = partial(_total, **settings, adjoint=adjoint)
        kernel = partial(_backward if adjoint else _forward, **settings, sampling=self.sampling)
        if isinstance(x, np.ndarray):
            free = [a for a in range(x.ndim) if a != self.axis]
            whole: Any = apply_to_rows(
                x.astype(dtype, copy=False), lambda block: kernel(block, 0, first=True), free
            )
            return one_array(whole)
        return scan(x, self.axis, total, kernel, dtype, reverse=adjoint)


def _total(block: Array, first: bool, axis: int, kind: str, adjoint: bool) -> Array:
    """Sum of a chunk, which is added to all later ones; of the first sample of the axis only half, if so wanted."""
    total = np.sum(block, axis=axis, keepdims=True)
    if first and not adjoint and kind == "trapezoidal":
        total -= np.take(block, [0], axis=axis) / 2
    return np.asarray(total)


def _forward(block: Array, before: Array | int, first: bool, axis: int, kind: str, sampling: float) -> Array:
    y = np.cumsum(block, axis=axis)
    if np.ndim(before):  # none is before the first chunk
        y += before
    if kind != "full":
        y -= block / 2
    if kind == "trapezoidal" and first:
        rest = (slice(None),) * axis + (slice(1, None),)
        y[rest] -= np.take(block, [0], axis=axis) / 2
    if sampling != 1:
        y *= sampling
    return y


def _backward(block: Array, after: Array | int, first: bool, axis: int, kind: str, sampling: float) -> Array:
    y = np.flip(np.cumsum(np.flip(block, axis), axis=axis), axis)
    if np.ndim(after):
        y = y + after
    if kind == "trapezoidal" and first:
        start = (slice(None),) * axis + (slice(0, 1),)
        half = y[start] / 2
    if kind != "full":
        y -= block / 2
    if kind == "trapezoidal" and first:
        y[start] = half
    return np.asarray(y * sampling if sampling != 1 else y)
