r"""Matching pursuit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pylops_distributed.execution.state import Reason, State, Takes, scalar, vector
from pylops_distributed.vectors.argmax import argmax, update_at
from pylops_distributed.vectors.arithmetic import axpy, norm, safe_divide, squared_norm, vdot
from pylops_distributed.vectors.elementwise import elementwise, real_dtype, scalar_array, scalar_kind
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


@dataclass(frozen=True)
class MPState(State):
    """State of :class:`MP`; ``rank`` is the step at which each coefficient was first chosen, counted from one."""

    kind: ClassVar[str] = "MPState"
    history: ClassVar[tuple[str, ...]] = ("cost",)

    r: Vector = vector("residual", "codomain")
    rank: Vector = vector("rank", "domain")
    count: Any = scalar("count")
    cost: Any = scalar("cost", "never")


@dataclass(frozen=True)
class MP:
    r"""Greedy search that adds to one coefficient at a time, one forward and one adjoint a step.

    Parameters
    ----------
    niter_outer : int
        Number of iterations.
    sigma : float
        Stop when the norm of the residual is not above this value.
    norms : dask.array.Array, optional
        Norms of the operator's columns, laid out as the model, by which correlations are divided.
    optimal_coeff : bool
        Take the coefficient that makes the residual smallest, and not the correlation: for columns whose norm
        is not one.

    Notes
    -----
    As :class:`pylops.optimization.cls_sparsity.OMP` with ``niter_inner=0``; of equal correlations the first is
    taken, where PyLops draws one. Mallat and Zhang, 1993, doi:10.1109/78.258082.
    """

    niter_outer: int = 10
    sigma: float = 1e-4
    norms: Vector | None = None
    optimal_coeff: bool = False

    state: ClassVar[type[MPState]] = MPState
    takes: ClassVar[Takes] = "coefficients"
    resumable_settings: ClassVar[tuple[str, ...]] = ("niter_outer", "sigma")

    @property
    def most(self) -> int:
        """Steps at most, those inside counted."""
        return self.niter_outer

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> MPState:
        """State before the first step, lazily; there is no initial model."""
        r: Any = op.codomain.fit(y)
        back = op.apply_adjoint(r)
        real = scalar_kind(r, back)
        x, rank = elementwise(np.zeros_like, back), elementwise(_nothing, back, dtype=real_dtype(back))
        return MPState(0, x, r, rank, scalar_array(0, real), norm(r))

    def step(self, op: LinearOperator, y: Vector, state: MPState) -> MPState:
        """State after one more step, lazily."""
        g = op.apply_adjoint(state.r)
        best = argmax(scalar_array(1, state.cost.dtype), g, self.norms)
        unit = update_at(_one, g, best)
        column = op.apply(unit)
        if self.optimal_coeff:
            coefficient = safe_divide(vdot(column, state.r), squared_norm(column))
        else:
            coefficient = vdot(unit, g)
            if self.norms is not None:
                coefficient = safe_divide(coefficient, vdot(unit, self.norms).real)
        r = axpy(-coefficient, column, state.r)
        rank = update_at(_ranked, state.rank, best, state.count)
        return MPState(
            state.iteration + 1, axpy(coefficient, unit, state.x), r, rank, state.count + 1, norm(r)
        )

    def done(self, state: MPState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        if float(state.cost) <= self.sigma:
            return Reason.CONVERGED
        return Reason.NITER if state.iteration >= self.niter_outer else None


def _nothing(x: NDArray) -> NDArray:
    return np.zeros_like(x.real)


def _one(x: NDArray, chosen: NDArray) -> NDArray:
    return chosen.astype(x.dtype)


def _ranked(rank: NDArray, chosen: NDArray, count: NDArray) -> NDArray:
    return np.where(chosen & (rank == 0), count + 1, rank).astype(rank.dtype)
