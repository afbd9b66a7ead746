"""A project of its user: an operator, a solver, and an operator that is broken, each checked with one line."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pylops
import pytest

from pylops_distributed.execution.state import Reason, State, scalar
from pylops_distributed.testing import OperatorCase, SolverCase, operator_checks, solver_checks
from pylops_distributed.vectors.arithmetic import axpy, norm
from pylops_distributed.vectors.elementwise import zero_model


class Ramp(pylops.LinearOperator):
    """Weights that grow along the samples."""

    def __init__(self, n, adjoint=1.0):
        super().__init__(dtype=np.float64, dims=(n,), dimsd=(n,))
        self.adjoint = adjoint

    def _matvec(self, x):
        return np.arange(x.size) * x

    def _rmatvec(self, x):
        return self.adjoint * np.arange(x.size) * x


@dataclass(frozen=True)
class LandweberState(State):
    kind: ClassVar[str] = "LandweberState"
    history: ClassVar[tuple[str, ...]] = ("cost",)

    cost: object = scalar("cost")


@dataclass(frozen=True)
class Landweber:
    niter: int = 10
    tau: float = 0.04

    state: ClassVar[type] = LandweberState

    def init(self, op, y, x0=None):
        y = op.codomain.fit(y)
        x = zero_model(op, op.apply_adjoint(y)) if x0 is None else op.domain.fit(x0)
        return LandweberState(0, x, norm(y))

    def step(self, op, y, state):
        residual = y - op.apply(state.x)
        x = axpy(self.tau, op.apply_adjoint(residual), state.x)
        return LandweberState(state.iteration + 1, x, norm(residual))

    def done(self, state):
        return Reason.NITER if state.iteration >= self.niter else None


def landweber(op, y):
    x, costs = np.zeros(op.shape[1], y.dtype), [np.linalg.norm(y)]
    for _ in range(6):
        residual = y - op @ x
        x = x + 0.04 * (op.H @ residual)
        costs.append(np.linalg.norm(residual))
    return x, costs


@pytest.mark.parametrize(*operator_checks(OperatorCase("ramp", lambda dtype: Ramp(9), dtypes=("f8",))))
def test_operator(check):
    check()


@pytest.mark.parametrize(
    *operator_checks(OperatorCase("broken", lambda dtype: Ramp(9, 1.001), dtypes=("f8",)))
)
def test_broken(check):
    check()


@pytest.mark.parametrize(*solver_checks(SolverCase("landweber", Landweber(6), landweber, passes=(1, 1))))
def test_solver(check):
    check()
