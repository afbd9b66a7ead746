"""Reversal along one axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ChunksLike


class Flip(LinearOperator):
    r"""Reversal of the order of samples, and of chunks, along an axis.

    Forward :math:`y_i = x_{n - 1 - i}`, adjoint :math:`x_i = y_{n - 1 - i}`.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model, and of the data.
    axis : int, optional
        Axis to reverse.
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
        If ``axis`` is not one of ``dims``.

    See Also
    --------
    pylops.Flip

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: processing versus inversion: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Flip
    >>> (Flip(3) @ da.arange(3.0, chunks=2)).compute()
    array([2., 1., 0.])
    """

    follows = (True, True)
    moves = True

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        dims: int | Iterable[int],
        axis: int = -1,
        dtype: DTypeLike = "float64",
        name: str | None = "F",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        domain = Space.of(model, dtype, chunks)
        pinned = domain.chunks
        if pinned is not None:
            pinned = tuple(sizes[::-1] if a == self.axis else sizes for a, sizes in enumerate(pinned))
        super().__init__(domain=domain, codomain=Space.of(model, dtype, pinned), compute=compute, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        flipped: Any = np.flip(x.astype(self.result_dtype(x.dtype), copy=False), self.axis)
        return one_array(flipped)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._matvec(y)
