"""Sparse matrices along one axis, cut to the chunks they meet."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import scipy.sparse as sp
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.rechunk import split_longest_axis
from pylops_distributed.compat.dask import Task, TaskRef
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.blockwise.halo_tasks import Array


class AlongAxis(LinearOperator):
    r"""Multiplication along an axis with a sparse matrix, most of whose chunks are empty.

    Forward :math:`y_{i\ldots} = \sum_j A_{ij} x_{j\ldots}`, adjoint
    :math:`x_{j\ldots} = \sum_i A_{ij}^* y_{i\ldots}`, in one task a chunk of the result, which takes the chunks
    that its part of the matrix meets.

    Parameters
    ----------
    matrix : scipy.sparse matrix
        Matrix of shape ``(n, dims[axis])``.
    dims : tuple of int
        Shape of the model.
    axis : int
        Axis of ``dims``, counted from the front.
    dtype : dtype
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    """

    domain: Space

    def __init__(
        self,
        matrix: sp.csr_array,
        dims: tuple[int, ...],
        axis: int,
        dtype: DTypeLike,
        name: str | None = None,
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.matrix, self.axis = sp.csr_array(matrix).astype(dtype), axis
        dimsd = (*dims[:axis], matrix.shape[0], *dims[axis + 1 :])
        super().__init__(
            domain=Space.of(dims, dtype, chunks), codomain=Space.of(dimsd, dtype), compute=compute, name=name
        )

    def _matvec(self, x: da.Array) -> da.Array:
        return self._multiply(x, self.matrix, 0)

    def _rmatvec(self, y: da.Array) -> da.Array:
        adjoint = self.matrix.conj() if self.matrix.dtype.kind == "c" else self.matrix
        return self.domain.fit(self._multiply(y, adjoint.T.tocsr(), 1))

    def _multiply(self, x: da.Array, matrix: sp.csr_array, way: int) -> da.Array:
        into = split_longest_axis(matrix.shape[0], x.numblocks[self.axis])
        return multiply_along(x, matrix, self.axis, into, self.result_dtype(x.dtype, way))


def multiply_along(
    x: da.Array, matrix: sp.csr_array, axis: int, into: tuple[int, ...], dtype: DTypeLike
) -> da.Array:
    """Product of a sparse matrix with ``x`` along an axis, with the chunks ``into`` along that axis."""
    kind, sizes = np.dtype(dtype), x.chunks[axis]
    ends = np.cumsum(sizes)
    token = tokenize(x.name, matrix, axis, into, kind)
    name = f"along-{token}"
    chunks = (*x.chunks[:axis], into, *x.chunks[axis + 1 :])
    before, after = (list(product(*map(range, n))) for n in (x.numblocks[:axis], x.numblocks[axis + 1 :]))
    tasks: dict[Any, Any] = {}
    for j, (low, high) in enumerate(pairwise(np.cumsum([0, *into]).tolist())):
        rows = matrix[low:high]
        met = np.unique(np.searchsorted(ends, rows.indices, "right")).tolist() or [0]
        columns = np.concatenate([np.arange(ends[i] - sizes[i], ends[i]) for i in met])
        part = rows[:, columns]
        for head, tail in product(before, after):
            key = (name, *head, j, *tail)
            blocks = (TaskRef((x.name, *head, i, *tail)) for i in met)
            tasks[key] = Task(key, _multiply, *blocks, matrix=part, axis=axis, dtype=kind)
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[x])
    return da.Array(graph, name, chunks, meta=np.empty((0,) * x.ndim, kind))


def _multiply(*blocks: Array, matrix: object, axis: int, dtype: DTypeLike) -> Array:
    block = blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=axis)
    return apply_along(block, matrix, axis).astype(dtype, copy=False)


def apply_along(block: Array, matrix: sp.csr_array, axis: int, adjoint: bool = False) -> Array:
    """Product of a matrix, dense or sparse, or of its adjoint, with a block along an axis."""
    if adjoint:
        matrix = (matrix.conj() if np.iscomplexobj(matrix) else matrix).T
    columns = np.moveaxis(block, axis, 0)
    y = matrix @ columns.reshape(len(columns), -1)
    return np.ascontiguousarray(np.moveaxis(y.reshape(len(y), *columns.shape[1:]), 0, axis))
