"""Golub-Kahan bidiagonalisation, one step at a time: what LSQR and LSMR have in common."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import dask.array as da
import numpy as np

from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.arithmetic import axpy, norm, squared_norm, vdot
from pylops_distributed.vectors.elementwise import elementwise, zero_model
from pylops_distributed.vectors.joint import parts
from pylops_distributed.vectors.space import AnySpace, BlockSpace, BlockVector, Vector, arrays_of
from pylops_distributed.vectors.types import NDArray, Scalar


def quotient(a: NDArray | float, b: NDArray | float) -> NDArray:
    """``a / b`` of NumPy numbers; 0 where ``b`` is 0 or the quotient overflows, NaN where either is not finite."""
    value: Any = (
        float(a) / float(b) if b else 0.0
    )  # overflows in silence; NumPy's would need a context for that
    if isinstance(a, float) and isinstance(b, float):
        kind: Any = np.float64
    else:
        kind = np.result_type(a, b).type
    if not value or not isfinite(value):  # not often, so that most quotients are checked once
        value = 0.0 if isfinite(a) and isfinite(b) else np.nan
    quotient: NDArray = kind(value)
    return quotient


def _advance(image: NDArray, before: NDArray, a: NDArray, b: NDArray) -> NDArray:
    result: NDArray = quotient(1, a) * image - quotient(a, b) * before
    return result


@dataclass(frozen=True)
class Bidiagonal:
    r"""The vectors :math:`\beta\mathbf{u}` and :math:`\alpha\mathbf{v}` of the newest step, with their norms.

    They are kept with their norms, so that dividing by them takes no extra pass.

    Parameters
    ----------
    u : dask.array.Array or Blocks
        Vector of the codomain, of norm ``beta``.
    v : dask.array.Array or Blocks
        Vector of the domain, of norm ``alfa``; with a preconditioner, after it.
    p : dask.array.Array or Blocks
        ``v`` before the preconditioner, and ``v`` itself without one.
    alfa, beta : dask.array.Array
        The norms.
    """

    u: Vector
    v: Vector
    p: Vector
    alfa: Any
    beta: Any

    @classmethod
    def start(cls, op: LinearOperator, u: Vector, M: LinearOperator | None = None) -> Bidiagonal:
        """Before the first step, from a residual."""
        beta = norm(u)
        return cls(u, *_right(elementwise(_scaled, op.apply_adjoint(u), beta), M), beta)

    def step(self, op: LinearOperator, M: LinearOperator | None = None) -> Bidiagonal:
        """After one forward and one adjoint."""
        u = elementwise(_advance, op.apply(self.v), self.u, self.alfa, self.beta)
        beta = norm(u)
        p = elementwise(_advance, op.apply_adjoint(u), self.p, beta, self.alfa)
        return Bidiagonal(u, *_right(p, M), beta)


def _scaled(x: NDArray, a: NDArray) -> NDArray:
    return quotient(1, a) * x


def unit(x: Vector, size: Scalar) -> Vector:
    """``x / size``, and zero where ``size`` is."""
    return elementwise(_scaled, x, size)


def _right(p: Vector, M: LinearOperator | None) -> tuple[Vector, Vector, da.Array]:
    v = p if M is None else M.apply(p)
    return v, p, (squared_norm(p) if M is None else vdot(p, v).real) ** 0.5


@dataclass(frozen=True)
class Damped:
    r"""The operator :math:`[\mathbf{Op};\ \epsilon\mathbf{I}]`, whose least squares are damped ones.

    Parameters
    ----------
    op : LinearOperator
        Operator.
    damp : float
        Damping :math:`\epsilon`.
    """

    op: LinearOperator
    damp: float

    def apply(self, x: Vector) -> BlockVector:
        """Forward."""
        return BlockVector((*arrays_of(self.op.apply(x)), *arrays_of(elementwise(_times, x, self.damp))))

    def apply_adjoint(self, u: BlockVector) -> Vector:
        """Adjoint."""
        count = len(parts(self.op.codomain))
        data, model = _vector(u.arrays[:count], self.op.codomain), _vector(u.arrays[count:], self.op.domain)
        return axpy(self.damp, model, self.op.apply_adjoint(data))

    def residual(self, y: Vector, x: Vector) -> BlockVector:
        """Data with zero below, less the forward of a model."""
        model = elementwise(_times, x, -self.damp)
        return BlockVector((*arrays_of(self.op.codomain.fit(y) - self.op.apply(x)), *arrays_of(model)))


def _vector(arrays: tuple[da.Array, ...], space: AnySpace) -> Vector:
    return BlockVector(arrays) if isinstance(space, BlockSpace) else arrays[0]


def _times(x: NDArray, a: float) -> NDArray:
    return a * x


def system_of(op: LinearOperator, u: Vector, damp: float) -> tuple[Any, float]:
    """The operator that a left vector belongs to, and the damping that it does not include."""
    if len(arrays_of(u)) == len(parts(op.codomain)):
        return op, damp
    return Damped(op, damp), 0.0


def start_bidiagonalisation(
    op: LinearOperator, y: Vector, x0: Vector | None, M: LinearOperator | None = None, damp: float = 0.0
) -> tuple[Vector, Bidiagonal]:
    """The initial model and the bidiagonalisation before its first step.

    With ``damp`` it is that of :class:`Damped`.
    """
    if damp:
        x = zero_model(op, op.apply_adjoint(op.codomain.fit(y))) if x0 is None else op.domain.fit(x0)
        system: Any = Damped(op, damp)
        return x, Bidiagonal.start(system, system.residual(y, x), M)
    if x0 is not None:
        x = op.domain.fit(x0)
        return x, Bidiagonal.start(op, y - op.apply(x), M)
    first = Bidiagonal.start(op, op.codomain.fit(y), M)
    return zero_model(op, first.v), first


def stop_code(
    tests: tuple[NDArray | float, NDArray | float, NDArray | float],
    size: NDArray | float,
    atol: float,
    btol: float,
    conlim: float,
) -> int:
    """The reason to stop, as Paige and Saunders number it; 0 to continue.

    Parameters
    ----------
    tests : tuple of float
        Relative residual, relative gradient, and inverse condition number.
    size : float
        Norm of the operator times that of the model, relative to that of the data.
    atol, btol, conlim : float
        Tolerances of the solver.
    """
    residual, gradient, inverse = tests
    held = (
        residual <= btol + atol * size,
        gradient <= atol,
        conlim > 0 and inverse <= 1 / conlim,
        1 + residual / (1 + size) <= 1,
        1 + gradient <= 1,
        1 + inverse <= 1,
    )
    return next((code for code, holds in enumerate(held, 1) if holds), 0)
