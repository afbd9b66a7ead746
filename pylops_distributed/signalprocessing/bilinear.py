"""Bilinear interpolation along the first two axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import scipy.sparse as sp
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.typing import Key
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.blockwise.contraction import contract
from pylops_distributed.compat.dask import DataNode
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.signalprocessing.positions import check_unique
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike, NDArray

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


class Bilinear(LinearOperator):
    r"""Bilinear interpolation along the first two axes at any positions.

    With positions :math:`(p_k, q_k)`, :math:`i = \lfloor p_k \rfloor`, :math:`j = \lfloor q_k \rfloor`,
    :math:`u = p_k - i` and :math:`v = q_k - j`, the forward is

    .. math::
        y_k = (1-u)(1-v)\,x_{i,j} + (1-u)\,v\,x_{i,j+1} + u\,(1-v)\,x_{i+1,j} + u\,v\,x_{i+1,j+1}

    and the adjoint its transpose. Each chunk of the model has a separate sparse matrix; the data are whole
    along the positions.

    Parameters
    ----------
    iava : array_like
        Positions in samples, of shape ``(2, n)``, different from each other, and before the last samples;
        negative ones count from the end.
    dims : tuple of int
        Shape of the model.
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
        If ``iava`` has another shape, positions are equal, or one is outside of the model.

    See Also
    --------
    pylops.signalprocessing.Bilinear : the local operator.

    References
    ----------
    .. [1] Thevenaz, P., T. Blu, and M. Unser, 2000, Interpolation revisited: IEEE Transactions on Medical Imaging, 19,
       739-758, doi:10.1109/42.875199.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.bilinear import Bilinear
    >>> x = da.arange(4.0, chunks=2)[:, None] + 10 * da.arange(4.0, chunks=2)[None, :]
    >>> (Bilinear([[0.5, 1.25], [2.0, 0.5]], (4, 4)) @ x).compute()
    array([20.5 ,  6.25])
    """

    domain: Space
    narrow = (False, True)

    def __init__(
        self,
        iava: ArrayLike,
        dims: Iterable[int],
        forceflat: bool | None = None,
        dtype: DTypeLike = "float64",
        name: str | None = "B",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model, positions = shape_of(dims), np.asarray(iava, float)
        if positions.ndim != 2 or len(positions) != 2:
            raise ValueError(f"iava must have shape (2, n), got {positions.shape}")
        check_unique(positions)
        limits = np.array(model[:2])[:, None] - 1
        if np.any(positions < -limits - 1) or np.any(positions >= limits):
            raise ValueError(f"positions of iava must lie before the last samples {limits.ravel()}")
        self.iava, kind = positions, np.dtype(dtype)
        dimsd = (positions.shape[1], *model[2:])
        super().__init__(
            domain=Space.of(model, kind, chunks), codomain=Space.of(dimsd, kind),
            forceflat=forceflat if len(model) == 2 else None, compute=compute, name=name,
        )  # fmt: skip

    @property
    def iava_t(self) -> NDArray:
        """Samples before the positions along the first axis, of shape ``(n,)``."""
        return np.asarray(np.floor(self.iava[0]), int)

    @property
    def iava_b(self) -> NDArray:
        """Samples behind the positions along the first axis, of shape ``(n,)``."""
        return self.iava_t + 1

    @property
    def iava_l(self) -> NDArray:
        """Samples before the positions along the second axis, of shape ``(n,)``."""
        return np.asarray(np.floor(self.iava[1]), int)

    @property
    def iava_r(self) -> NDArray:
        """Samples behind the positions along the second axis, of shape ``(n,)``."""
        return self.iava_l + 1

    @property
    def weights_tb(self) -> NDArray:
        """Weights of ``iava_b``, of shape ``(n,)``, with axes of length 1 for those behind the second."""
        return self._fractions(0)

    @property
    def weights_lr(self) -> NDArray:
        """Weights of ``iava_r``, shaped as ``weights_tb``."""
        return self._fractions(1)

    def _fractions(self, axis: int) -> NDArray:
        part = np.asarray(self.iava[axis] - np.floor(self.iava[axis]), self.dtype)
        return part.reshape(-1, *(1,) * (len(self.dims) - 2))

    def _matvec(self, x: da.Array) -> da.Array:
        data, rest = x.ndim, tuple(range(2, x.ndim))
        weights = self._weights(x.chunks[:2])
        dtype = np.result_type(self.dtype, x.dtype)
        return contract(_take, [(x, (0, 1, *rest)), (weights, (data, 0, 1))], (data, *rest), dtype)

    def _rmatvec(self, y: da.Array) -> da.Array:
        data, rest = y.ndim + 1, tuple(range(2, y.ndim + 1))
        pinned = self.domain.chunks
        chunks = pinned[:2] if pinned else da.core.normalize_chunks("auto", self.dims[:2], dtype=self.dtype)
        weights = self._weights(chunks)
        dtype = np.result_type(self.dtype, y.dtype)
        return self.domain.fit(
            contract(_give, [(weights, (data, 0, 1)), (y, (data, *rest))], (0, 1, *rest), dtype)
        )

    def _weights(self, chunks: tuple[tuple[int, ...], ...]) -> da.Array:
        """The weights of the samples of each chunk of the model, as blocks of an array."""
        kind, n = self.dtype, self.iava.shape[1]
        rows, samples, weights = _corners(self.iava)
        samples = np.where(samples < 0, samples + np.array(self.dims[:2])[:, None], samples)
        name = f"weights-{tokenize(self.iava, chunks, kind)}"
        tasks: dict[Key, DataNode] = {}
        for a, (low, high) in enumerate(pairwise(np.cumsum([0, *chunks[0]]).tolist())):
            for b, (left, right) in enumerate(pairwise(np.cumsum([0, *chunks[1]]).tolist())):
                i, j = samples[0] - low, samples[1] - left
                shape = (high - low, right - left)
                inside = (i >= 0) & (i < shape[0]) & (j >= 0) & (j < shape[1])
                places = rows[inside], i[inside] * shape[1] + j[inside]
                matrix = sp.csr_array((weights[inside], places), shape=(n, shape[0] * shape[1])).astype(kind)
                tasks[(name, 0, a, b)] = DataNode((name, 0, a, b), Weights(matrix, shape))
        graph = HighLevelGraph.from_collections(name, tasks, dependencies=[])
        return da.Array(graph, name, ((n,), *chunks), meta=np.empty((0, 0, 0), kind))


@dataclass(frozen=True)
class Weights:
    """A sparse matrix from a chunk of two axes, flattened, to all data."""

    matrix: Any
    shape: tuple[int, int]


def _corners(iava: Array) -> tuple[Array, Array, Array]:
    """Row, sample and weight of the four neighbours of all positions."""
    low = np.floor(iava).astype(int)
    part = iava - low
    samples, weights = [], []
    for a in (0, 1):
        for b in (0, 1):
            samples.append(low + np.array([[a], [b]]))
            weights.append((part[0] if a else 1 - part[0]) * (part[1] if b else 1 - part[1]))
    return np.tile(np.arange(iava.shape[1]), 4), np.concatenate(samples, axis=1), np.concatenate(weights)


def _take(x: Array, weights: Weights) -> Array:
    rest = x.shape[2:]
    return np.asarray(weights.matrix @ x.reshape(x.shape[0] * x.shape[1], -1)).reshape(-1, *rest)


def _give(weights: Weights, y: Array) -> Array:
    return np.asarray(weights.matrix.T @ y.reshape(len(y), -1)).reshape(*weights.shape, *y.shape[1:])
