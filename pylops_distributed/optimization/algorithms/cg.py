r"""Conjugate gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import dask.array as da

from pylops_distributed.execution.state import Reason, State, Takes, scalar, vector
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.numerics.weights import real_weight
from pylops_distributed.vectors.arithmetic import axpy, safe_divide, squared_norm, vdot
from pylops_distributed.vectors.elementwise import step_length, zero_model
from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class CGState(State):
    """State of :class:`CG`; ``kold`` is the squared norm of the residual, in the norm of ``M`` where given."""

    kind: ClassVar[str] = "CGState"
    history: ClassVar[tuple[str, ...]] = ("cost",)

    r: Vector = vector("residual", "domain")
    c: Vector = vector("search_direction", "domain")
    kold: Any = scalar("kold", "never")
    kfirst: Any = scalar("kfirst")
    cost: Any = scalar("cost", "never")


@dataclass(frozen=True)
class CG:
    r"""Conjugate gradients for a square, Hermitian, positive definite operator, with one forward a step.

    Solves :math:`(\mathbf{Op} + \epsilon\mathbf{I})\,\mathbf{x} = \mathbf{y}`.

    Parameters
    ----------
    niter : int
        Maximum number of iterations.
    damp : float
        Damping :math:`\epsilon`, added to the diagonal.
    tol : float
        Stop when the squared norm of the residual is not above this value.
    M : LinearOperator, optional
        Preconditioner: a Hermitian, positive definite operator that is close to the inverse of
        :math:`\mathbf{Op} + \epsilon\mathbf{I}`.

    Notes
    -----
    As :class:`pylops.optimization.cls_basic.CG`; steps past convergence change nothing.
    Hestenes and Stiefel, 1952, doi:10.6028/jres.049.044.
    """

    niter: int = 10
    damp: float = 0.0
    tol: float = 1e-4
    M: LinearOperator | None = None

    state: ClassVar[type[CGState]] = CGState
    takes: ClassVar[Takes] = "normal"

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> CGState:
        """State before the first step, lazily."""
        real_weight("damp", self.damp)
        if op.shape[0] != op.shape[1]:
            raise ValueError(f"cg needs a square operator, got {op!r}; use cgls")
        if x0 is None:
            r = op.codomain.fit(y)
            x = zero_model(op, r)
        else:
            x = op.domain.fit(x0)
            r = y - self._image(op, x)
        return self._state(0, x, r, *self._precondition(r), None)

    def step(self, op: LinearOperator, y: Vector, state: CGState) -> CGState:
        """State after one more step, lazily."""
        image = self._image(op, state.c)
        a = step_length(state.kold, vdot(state.c, image).real, state.kfirst, state.c, state.x, y)
        x, r = axpy(a, state.c, state.x), axpy(-a, image, state.r)
        z, k = self._precondition(r)
        return self._state(state.iteration + 1, x, r, z, k, state)

    def done(self, state: CGState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        if (float(state.kold) if self.M is None else float(state.cost) ** 2) <= self.tol:
            return Reason.CONVERGED
        return Reason.NITER if state.iteration >= self.niter else None

    def _image(self, op: LinearOperator, x: Vector) -> Vector:
        image = op.apply(x)
        return axpy(self.damp, x, image) if self.damp else image

    def _precondition(self, r: Vector) -> tuple[Vector, da.Array]:
        """The preconditioned residual, and its inner product with the residual."""
        if self.M is None:
            return r, squared_norm(r)
        z = self.M.apply(r)
        return z, vdot(r, z).real

    def _state(
        self, iteration: int, x: Vector, r: Vector, z: Vector, k: da.Array, before: CGState | None
    ) -> CGState:
        c, kfirst = (
            (z, k) if before is None else (axpy(safe_divide(k, before.kold), before.c, z), before.kfirst)
        )
        return CGState(iteration, x, r, c, k, kfirst, (k if self.M is None else squared_norm(r)) ** 0.5)
