r"""Conjugate gradients for least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import dask.array as da

from pylops_distributed.execution.state import Reason, State, scalar, vector
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.numerics.weights import real_weight
from pylops_distributed.vectors.arithmetic import axpy, safe_divide, squared_norm, vdot
from pylops_distributed.vectors.elementwise import step_length, zero_model
from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class CGLSState(State):
    """State of :class:`CGLS`; ``kold`` is the squared norm of the gradient, in the norm of ``M`` where given."""

    kind: ClassVar[str] = "CGLSState"
    history: ClassVar[tuple[str, ...]] = ("cost", "cost1")

    s: Vector = vector("data_residual", "codomain")
    c: Vector = vector("search_direction", "domain")
    kold: Any = scalar("kold", "never")
    kfirst: Any = scalar("kfirst")
    cost: Any = scalar("cost", "never")
    cost1: Any = scalar("cost1", "never")


@dataclass(frozen=True)
class CGLS:
    r"""Conjugate gradients on the normal equations, with one forward and one adjoint a step.

    Minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \epsilon^2\|\mathbf{x}\|_2^2`.

    Parameters
    ----------
    niter : int
        Maximum number of iterations.
    damp : float
        Damping :math:`\epsilon`.
    tol : float
        Stop when ``kold``, the squared norm of the gradient, is not above this value.
    M : LinearOperator, optional
        Preconditioner: a Hermitian, positive definite operator on models that is close to the inverse of
        :math:`\mathbf{Op}^H\mathbf{Op} + \epsilon^2\mathbf{I}`. The solution stays the same.

    Notes
    -----
    As :class:`pylops.optimization.cls_basic.CGLS`, except that a start from ``x0`` takes the damping squared
    in the first gradient too, and that steps past convergence change nothing instead of giving NaN.
    Hestenes and Stiefel, 1952, doi:10.6028/jres.049.044; Björck, 1996, doi:10.1137/1.9781611971484.
    """

    niter: int = 10
    damp: float = 0.0
    tol: float = 1e-4
    M: LinearOperator | None = None

    state: ClassVar[type[CGLSState]] = CGLSState

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> CGLSState:
        """State before the first step, lazily."""
        real_weight("damp", self.damp)
        if x0 is None:
            s = op.codomain.fit(y)
            r = op.apply_adjoint(s)
            x = zero_model(op, r)
        else:
            x = op.domain.fit(x0)
            s = y - op.apply(x)
            r = self._gradient(op, s, x)
        c, k = self._precondition(r)
        return self._state(0, x, s, c, k, k)

    def step(self, op: LinearOperator, y: Vector, state: CGLSState) -> CGLSState:
        """State after one more step, lazily."""
        q = op.apply(state.c)  # made again rather than kept in the state, and so in each checkpoint
        curvature = squared_norm(q)
        if self.damp:
            curvature = curvature + self.damp**2 * squared_norm(state.c)
        a = step_length(state.kold, curvature, state.kfirst, state.c, state.x, y)
        x, s = axpy(a, state.c, state.x), axpy(-a, q, state.s)
        r = self._gradient(op, s, x)
        z, k = self._precondition(r)
        c = axpy(safe_divide(k, state.kold), state.c, z)
        return self._state(state.iteration + 1, x, s, c, k, state.kfirst)

    def done(self, state: CGLSState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        if float(state.kold) <= self.tol:
            return Reason.CONVERGED
        return Reason.NITER if state.iteration >= self.niter else None

    def _gradient(self, op: LinearOperator, s: Vector, x: Vector) -> Vector:
        r = op.apply_adjoint(s)
        return axpy(-(self.damp**2), x, r) if self.damp else r

    def _precondition(self, r: Vector) -> tuple[Vector, da.Array]:
        """The preconditioned gradient, and its inner product with the gradient."""
        if self.M is None:
            return r, squared_norm(r)
        z = self.M.apply(r)
        return z, vdot(r, z).real

    def _state(
        self, iteration: int, x: Vector, s: Vector, c: Vector, k: da.Array, kfirst: da.Array
    ) -> CGLSState:
        misfit = squared_norm(s)
        objective = misfit + self.damp**2 * squared_norm(x) if self.damp else misfit
        return CGLSState(iteration, x, s, c, k, kfirst, misfit**0.5, objective**0.5)
