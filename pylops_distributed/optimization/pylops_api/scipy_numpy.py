"""SciPy's own solvers for systems of NumPy arrays, which no graph and no step of ours need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dask.array as da
import numpy as np
import scipy.sparse.linalg as sla

from pylops_distributed.errors import NotFiniteError
from pylops_distributed.graph.purity import check_pure
from pylops_distributed.optimization.solver_inputs import as_numpy_vector
from pylops_distributed.vectors.namespace import in_memory
from pylops_distributed.vectors.space import (
    AnySpace,
    Vector,
    VectorLike,
    as_floating,
    flatten,
    reshape,
    unflatten,
)

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.vectors.types import DType, NDArray, Results


class FlatOperator:
    """An operator on flat NumPy vectors, which ends a solve at the first number that is not finite.

    Parameters
    ----------
    op : LinearOperator
        Operator that holds no Dask array.
    damp : float, optional
        Added to the diagonal.

    Attributes
    ----------
    kind : dtype
        Type of the newest product: SciPy's solvers continue in double precision.
    """

    def __init__(self, op: LinearOperator, damp: float = 0.0) -> None:
        self.shape, self.dtype = op.shape, op.dtype
        self.op, self.damp, self.kind = op, damp, np.dtype(op.dtype)

    def matvec(self, x: da.Array) -> NDArray:
        """The forward of a flat vector of shape ``(M,)``."""
        y = self._finite(flatten(self.op.apply(unflatten(x.ravel(), self.op.domain))))
        return y + self.damp * x.ravel() if self.damp else y

    def rmatvec(self, x: da.Array) -> NDArray:
        """The adjoint of a flat vector of shape ``(N,)``."""
        return self._finite(flatten(self.op.apply_adjoint(unflatten(x.ravel(), self.op.codomain))))

    def _finite(self, product: object) -> NDArray:
        y = np.asarray(product)
        self.kind = y.dtype
        if not np.isfinite(y.sum()) and not np.isfinite(y).all():
            raise NotFiniteError("a product is NaN or infinite")
        return y


class NumPySystem:
    """An operator, data and a first model that are all in memory, and finite.

    Parameters
    ----------
    op : LinearOperator
        Operator.
    data : array of shape (N,)
        Data.
    start : array of shape (M,), optional
        First model.
    """

    def __init__(self, op: LinearOperator, data: NDArray, start: NDArray | None) -> None:
        self.op, self.data, self.start = op, data, start

    @classmethod
    def of(cls, op: LinearOperator, y: VectorLike, x0: VectorLike | None) -> NumPySystem | None:
        """The system; None if an array is lazy or has NaN or infinity, and for data of zero with a start."""
        if op.holds_dask or not in_memory(y, x0):
            return None
        data = _flat(y, op.dtype, op.codomain)
        start = None if x0 is None else _flat(x0, op.dtype, op.domain)
        finite = all(np.isfinite(v).all() for v in (data, start) if v is not None)
        # SciPy's LSQR divides by the norm of the data, also where they are zero and the start is not.
        unmeasured = start is not None and not data.any()
        if unmeasured or not finite:
            return None
        check_pure(op)
        return cls(op, data, start)

    def lsqr(self, **settings: object) -> tuple[Vector, Results] | None:
        """Model and further results of :func:`scipy.sparse.linalg.lsqr`; None if a number is not finite."""
        flat = FlatOperator(self.op)
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                x, *rest = sla.lsqr(flat, self.data, x0=self.start, **settings)
        except NotFiniteError:
            return None
        return None if (model := self._model(x, flat.kind)) is None else (model, tuple(rest))

    def cg(self, damp: float, **settings: object) -> tuple[Vector, int, int] | None:
        """Model, SciPy's code and number of steps of :func:`scipy.sparse.linalg.cg`; None if not finite."""
        flat, steps = FlatOperator(self.op, damp), list[None]()
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                x, info = sla.cg(
                    flat, self.data, self.start, callback=lambda _: steps.append(None), **settings
                )
        except NotFiniteError:
            return None
        return None if (model := self._model(x, flat.kind)) is None else (model, int(info), len(steps))

    def _model(self, x: da.Array, kind: DType) -> Vector | None:
        """A flat model in the layout of the operator and of type ``kind``."""
        return unflatten(x.astype(kind, copy=False), self.op.domain) if np.isfinite(x).all() else None


def _flat(x: VectorLike, dtype: DType, space: AnySpace) -> NDArray:
    return np.asarray(flatten(reshape(as_floating(as_numpy_vector(x), dtype), space)))
