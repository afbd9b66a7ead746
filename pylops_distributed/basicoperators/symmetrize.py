"""Even continuation of an axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.blockwise.assembly import assemble_chunks, index_plan
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ChunksLike, NDArray


class Symmetrize(LinearOperator):
    r"""Mirror an axis about its first sample, which comes to lie in the middle.

    With :math:`n` samples along the axis, forward :math:`y_i = x_{|i - n + 1|}` of :math:`2n - 1` samples,
    adjoint :math:`x_0 = y_{n-1}` and :math:`x_j = y_{n-1+j} + y_{n-1-j}`.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    axis : int, optional
        Axis to mirror.
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
    pylops.Symmetrize

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: processing versus inversion: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Symmetrize
    >>> (Symmetrize(3) @ da.arange(3.0, chunks=2)).compute()
    array([2., 1., 0., 1., 2.])
    """

    domain: Space
    takes_numpy: ClassVar[bool] = True
    narrow = (True, False)

    follows = (False, True)

    def __init__(
        self,
        dims: int | Iterable[int],
        axis: int = -1,
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        self.nsym = model[self.axis]
        dimsd = tuple(2 * n - 1 if a == self.axis else n for a, n in enumerate(model))
        super().__init__(
            domain=Space.of(model, dtype, chunks), codomain=Space.of(dimsd, dtype), compute=compute, name=name
        )

    def _on_numpy(self, x: NDArray, way: int) -> Any:
        """The mirror image before the array, or both halves of the array added up."""
        n, axis, kind = self.nsym, self.axis, self.result_dtype(x.dtype, way)
        x = np.moveaxis(x.astype(kind, copy=False), axis, 0)
        if way:
            y = x[n - 1 :].copy()
            y[1:] += x[: n - 1][::-1]
        else:
            y = np.concatenate([x[:0:-1], x])
        return np.ascontiguousarray(np.moveaxis(y, 0, axis))

    def _matvec(self, x: da.Array) -> da.Array:
        if isinstance(x, np.ndarray):
            return one_array(self._on_numpy(x, 0))
        first, *rest = x.chunks[self.axis]
        sizes = (*rest[::-1], *([first - 1] if first > 1 else []), first, *rest)
        data = np.arange(2 * self.nsym - 1)
        plan = index_plan(abs(data - self.nsym + 1), data, x.chunks[self.axis], sizes)
        return assemble_chunks(x, self.axis, plan, sizes, self.result_dtype(x.dtype))

    def _rmatvec(self, y: da.Array) -> da.Array:
        if isinstance(y, np.ndarray):
            return one_array(self._on_numpy(y, 1))
        # The chunks that the second half of the data has.
        ends = np.cumsum(y.chunks[self.axis])
        sizes = tuple(np.diff([0, *(ends[ends >= self.nsym] - self.nsym + 1)]).tolist())
        data = np.arange(2 * self.nsym - 1)
        plan = index_plan(data, abs(data - self.nsym + 1), y.chunks[self.axis], sizes)
        return self.domain.fit(
            assemble_chunks(y, self.axis, plan, sizes, self.result_dtype(y.dtype, 1), add=True)
        )
