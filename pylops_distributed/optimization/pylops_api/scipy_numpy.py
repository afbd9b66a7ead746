"""SciPy's own solvers for systems of NumPy arrays, which no graph and no step of ours need."""

from __future__ import annotations

from cmath import isfinite
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import scipy.sparse.linalg as sla

from pylops_distributed.errors import NotFiniteError
from pylops_distributed.graph.purity import check_pure
from pylops_distributed.linearoperator.flat_passes import FlatPass, flat_pass
from pylops_distributed.optimization.solver_inputs import as_numpy_vector
from pylops_distributed.vectors.arithmetic import norm
from pylops_distributed.vectors.namespace import holds_dask
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
    from pylops_distributed.vectors.types import DType, NDArray, Options, Results


# How SciPy's numbers after the model (istop, itn, r1norm, r2norm, anorm, acond, arnorm, xnorm, var) change where data,
# or the operator, are multiplied by a factor: powers of the factor.
_WITH_DATA = (0, 0, 1, 1, 0, 0, 1, 1, 0)
_WITH_OPERATOR = (0, 0, 0, 0, 1, 0, 1, -1, -2)
_SMALL, _LARGE = 1e-3, 1e3  # between these, data and operators are taken as they are


class _OutOfScaleError(Exception):
    """An operator's norm is far from 1."""


@dataclass(frozen=True)
class Passes:
    """Forward and adjoint, of flat NumPy vectors, of an operator that was found to be pure."""

    forward: FlatPass
    adjoint: FlatPass

    @classmethod
    def of(cls, op: LinearOperator) -> Passes:
        """The passes of an operator that holds no Dask array."""
        check_pure(op)
        return cls(flat_pass(op, 0), flat_pass(op, 1))


class FlatOperator(sla.LinearOperator):
    """An operator on flat NumPy vectors, which ends a solve at the first number that is not finite.

    SciPy's solvers call it as it is: they would wrap an object of another class, at a few microseconds a product.

    Parameters
    ----------
    op : LinearOperator
        Operator that holds no Dask array.
    passes : Passes
        Its forward and adjoint.
    damp : float, optional
        Added to the diagonal.
    factor : float, optional
        Products are multiplied by it. By default the first adjoint raises an error if a factor is needed, and sets it.

    Attributes
    ----------
    kind : dtype
        Type of the newest product: SciPy's solvers continue in double precision.
    """

    def __init__(
        self, op: LinearOperator, passes: Passes, damp: float = 0.0, factor: float | None = None
    ) -> None:
        super().__init__(op.dtype, op.shape)
        self.factor, self.damp, self.kind = factor, damp, np.dtype(op.dtype)
        self.forward, self.backward = passes.forward, passes.adjoint

    def matvec(self, x: da.Array) -> NDArray:
        """The forward of a flat vector of shape ``(M,)``."""
        y = self._scaled(self.forward(x))
        return y + self.damp * x if self.damp else y

    def rmatvec(self, x: da.Array) -> NDArray:
        """The adjoint of a flat vector of shape ``(N,)``."""
        back = self._scaled(self.backward(x))
        if self.factor is None:  # of a vector of norm 1
            # Its norm, not its largest number, which is small in any long vector.
            unit: Any = back
            self.factor = _power_of_two(float(norm(unit)))
            if self.factor != 1.0:
                raise _OutOfScaleError
        return back

    _matvec, _rmatvec = matvec, rmatvec

    def _scaled(self, product: object) -> NDArray:
        y = np.asarray(product)
        self.kind = y.dtype
        if not isfinite(y.dot(y)) and not np.isfinite(y).all():
            raise NotFiniteError("a product is NaN or infinite")
        return y * self.factor if self.factor not in (None, 1.0) else y


class NumPySystem:
    """An operator, data and a first model that are all in memory, and finite.

    Data far from 1 in size are multiplied by a power of two, and so is the operator for LSQR; results are divided by
    it: neither rounds. SciPy adds the rounding of 1 to a divisor of a stopping test, and squares of data and models in
    single precision do not fit in it; it would end the solve too early, in silence.

    Parameters
    ----------
    op : LinearOperator
        Operator.
    passes : Passes
        Its forward and adjoint.
    data : array of shape (N,)
        Data.
    start : array of shape (M,), optional
        First model.
    """

    def __init__(self, op: LinearOperator, passes: Passes, data: NDArray, start: NDArray | None) -> None:
        self.op, self.passes, self.scale = op, passes, _power_of_two(float(np.abs(data).max(initial=0.0)))
        self.data, self.start = data * self.scale, None if start is None else start * self.scale

    @classmethod
    def of(
        cls, op: LinearOperator, y: VectorLike, x0: VectorLike | None, passes: Passes | None = None
    ) -> NumPySystem | None:
        """The system; None if an array is lazy or has NaN or infinity, and for data of zero with a start.

        ``passes`` are those of a system with the same operator before.
        """
        if holds_dask(op, y, x0):
            return None
        data = _flat(y, op.dtype, op.codomain)
        start = None if x0 is None else _flat(x0, op.dtype, op.domain).copy()
        finite = all(np.isfinite(v).all() for v in (data, start) if v is not None)
        # SciPy's LSQR divides by the norm of the data, also where they are zero and the start is not.
        unmeasured = start is not None and not data.any()
        if unmeasured or not finite:
            return None
        return cls(op, passes or Passes.of(op), data, start)

    def lsqr(self, damp: float = 0.0, **settings: object) -> tuple[Vector, Results] | None:
        """Model and further results of :func:`scipy.sparse.linalg.lsqr`; None if a number is not finite."""
        flat = FlatOperator(self.op, self.passes)
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                x, *rest = self._lsqr(flat, damp, settings)
        except NotFiniteError:
            return None
        factor = flat.factor or 1.0
        powers = zip(rest, _WITH_DATA, _WITH_OPERATOR, strict=True)
        numbers = tuple(n / (self.scale**p * factor**q) if p or q else n for n, p, q in powers)
        model = self._model(x * factor, flat.kind)
        return None if model is None else (model, numbers)

    def _lsqr(self, flat: FlatOperator, damp: float, settings: Options) -> Results:
        """SciPy's results, of the operator times a factor where its norm is far from 1."""
        try:
            return tuple(sla.lsqr(flat, self.data, x0=self.start, damp=damp, **settings))
        except _OutOfScaleError:
            factor = flat.factor or 1.0
            start = None if self.start is None else self.start / factor
            return tuple(sla.lsqr(flat, self.data, x0=start, damp=damp * factor, **settings))

    def cg(self, damp: float, atol: float, **settings: object) -> tuple[Vector, int, int] | None:
        """Model, SciPy's code and number of steps of :func:`scipy.sparse.linalg.cg`; None if not finite."""
        flat, steps = FlatOperator(self.op, self.passes, damp, 1.0), list[None]()
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                x, info = sla.cg(
                    flat,
                    self.data,
                    self.start,
                    callback=lambda _: steps.append(None),
                    atol=atol * self.scale,
                    **settings,
                )
        except NotFiniteError:
            return None
        return None if (model := self._model(x, flat.kind)) is None else (model, int(info), len(steps))

    def _model(self, x: da.Array, kind: DType) -> Vector | None:
        """A flat model in the layout of the operator and of type ``kind``."""
        if not np.isfinite(x).all():
            return None
        return unflatten((x / self.scale).astype(kind, copy=False), self.op.domain)


def _power_of_two(size: float) -> float:
    """A factor that makes a size about 1; 1 where it is a usual one."""
    if not size or _SMALL < size < _LARGE:
        return 1.0
    # Within the range of single precision.
    return float(2.0 ** -np.clip(np.rint(np.log2(size)), -120, 120))


def _flat(x: VectorLike, dtype: DType, space: AnySpace) -> NDArray:
    return np.asarray(flatten(reshape(as_floating(as_numpy_vector(x), dtype), space)))
