r"""The eigenvalue of largest magnitude, by power iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import dask.array as da
import numpy as np

from pylops_distributed.execution.state import Reason, State, Takes, scalar
from pylops_distributed.execution.tracing import unroll
from pylops_distributed.optimization.numerics.golub_kahan import unit
from pylops_distributed.vectors.arithmetic import norm, vdot
from pylops_distributed.vectors.elementwise import scalar_array, scalar_kind
from pylops_distributed.vectors.noise import noise

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class PowerIterationState(State):
    """State of :class:`PowerIteration`; ``x`` has norm one."""

    kind: ClassVar[str] = "PowerIterationState"
    history: ClassVar[tuple[str, ...]] = ("size",)

    eigenvalue: Any = scalar("eigenvalue")
    size: Any = scalar("size")
    change: Any = scalar("change")


@dataclass(frozen=True)
class PowerIteration:
    """Power iteration on a square operator, with one forward a step.

    Parameters
    ----------
    niter : int
        Maximum number of iterations.
    tol : float
        Stop when the eigenvalue changes by less than this part of itself.

    Notes
    -----
    As :func:`pylops.optimization.eigs.power_iteration`. Golub and Van Loan, 2013, Matrix Computations, 7.3.1.
    """

    niter: int = 50
    tol: float = 1e-5

    state: ClassVar[type[PowerIterationState]] = PowerIterationState
    takes: ClassVar[Takes] = None

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> PowerIterationState:
        """State before the first step, lazily; the start is ``x0`` or else ``y``."""
        if op.shape[0] != op.shape[1]:
            raise ValueError(f"power iteration needs a square operator, got {op!r}")
        x = op.domain.fit(y if x0 is None else x0)
        x = unit(x, norm(x))
        real = scalar_kind(x)
        return PowerIterationState(0, x, vdot(x, x) * 0, scalar_array(0, real), scalar_array(np.inf, real))

    def step(self, op: LinearOperator, y: Vector, state: PowerIterationState) -> PowerIterationState:
        """State after one more step, lazily."""
        image = op.apply(state.x)
        value = vdot(state.x, image)
        x = unit(image, norm(image))
        change = abs(value - state.eigenvalue)
        return PowerIterationState(state.iteration + 1, x, value, abs(value), change)

    def done(self, state: PowerIterationState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        # The eigenvalue of the step before is as large as this one, up to the change that is compared.
        if state.iteration > 1 and float(state.change) < self.tol * float(state.size):
            return Reason.CONVERGED
        return Reason.NITER if state.iteration >= self.niter else None


def largest_eigenvalue(op: LinearOperator, like: Vector, **settings: Any) -> da.Array:
    """Magnitude of the largest eigenvalue as a lazy 0-d array, after all ``niter`` steps."""
    solver = PowerIteration(**settings)
    size: da.Array = unroll(solver, op, noise(op.domain, op.dtype, like), solver.niter).size
    return size
