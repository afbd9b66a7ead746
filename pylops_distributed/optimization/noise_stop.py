r"""Stopping at the noise: a solve ends once the residual is as small as the noise of the data, by any solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask
import numpy as np

from pylops_distributed.execution.state import Reason, State
from pylops_distributed.optimization.algorithms.cg import CGState
from pylops_distributed.optimization.algorithms.cgls import CGLSState
from pylops_distributed.optimization.algorithms.hybridlsqr import HybridLSQRState
from pylops_distributed.optimization.algorithms.lsmr import LSMRState
from pylops_distributed.optimization.algorithms.lsqr import LSQRState
from pylops_distributed.optimization.algorithms.mp import MPState
from pylops_distributed.optimization.algorithms.omp import OMPState
from pylops_distributed.optimization.algorithms.spgl1 import SPGL1State
from pylops_distributed.optimization.numerics.noise_level import noise_norm
from pylops_distributed.vectors.arithmetic import norm

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.optimization.session import AnySolver
    from pylops_distributed.vectors.space import Vector

# States whose ``cost`` is the norm of the residual of the data; of the last two only without damping.
MEASURED = (CGState, CGLSState, HybridLSQRState, MPState, OMPState, SPGL1State)
UNDAMPED = (LSQRState, LSMRState)


@dataclass(frozen=True)
class NoiseStop:
    r"""When to stop at the noise: :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|\le\tau\sigma\sqrt{n}`.

    Morozov's discrepancy principle, for iterations in place of weights: a model that fits better fits noise.

    Parameters
    ----------
    target : float
        The norm of the residual to stop at.
    """

    target: float

    @classmethod
    def of(cls, y: Vector, noise: float, tau: float) -> NoiseStop:
        """Of the standard deviation of a sample's noise; samples of exactly zero have none.

        Raises
        ------
        ValueError
            If a number is not above zero.
        """
        for name, value in (("noise", noise), ("tau", tau)):
            if not (isinstance(value, int | float | np.number) and value > 0):
                raise ValueError(f"{name} must be a number above 0, got {value!r}")
        (size,) = dask.compute(noise_norm(y, float(noise))[0])
        return cls(tau * float(size))

    def reached(self, cost: float) -> bool:
        """Whether a residual of this norm is as small as the noise."""
        return cost <= self.target

    def until(self, done: Callable[[State], Reason | None]) -> Callable[[State], Reason | None]:
        """``done``, and a stop where the ``cost`` of a state is as small as the noise."""
        return _Until(done, self)

    def misfit(self, op: LinearOperator, y: Vector, x: Vector) -> float:
        """The norm of the residual of a model, for solvers that do not measure it: one forward."""
        (size,) = dask.compute(norm(op.codomain.fit(y) - op.apply(x)))
        return float(size)


def measures_residual(solver: AnySolver) -> bool:
    """Whether the ``cost`` of a solver's states is the norm of the residual of the data, so that no pass is needed."""
    kind = solver.state
    return issubclass(kind, MEASURED) or (issubclass(kind, UNDAMPED) and not getattr(solver, "damp", 0))


@dataclass(frozen=True)
class _Until:
    done: Callable[[State], Reason | None]
    stop: NoiseStop

    def __call__(self, state: State) -> Reason | None:
        measured: Any = state
        reason = self.done(state)
        return Reason.DISCREPANCY if reason is None and self.stop.reached(float(measured.cost)) else reason
