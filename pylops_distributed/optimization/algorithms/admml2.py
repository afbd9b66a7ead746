r"""Alternating direction method of multipliers for a data residual and a function of a transformed model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import dask.array as da

from pylops_distributed.execution.state import Reason, State, scalar, vector
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.numerics.proximal_objective import (
    data_term,
    match_layout,
    objective,
    reason,
    start,
    unknown,
)
from pylops_distributed.optimization.proximal.l2 import conjugate_gradients
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator, plus
from pylops_distributed.vectors.elementwise import (
    distance,
    elementwise,
    scalar_array,
    scalar_kind,
)
from pylops_distributed.vectors.space import Vector, reshape
from pylops_distributed.vectors.types import NDArray


@dataclass(frozen=True)
class ADMML2State(State):
    """State of :class:`ADMML2`; the objective is infinite where it is not asked for."""

    kind: ClassVar[str] = "ADMML2State"
    history: ClassVar[tuple[str, ...]] = ("cost", "gap")

    ax: Vector = vector("transformed_model", "split")
    z: Vector = vector("split", "split")
    u: Vector = vector("dual", "split")
    gap: Any = scalar("gap", "never")
    cost: Any = scalar("cost", "always")
    change: Any = scalar("change", "always")


@dataclass(frozen=True)
class ADMML2:
    r"""Minimises :math:`\frac12\|\mathbf{Op}\,\mathbf{x}-\mathbf{y}\|_2^2 + g(\mathbf{A}\,\mathbf{x})`.

    Parameters
    ----------
    g : ProxOperator
        Function of the transformed model.
    A : LinearOperator
        Transform.
    tau : float
        Step length :math:`\tau`.
    niter : int
        Maximum number of iterations.
    gfirst : bool
        Begin a step with ``g``.
    tol : float, optional
        Stop when the relative change of the objective is below this value, for which it is computed in each
        step.
    inner : int
        Number of conjugate gradient steps a step, from the last model, for its linear system; all are in one graph.

    Notes
    -----
    As ``pyproximal.optimization.primal.ADMML2``; ``gap`` is the norm of the difference of transformed model and
    split. Boyd et al., 2011, doi:10.1561/2200000016.
    """

    g: ProxOperator
    A: LinearOperator
    tau: float = 1.0
    niter: int = 10
    gfirst: bool = False
    tol: float | None = None
    inner: int = 10

    state: ClassVar[type[ADMML2State]] = ADMML2State

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> ADMML2State:
        """State before the first step, lazily."""
        x = start(op, y, x0)
        ax = self._image(x)
        scalars = unknown(scalar_kind(x))
        if self.tol is not None:
            scalars["cost"] = self._objective(op, y, x, ax)
        return ADMML2State(0, x, ax, ax, ax * 0.0, scalar_array(0, scalar_kind(x)), **scalars)

    def step(self, op: LinearOperator, y: Vector, state: ADMML2State) -> ADMML2State:
        """State after one more step, lazily."""
        if self.gfirst:
            ax = state.ax
            z = self.g.prox(plus(ax, 1.0, state.u), self.tau)
            x = self._fitted(op, y, state.x, plus(z, -1.0, state.u))
        else:
            x = self._fitted(op, y, state.x, plus(state.z, -1.0, state.u))
            ax = self._image(x)
            z = self.g.prox(plus(ax, 1.0, state.u), self.tau)
        u = elementwise(_dual, state.u, ax, z)
        gap, scalars = distance(ax, z), {"cost": state.cost, "change": state.change}
        ax = self._image(x) if self.gfirst else ax
        if self.tol is not None:
            scalars = objective(self._objective(op, y, x, ax), state)
        return ADMML2State(state.iteration + 1, x, ax, z, u, gap, **scalars)

    def done(self, state: ADMML2State) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        return reason(state, state.iteration, self.niter, self.tol)

    def _image(self, x: Vector) -> Vector:
        return self.A.apply(reshape(x, self.A.domain))

    def _back(self, split: Vector, like: Vector) -> Vector:
        return match_layout(self.A.apply_adjoint(split), like)

    def _objective(self, op: LinearOperator, y: Vector, x: Vector, ax: Vector) -> da.Array:
        return data_term(None, op, y)(x) + self.g(ax)

    def _fitted(self, op: LinearOperator, y: Vector, x: Vector, split: Vector) -> Vector:
        """The model that fits the data, and whose image fits ``split``."""
        right = plus(op.apply_adjoint(op.codomain.fit(y)), 1 / self.tau, self._back(split, x))

        def normal(v: Vector) -> Vector:
            data = op.apply_adjoint(op.apply(v))
            return plus(data, 1 / self.tau, self._back(self._image(v), v))

        return conjugate_gradients(normal, right, x, self.inner)


def _dual(u: NDArray, ax: NDArray, z: NDArray) -> NDArray:
    return u + ax - z
