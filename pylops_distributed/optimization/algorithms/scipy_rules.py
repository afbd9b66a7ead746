r"""LSQR and conjugate gradients that stop as SciPy's do."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pylops_distributed.execution.state import Reason, scalar
from pylops_distributed.optimization.algorithms.cg import CG, CGState
from pylops_distributed.optimization.algorithms.lsqr import LSQRAboutStart, LSQRState, Rules
from pylops_distributed.vectors.arithmetic import norm
from pylops_distributed.vectors.elementwise import elementwise, scalar_kind
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class ScipyLSQR(LSQRAboutStart):
    r"""LSQR with the stopping rules of :func:`scipy.sparse.linalg.lsqr`, one forward and one adjoint a step.

    Minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \epsilon^2\|\mathbf{x}-\mathbf{x}_0\|_2^2`:
    a start :math:`\mathbf{x}_0` is what damping pulls to.

    Parameters
    ----------
    niter, damp, calc_var, M
        As of :class:`~pylops_distributed.optimization.algorithms.lsqr.LSQR`.
    atol, btol : float
        Stop when :math:`\|\mathbf{r}\| \le btol\,\|\mathbf{y}\| + atol\,\|\mathbf{Op}\|\,\|\mathbf{x}\|` or
        :math:`\|\mathbf{Op}^H\mathbf{r}\| \le atol\,\|\mathbf{Op}\|\,\|\mathbf{r}\|`, with the norm of the
        operator as estimated so far.
    conlim : float
        Stop when the estimated condition number is above this value; zero for never.

    Notes
    -----
    All rules are relative: data in other units take the same steps. Once one of them holds, further steps change
    nothing.
    """

    atol: float = 1e-6
    btol: float = 1e-6
    calc_var: bool = False

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> LSQRState:
        """State before the first step, lazily."""
        first = super().init(op, y, x0)
        if x0 is None:
            return first
        # Residuals are measured against the data and not, as by PyLops, against the first of them.
        return replace(first, bnorm=elementwise(_or, norm(y), first.bnorm, dtype=scalar_kind(first.x)))

    @property
    def _resting(self) -> Rules:
        return self.atol, self.btol, self.conlim, True


@dataclass(frozen=True)
class ScipyCGState(CGState):
    """State of :class:`ScipyCG`: also the norm of the data."""

    kind: ClassVar[str] = "ScipyCGState"
    bnorm: Any = scalar("bnorm")


@dataclass(frozen=True)
class ScipyCG(CG):
    r"""Conjugate gradients with the stopping rule of :func:`scipy.sparse.linalg.cg`.

    Solves :math:`(\mathbf{Op} + \epsilon\mathbf{I})\,\mathbf{x} = \mathbf{y}` for a Hermitian, positive definite
    operator.

    Parameters
    ----------
    niter, damp, M
        As of :class:`~pylops_distributed.optimization.algorithms.cg.CG`.
    rtol, atol : float
        Stop when the norm of the residual is below the larger of ``rtol`` times the norm of the data and ``atol``.
    """

    rtol: float = 1e-5
    atol: float = 0.0

    state: ClassVar[type[CGState]] = ScipyCGState

    def done(self, state: CGState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        assert isinstance(state, ScipyCGState)
        # Data of zero have the model zero, whatever the start.
        if not state.bnorm or float(state.cost) < max(self.atol, self.rtol * float(state.bnorm)):
            return Reason.CONVERGED
        return Reason.NITER if state.iteration >= self.niter else None

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> ScipyCGState:
        """State before the first step, lazily."""
        first = super().init(op, y, x0)
        bnorm = elementwise(_as_real, norm(y), dtype=scalar_kind(first.r))
        x = first.x if x0 is None else elementwise(_unless_zero, bnorm, first.x)
        return self._with(replace(first, x=x), bnorm)

    def step(self, op: LinearOperator, y: Vector, state: CGState) -> ScipyCGState:
        """State after one more step, lazily."""
        assert isinstance(state, ScipyCGState)
        return self._with(super().step(op, y, state), state.bnorm)

    def _with(self, state: CGState, bnorm: Scalar) -> ScipyCGState:
        values = {f.name: getattr(state, f.name) for f in fields(CGState)}
        return ScipyCGState(**values, bnorm=bnorm)


def _or(bnorm: NDArray, first: NDArray) -> NDArray:
    return np.where(bnorm > 0, bnorm, first)


def _as_real(value: NDArray) -> NDArray:
    return value


def _unless_zero(bnorm: NDArray, x: NDArray) -> NDArray:
    return x if bnorm else np.zeros_like(x)
