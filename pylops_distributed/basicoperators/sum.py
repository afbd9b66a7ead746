"""Sum along one axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.compat.dask import meta_of
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ChunksLike


class Sum(LinearOperator):
    r"""Sum along an axis.

    Forward :math:`y_j = \sum_i x_{ij}`, chunk by chunk and then as a tree; adjoint :math:`x_{ij} = y_j`.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model; a single axis is taken for that of a column of shape ``(n, 1)``.
    axis : int, optional
        Axis of ``dims`` to sum along.
    forceflat : bool, optional
        Return flat vectors also for N-dimensional input; ignored, as in PyLops, for more than two axes.
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
    pylops.Sum : the same, but there the last axis of a single one is the one of the column's length 1.

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: processing versus inversion: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Sum
    >>> (Sum((2, 3), axis=0) @ da.ones((2, 3), chunks=(1, 3))).compute()
    array([2., 2., 2.])
    """

    domain: Space

    follows = (True, True)
    moves = True

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        dims: int | Iterable[int],
        axis: int = -1,
        forceflat: bool | None = None,
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        if len(model) == 1:
            model = (*model, 1)
        dimsd = model[: self.axis] + model[self.axis + 1 :]
        super().__init__(
            domain=Space.of(model, dtype, chunks), codomain=Space.of(dimsd, dtype),
            forceflat=forceflat if len(model) == 2 else None, compute=compute, name=name,
        )  # fmt: skip

    def _matvec(self, x: da.Array) -> da.Array:
        return x.sum(axis=self.axis, dtype=self.result_dtype(x.dtype))

    def _rmatvec(self, y: da.Array) -> da.Array:
        if isinstance(y, np.ndarray):
            wide = np.expand_dims(y.astype(self.result_dtype(y.dtype, 1), copy=False), self.axis)
            repeated: Any = np.repeat(wide, self.dims[self.axis], axis=self.axis)
            return one_array(repeated)
        wanted = [*y.chunks[: self.axis], "auto", *y.chunks[self.axis :]]
        chunks = da.core.normalize_chunks(wanted, self.dims, dtype=self.dtype)
        spread = da.broadcast_to(
            da.expand_dims(y.astype(self.result_dtype(y.dtype, 1), copy=False), self.axis), self.dims, chunks
        )
        # Broadcast blocks are read-only and not contiguous, which compiled kernels do not expect.
        return self.domain.fit(spread.map_blocks(np.ascontiguousarray, meta=meta_of(spread)))
