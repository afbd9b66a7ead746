"""Circular shift along one axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.blockwise.assembly import assemble_chunks, roll_plan
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ChunksLike


class Roll(LinearOperator):
    r"""Circular shift of the samples along an axis; the chunks stay as they are.

    Forward :math:`y_i = x_{(i - s) \bmod n}`, adjoint :math:`x_i = y_{(i + s) \bmod n}` for a shift :math:`s`
    of an axis of :math:`n` samples.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model, and of the data.
    axis : int, optional
        Axis to shift along.
    shift : int, optional
        Number of samples to shift by, towards higher indices.
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
    pylops.Roll

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: processing versus inversion: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Roll
    >>> (Roll(4, shift=1) @ da.arange(4.0, chunks=2)).compute()
    array([3., 0., 1., 2.])
    """

    follows = (True, True)
    moves = True

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        dims: int | Iterable[int],
        axis: int = -1,
        shift: int = 1,
        dtype: DTypeLike = "float64",
        name: str | None = "R",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        self.shift = shift
        space = Space.of(model, dtype, chunks)
        super().__init__(domain=space, codomain=space, compute=compute, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        return self._roll(x, self.shift)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._roll(y, -self.shift)

    def _roll(self, x: da.Array, shift: int) -> da.Array:
        if isinstance(x, np.ndarray):
            rolled: Any = np.roll(x.astype(self.result_dtype(x.dtype), copy=False), shift, axis=self.axis)
            return one_array(rolled)
        sizes = x.chunks[self.axis]
        return assemble_chunks(x, self.axis, roll_plan(sizes, shift), sizes, self.result_dtype(x.dtype))
