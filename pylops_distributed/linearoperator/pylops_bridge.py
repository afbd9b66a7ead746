"""The bridge to PyLops, both ways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import dask.array as da
import numpy as np
import pylops

from pylops_distributed.compat.malloc import as_aligned
from pylops_distributed.graph.purity import apply_by_parts, read_only
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space, flatten, unflatten
from pylops_distributed.vectors.types import ChunksLike, NDArray


def _apply(block: NDArray, op: Any, axes: tuple[int, ...], dims: tuple[int, ...], adjoint: bool) -> NDArray:
    """Apply a local operator along ``axes`` of a block, all other axes being columns."""
    last = tuple(range(-len(axes), 0))
    columns = np.moveaxis(as_aligned(block), axes, last)
    batch = columns.shape[: block.ndim - len(axes)]
    matrix = columns.reshape(-1, op.shape[0 if adjoint else 1]).T
    if matrix.shape[1] == 1:
        image = apply_by_parts(op.rmatvec if adjoint else op.matvec, op, matrix[:, 0])[:, None]
    else:
        image = apply_by_parts(op.rmatmat if adjoint else op.matmat, op, matrix)
    return np.moveaxis(image.T.reshape(*batch, *dims), last, axes)


class LocalOperator(LinearOperator):
    """A PyLops (or SciPy) operator applied to chunked arrays, block by block.

    The operator acts along ``axes``, each of which must lie in one chunk and is rechunked so if it does not;
    along all other axes the blocks are independent and stay as they are. Without ``dims`` the operator takes
    the whole array, in one task.

    Parameters
    ----------
    op : pylops.LinearOperator or scipy.sparse.linalg.LinearOperator
        Local operator; it must pickle to run on other processes.
    dims : tuple of int, optional
        Shape of the model with the axes along which the operator is repeated; default ``op.dims``.
    axes : tuple of int, optional
        Axes of ``dims`` on which ``op`` acts, in the order of ``op.dims``; default all of ``dims``.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If ``axes`` of ``dims`` do not have the shape that ``op`` expects.

    Examples
    --------
    >>> import dask.array as da, pylops
    >>> from pylops_distributed import aslinearoperator
    >>> traces = aslinearoperator(pylops.FirstDerivative(50), dims=(50, 8), axes=(0,))
    >>> (traces @ da.ones((50, 8), chunks=(50, 2))).numblocks
    (1, 4)
    """

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        op: object,
        dims: tuple[int, ...] | None = None,
        axes: tuple[int, ...] | None = None,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.op = op if isinstance(op, pylops.LinearOperator) else pylops.aslinearoperator(op)
        local, locald = _ints(self.op.dims), _ints(self.op.dimsd)
        dims = local if dims is None else _ints(dims)
        self.axes = tuple(range(len(dims))) if axes is None else tuple(a % len(dims) for a in axes)
        if tuple(dims[a] for a in self.axes) != local:
            raise ValueError(
                f"axes {self.axes} of dims {dims} do not have the shape {local} that {op!r} expects"
            )
        whole = len(self.axes) == len(dims)
        if not whole and len(locald) != len(local):
            locald = (self.op.shape[0],) if len(local) == 1 else local
        dimsd = locald if whole else tuple(
            locald[self.axes.index(a)] if a in self.axes else n for a, n in enumerate(dims)
        )  # fmt: skip
        self._local = {False: local, True: locald}
        dtype = np.dtype(self.op.dtype or float)
        super().__init__(
            domain=Space.of(dims, dtype, chunks), codomain=Space(dimsd, dtype), dtype=dtype, clinear=self.op.clinear,
            explicit=False, forceflat=self.op.forceflat, compute=compute, name=self.op.name,
        )  # fmt: skip

    def _lift(self, x: da.Array, adjoint: bool) -> da.Array:
        target = self.domain if adjoint else self.codomain
        axes = self.axes
        if isinstance(x, np.ndarray):
            return self._lift_numpy(x, adjoint, target.shape)
        if len(axes) == len(self.dims):  # acts on everything: the number of axes may change
            whole = x.rechunk(-1)
            indices = tuple(range(100, 100 + len(target.shape)))
            return da.blockwise(
                _apply_whole, indices, whole, tuple(range(x.ndim)), op=self.op, dims=target.shape, adjoint=adjoint,
                new_axes=dict(zip(indices, target.shape, strict=True)), concatenate=True,
                dtype=np.result_type(self.dtype, x.dtype), meta=np.empty((0,) * len(indices), self.dtype),
            )  # fmt: skip
        x = x.rechunk(dict.fromkeys(axes, -1))
        chunks = tuple((target.shape[a],) if a in axes else c for a, c in enumerate(x.chunks))
        return x.map_blocks(
            _apply, op=self.op, axes=axes, dims=self._local[not adjoint], adjoint=adjoint,
            chunks=chunks, dtype=np.result_type(self.dtype, x.dtype), meta=np.empty((0,) * x.ndim, self.dtype),
        )  # fmt: skip

    def _lift_numpy(self, x: NDArray, adjoint: bool, shape: tuple[int, ...]) -> NDArray:
        if len(self.axes) == len(self.dims):
            return _apply_whole(x, self.op, shape, adjoint)
        return _apply(x, self.op, self.axes, self._local[not adjoint], adjoint)

    def _matvec(self, x: da.Array) -> da.Array:
        return self._lift(x, adjoint=False)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._lift(y, adjoint=True)


def _apply_whole(block: NDArray, op: Any, dims: tuple[int, ...], adjoint: bool) -> NDArray:
    y: NDArray = apply_by_parts(
        op.rmatvec if adjoint else op.matvec, op, read_only(as_aligned(block)).ravel()
    )
    return y.reshape(dims)


def _ints(dims: int | Iterable[int]) -> tuple[int, ...]:
    return (int(dims),) if isinstance(dims, int | np.integer) else tuple(int(n) for n in dims)


class ComputingOperator(pylops.LinearOperator):
    """A distributed operator as a local one: NumPy arrays in, computed NumPy arrays out.

    Parameters
    ----------
    op : LinearOperator
        Distributed operator.
    """

    def __init__(self, op: LinearOperator) -> None:
        self.distributed = op
        super().__init__(
            dtype=op.dtype,
            dims=op.dims,
            dimsd=op.dimsd,
            clinear=op.clinear,
            forceflat=op.forceflat,
            name=op.name,
        )

    def _matvec(self, x: da.Array) -> object:
        op = self.distributed
        return np.asarray(flatten(op.apply(unflatten(x, op.domain))))

    def _rmatvec(self, x: da.Array) -> object:
        op = self.distributed
        return np.asarray(flatten(op.apply_adjoint(unflatten(x, op.codomain))))
