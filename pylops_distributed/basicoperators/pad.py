"""Zeros around an array."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.blockwise.assembly import Widths, pad
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike


class Pad(LinearOperator):
    r"""Zeros before and after the samples of an array.

    Forward :math:`y_{i + b} = x_i` and zero elsewhere, adjoint :math:`x_i = y_{i + b}`, with :math:`b`
    samples added before. The zeros belong to the first and last chunks, which grow by as much.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    pad : tuple of int or sequence of tuple of int
        Numbers of samples to add before and after each axis; for a single axis also without the outer tuple.
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
        If ``pad`` is negative somewhere, or not a pair for each axis.

    See Also
    --------
    pylops.Pad

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: processing versus inversion: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Pad
    >>> (Pad(3, (1, 2)) @ da.ones(3)).compute()
    array([0., 1., 1., 1., 0., 0.])
    """

    domain: Space

    follows = (True, True)
    moves = True

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        dims: int | Iterable[int],
        pad: tuple[int, int] | Widths,
        dtype: DTypeLike = "float64",
        name: str | None = "P",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        widths = np.asarray(pad, dtype=int)
        if widths.size and widths.min() < 0:
            raise ValueError(f"Padding must be positive or zero, got {pad}")
        if widths.shape not in ((len(model), 2), (2,) if len(model) == 1 else ()):
            raise ValueError(f"pad must be a pair of lengths for each axis of {model}, got {pad}")
        self.pad: Widths = [(int(before), int(after)) for before, after in widths.reshape(-1, 2)]
        dimsd = tuple(before + n + after for n, (before, after) in zip(model, self.pad, strict=True))
        super().__init__(
            domain=Space.of(model, dtype, chunks), codomain=Space.of(dimsd, dtype), compute=compute, name=name
        )

    def _matvec(self, x: da.Array) -> da.Array:
        return pad(x.astype(self.result_dtype(x.dtype), copy=False), self.pad)

    def _rmatvec(self, y: da.Array) -> da.Array:
        inner = tuple(slice(before, before + n) for n, (before, _) in zip(self.dims, self.pad, strict=True))
        return self.domain.fit(y.astype(self.result_dtype(y.dtype, 1), copy=False)[inner])
