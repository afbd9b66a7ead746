r"""Orthogonal matching pursuit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pylops_distributed.execution.state import Reason, State, Takes, scalar, vector
from pylops_distributed.optimization.numerics.nested_loops import advance_counters
from pylops_distributed.vectors.argmax import argmax, update_at
from pylops_distributed.vectors.arithmetic import norm, safe_divide, squared_norm
from pylops_distributed.vectors.elementwise import (
    elementwise,
    real_dtype,
    scalar_array,
    scalar_kind,
    square,
    step_length,
    total,
    where,
)
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


@dataclass(frozen=True)
class OMPState(State):
    """State of :class:`OMP`: ``x`` is the model of the last outer iteration, ``z`` the one inside.

    ``rank`` is the step at which each coefficient was chosen, counted from one, and zero for the others.
    """

    kind: ClassVar[str] = "OMPState"
    history: ClassVar[tuple[str, ...]] = ("cost", "kold", "outer")

    z: Vector = vector("inner_model", "domain")
    c: Vector = vector("search_direction", "domain")
    s: Vector = vector("inner_residual", "codomain")
    back: Vector = vector("adjoint_data", "domain")
    rank: Vector = vector("rank", "domain")
    kold: Any = scalar("kold", "never")
    kfirst: Any = scalar("kfirst")
    outer: Any = scalar("outer")
    inner: Any = scalar("inner")
    restart: Any = scalar("restart")
    cost: Any = scalar("cost", "never")


@dataclass(frozen=True)
class OMP:
    r"""Greedy search for a model of few coefficients, one forward and one adjoint a step.

    Each outer iteration adds the coefficient that goes best with the residual, and solves for all that were
    chosen by CGLS.

    Parameters
    ----------
    niter_outer : int
        Number of outer iterations: at most so many coefficients.
    niter_inner : int
        Number of CGLS iterations in each.
    sigma : float
        Stop when the norm of the residual is not above this value.
    norms : dask.array.Array, optional
        Norms of the operator's columns, laid out as the model, by which correlations are divided.
    tol : float
        Stop CGLS when the squared norm of the gradient is not above this value.

    Notes
    -----
    As :class:`pylops.optimization.cls_sparsity.OMP` with ``engine="pylops"``; of equal correlations the first is
    taken, where PyLops draws one. The chosen columns are the whole operator with a mask, so that the support
    never leaves the workers and one machine does for both loops. Pati et al., 1993,
    doi:10.1109/ACSSC.1993.342465.
    """

    niter_outer: int = 10
    niter_inner: int = 40
    sigma: float = 1e-4
    norms: Vector | None = None
    tol: float = 1e-4

    state: ClassVar[type[OMPState]] = OMPState
    takes: ClassVar[Takes] = "coefficients"
    resumable_settings: ClassVar[tuple[str, ...]] = ("niter_outer", "sigma")

    @property
    def most(self) -> int:
        """Steps at most, those inside counted."""
        return self.niter_outer * (self.niter_inner + 1) + 1

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> OMPState:
        """State before the first step, lazily; there is no initial model."""
        s: Any = op.codomain.fit(y)
        back = op.apply_adjoint(s)
        real = scalar_kind(s, back)
        x, rank = elementwise(np.zeros_like, back), elementwise(_nothing, back, dtype=real_dtype(back))
        counters = {
            name: scalar_array(value, real)
            for name, value in (("kold", 0), ("kfirst", 0), ("outer", -1), ("inner", 0))
        }
        return OMPState(0, x, x, x, s, back, rank, **counters, restart=scalar_array(1, real), cost=norm(s))

    def step(self, op: LinearOperator, y: Vector, state: OMPState) -> OMPState:
        """State after one more step, lazily."""
        restart, real = state.restart, state.kold.dtype
        image = op.apply(where(restart, state.z, state.c))
        # Of the chosen columns' direction, or of the residual of the model found.
        size = total(_size, restart, image, y, dtype=real)
        a = step_length(state.kold, size, state.kfirst, like=image)
        residual = elementwise(_residual, restart, a, state.s, image, y)
        g = op.apply_adjoint(residual)
        best = argmax(restart, g, self.norms)
        rank = update_at(_ranked, state.rank, best, restart, state.outer)
        z = elementwise(_inner, restart, a, state.z, state.c)
        r = elementwise(_masked, restart, rank, g, state.back)
        k = squared_norm(r)
        c = elementwise(_direction, restart, safe_divide(k, state.kold), state.c, r)
        counters = advance_counters(
            restart, state.outer, state.inner, state.kfirst, k, self.niter_inner, self.tol
        )
        return OMPState(
            state.iteration + 1, where(restart, state.z, state.x), z, c, where(restart, y, residual),
            state.back, rank, k, **counters, cost=where(restart, size**0.5, state.cost),
        )  # fmt: skip

    def done(self, state: OMPState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        if float(state.cost) <= self.sigma:
            return Reason.CONVERGED
        return Reason.NITER if state.outer >= self.niter_outer else None


def _nothing(x: NDArray) -> NDArray:
    return np.zeros_like(x.real)


def _size(restart: NDArray, image: NDArray, y: NDArray) -> NDArray:
    return square(y - image) if restart else square(image)


def _residual(restart: NDArray, a: NDArray, s: NDArray, image: NDArray, y: NDArray) -> NDArray:
    return y - image if restart else s - a * image


def _ranked(rank: NDArray, chosen: NDArray, restart: NDArray, outer: NDArray) -> NDArray:
    return np.where(chosen & (rank == 0), outer + 2, rank).astype(rank.dtype) if restart else rank


def _inner(restart: NDArray, a: NDArray, z: NDArray, c: NDArray) -> NDArray:
    return np.zeros_like(z) if restart else z + a * c


def _masked(restart: NDArray, rank: NDArray, g: NDArray, back: NDArray) -> NDArray:
    return np.where(rank > 0, back if restart else g, 0)


def _direction(restart: NDArray, b: NDArray, c: NDArray, r: NDArray) -> NDArray:
    return r if restart else r + b * c
