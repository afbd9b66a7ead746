"""Sampling at given indices along one axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import as_columns, axes_of, shape_of
from pylops_distributed.blockwise.assembly import Array, assemble_chunks, index_plan
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ArrayLike, ChunksLike, DType, NDArray


class Restriction(LinearOperator):
    r"""Samples at the indices ``iava`` along an axis.

    Forward :math:`y_k = x_{l_k}`, adjoint :math:`x_i = \sum_{k: l_k = i} y_k`: indices may come in any order
    and more than once, and repeated ones add up. Only the samples asked for leave their chunk.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    iava : sequence of int
        Indices to take, of shape ``(n,)``, negative ones counted from the end.
    axis : int, optional
        Axis along which to take them.
    inplace : bool, optional
        Taken for compatibility: lazy arrays are never changed in place.
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

    Attributes
    ----------
    iava : numpy.ndarray
        The indices, of shape ``(n,)``, counted from the front.
    repeated : bool
        Whether some index occurs more than once.

    Raises
    ------
    TypeError
        If ``iava`` is not a vector of integers in memory.
    IndexError
        If an index is outside the axis.

    Notes
    -----
    Sorted indices give data with one chunk for each chunk of the model that is touched; for others the
    chunks are as long as the model's longest. The adjoint, unless ``chunks`` are given, has as many chunks
    along ``axis`` as the data.

    See Also
    --------
    pylops.Restriction

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: processing versus inversion: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Restriction
    >>> R = Restriction(5, [3, 0, 3])
    >>> (R.H @ (R @ da.arange(5.0, chunks=2))).compute()
    array([0., 0., 0., 6., 0.])
    """

    domain: Space
    narrow = (False, True)

    follows = (True, False)
    moves = True

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        dims: int | Iterable[int],
        iava: Sequence[int] | Array,
        axis: int = -1,
        inplace: bool = True,
        forceflat: bool | None = None,
        dtype: DTypeLike = "float64",
        name: str | None = "R",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        self.iava = _indices(iava, model[self.axis])
        self.repeated = bool(np.unique(self.iava).size < self.iava.size)
        dimsd = (*model[: self.axis], self.iava.size, *model[self.axis + 1 :])
        super().__init__(
            domain=Space.of(model, dtype, chunks), codomain=Space.of(dimsd, dtype),
            forceflat=forceflat if len(model) == 2 else None, compute=compute, name=name,
        )  # fmt: skip

    def _matvec(self, x: da.Array) -> da.Array:
        if isinstance(x, np.ndarray):
            taken: Any = np.take(x, self.iava, axis=self.axis).astype(self.result_dtype(x.dtype), copy=False)
            return one_array(taken)
        sizes = x.chunks[self.axis]
        dtype = self.result_dtype(x.dtype)
        return self._move(x, self.iava, np.arange(self.iava.size), self._datachunks(sizes), dtype, add=False)

    def _rmatvec(self, y: da.Array) -> da.Array:
        if isinstance(y, np.ndarray):
            return one_array(self._put(y))
        n, pinned = self.dims[self.axis], self.domain.chunks
        even = -(-n // y.numblocks[self.axis])
        into = pinned[self.axis] if pinned else da.core.normalize_chunks((even,), (n,))[0]
        return self.domain.fit(
            self._move(
                y, np.arange(self.iava.size), self.iava, into, self.result_dtype(y.dtype, 1), self.repeated
            )
        )

    def _put(self, y: NDArray) -> Any:
        """Samples where they came from, added up where several came from one place."""
        x = np.zeros(self.dims, self.result_dtype(y.dtype, 1))
        places: Any = (slice(None),) * self.axis + (self.iava,)
        if self.repeated:
            np.add.at(x, places, y)
        else:
            x[places] = y
        return x

    def _move(
        self, x: da.Array, source: Array, target: Array, into: tuple[int, ...], dtype: DType, add: bool
    ) -> da.Array:  # fmt: skip
        plan = index_plan(source, target, x.chunks[self.axis], into)
        return assemble_chunks(x, self.axis, plan, into, dtype, add)

    def _datachunks(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Chunks of the data for those of the model."""
        if not self.iava.size:
            return (0,)
        if np.all(np.diff(self.iava) >= 0):
            block = np.searchsorted(np.cumsum(sizes), self.iava, "right")
            return tuple(int(n) for n in np.unique(block, return_counts=True)[1])
        return da.core.normalize_chunks((max(sizes),), (self.iava.size,))[0]

    def mask(self, x: object) -> ArrayLike:
        """The model with all samples masked but those at ``iava``.

        Parameters
        ----------
        x : array
            Model, flat or shaped like ``dims``.

        Returns
        -------
        numpy.ma.MaskedArray or dask.array.Array
            Masked array shaped like ``dims``, zero where masked.

        Raises
        ------
        ValueError
            If an index occurs more than once.
        """
        if self.repeated:
            raise ValueError("some indices of iava are repeated: there is no mask of samples taken twice")
        kept = one_array(self.apply_adjoint(self.apply(self._array(x).reshape(self.dims))))
        hidden = np.ones(self.dims[self.axis], bool)
        hidden[self.iava] = False
        hidden = hidden.reshape([-1 if a == self.axis else 1 for a in range(len(self.dims))])
        if isinstance(kept, da.Array):
            masked: da.Array = da.ma.masked_array(
                kept, da.broadcast_to(hidden, self.dims, chunks=kept.chunks)
            )
            return masked
        return np.ma.masked_array(kept, np.broadcast_to(hidden, self.dims).copy())


def _indices(iava: object, n: int) -> Array:
    """Indices from the front along an axis of length ``n``."""
    if isinstance(iava, da.Array):
        raise TypeError("iava decides the shape of the data and must be known: give iava.compute()")
    indices = np.asarray(iava)
    if not indices.size:
        indices = indices.astype(np.int64)
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise TypeError(f"iava must be a vector of integers, got {indices.dtype} of shape {indices.shape}")
    indices = indices.astype(np.int64)
    if indices.size and (indices.min() < -n or indices.max() >= n):
        raise IndexError(f"iava goes from {indices.min()} to {indices.max()}, outside an axis of {n} samples")
    return np.where(indices < 0, indices + n, indices)


def some_columns(op: LinearOperator, cols: Sequence[int]) -> LinearOperator:
    """The operator whose matrix has only the columns ``cols`` of that of ``op``."""
    taken: LinearOperator = op @ Restriction(op.shape[1], as_columns(cols), dtype=op.dtype).H
    return taken
