"""An operator that remembers its results."""

from __future__ import annotations

from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.base import normalize_token, tokenize

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.vectors.space import BlockVector, Vector, arrays_of
from pylops_distributed.vectors.types import Settings


class MemoizeOperator(LinearOperator):
    r"""An operator :math:`\mathbf A` that returns its earlier result when the same array comes again.

    Forward :math:`\mathbf y = \mathbf A \mathbf x`, adjoint :math:`\mathbf x = \mathbf A^H \mathbf y`.

    Lazy arrays are the same if their Dask keys are: their graphs are compared, not their samples, and nothing is
    computed to compare. Arrays of equal contents have equal keys (:func:`dask.array.from_array` names them by
    contents), results of equal operations too. NumPy arrays are the same if type, shape and samples are. In one
    computation Dask does nothing twice anyway, so without ``persist`` this operator only saves the time to build a
    graph again. With ``persist`` results are computed when they are asked for first, on the workers, and kept there:
    a later application in another computation costs nothing.
    Copies of the operator in other processes begin with an empty memory.

    Parameters
    ----------
    Op : LinearOperator
        Operator of this library or of PyLops.
    max_neval : int, optional
        Number of results to remember; the oldest is forgotten first.
    persist : bool, optional
        Compute results when applied, and keep their chunks in memory.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    neval : int
        How many times the operator has been applied really.

    See Also
    --------
    pylops.MemoizeOperator : the local operator, which compares samples, and which takes what it knows of the forward
        for the inverse in the adjoint; here each has its own memory.

    References
    ----------
    .. [1] Michie, D., 1968, "Memo" functions and machine learning: Nature, 218, 19-22, doi:10.1038/218019a0.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import FirstDerivative, MemoizeOperator
    >>> M = MemoizeOperator(FirstDerivative(8))
    >>> M @ da.ones(8, chunks=4) is M @ da.ones(8, chunks=4), M.neval
    (True, 1)
    """

    takes_numpy = True

    def __init__(
        self,
        Op: object,
        max_neval: int = 10,
        *,
        persist: bool = False,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.Op, self.max_neval, self.persist = aslinearoperator(Op), max_neval, persist
        self.store: dict[tuple[Any, ...], Vector] = {}
        self.neval = 0
        super().__init__(
            domain=self.Op.domain, codomain=self.Op.codomain, dtype=self.Op.dtype, clinear=self.Op.clinear,
            forceflat=self.Op.forceflat, compute=compute, name=self.Op.name,
        )  # fmt: skip

    def _matvec(self, x: Vector) -> Vector:
        return self._cached_result(x, adjoint=False)

    def _rmatvec(self, y: Vector) -> Vector:
        return self._cached_result(y, adjoint=True)

    def _cached_result(self, x: Vector, adjoint: bool) -> Vector:
        key = (adjoint, *map(_array_key, arrays_of(x)))
        if key not in self.store:
            y = self.Op.apply_adjoint(x) if adjoint else self.Op.apply(x)
            self.neval += 1
            while len(self.store) >= self.max_neval:
                del self.store[next(iter(self.store))]
            self.store[key] = _persisted(y) if self.persist else y
        return _unshared(self.store[key])

    def __getstate__(self) -> Settings:
        return {**vars(self), "store": {}, "neval": 0}

    def __dask_tokenize__(self) -> object:
        return normalize_token((type(self), self.Op, self.max_neval, self.persist))


def _array_key(a: da.Array) -> str:
    key: str = tokenize(a) if isinstance(a, np.ndarray) else a.name
    return key


def _unshared(y: Vector) -> Vector:
    """A remembered vector that users may write to: of NumPy arrays, copies."""
    if isinstance(y, BlockVector):
        return y if isinstance(y.arrays[0], da.Array) else y.map(np.copy)
    return y.copy() if isinstance(y, np.ndarray) else y


def _persisted(y: Vector) -> Vector:
    if isinstance(y, BlockVector):
        return BlockVector(tuple(dask.persist(*y.arrays)))
    (persisted,) = dask.persist(y)  # which leaves NumPy arrays as they are
    vector: da.Array = persisted
    return vector
