"""Custom operators and solvers take the checks of the library with one line, and their faults are found."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pylops
import pytest

import pylops_distributed
from pylops_distributed import Diagonal, FunctionOperator, Sum
from pylops_distributed.optimization import CG, CGLS
from pylops_distributed.testing import (
    OperatorCase,
    SolverCase,
    check_operator,
    operator_checks,
    solver_checks,
)

OUTSIDE = Path(__file__).parent / "outside"
WEIGHTS = np.arange(1.0, 8.0)


class Wrong(pylops.LinearOperator):
    """An operator whose adjoint is another's."""

    def __init__(self):
        super().__init__(dtype=np.float64, dims=(7,), dimsd=(7,))

    def _matvec(self, x):
        return WEIGHTS * x

    def _rmatvec(self, y):
        return np.flip(WEIGHTS) * y


def affine(dtype):
    return FunctionOperator(lambda x: x + 1, lambda y: y + 1, 7, dtype=dtype)


BROKEN = {
    "adjoint": (OperatorCase("wrong", lambda dtype: Wrong(), dtypes=("f8",)), "the adjoint is not that"),
    "numbers": (
        OperatorCase(
            "flip", lambda dtype: Diagonal(WEIGHTS), lambda dtype: pylops.Identity(7), dtypes=("f8",)
        ),
        "forward of the chunks 'one'",
    ),
    "shape": (
        OperatorCase(
            "shape", lambda dtype: Diagonal(WEIGHTS), lambda dtype: pylops.Identity(8), dtypes=("f8",)
        ),
        "shape, dims and dimsd",
    ),
    "laziness": (
        OperatorCase("eager", lambda dtype: Diagonal(WEIGHTS, compute=(True, True)), dtypes=("f8",)),
        "something was computed",
    ),
    "affine": (OperatorCase("affine", affine, dtypes=("f8",)), "dot test"),
    "tasks": (
        OperatorCase("sum", lambda dtype: Sum((6, 7), 0, dtype=dtype), tasks=(0, 4)),
        "expected at most 0",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_faults_of_an_operator_are_found(fault):
    case, message = BROKEN[fault]
    with pytest.raises(AssertionError, match=message):
        check_operator(case)


def test_an_operator_of_pylops_passes():
    check_operator(OperatorCase("pylops", lambda dtype: pylops.Diagonal(WEIGHTS), dtypes=("f8",)))


@dataclass(frozen=True)
class Forgetful(CGLS):
    """CGLS whose steps know the iteration, so that no two have one graph."""

    def step(self, op, y, state):
        state = super().step(op, y, state)
        return replace(state, x=(1 + 1e-3 * state.iteration) * state.x)


def failing(*cases):
    for check in solver_checks(*cases)[1]:
        try:
            check()
        except AssertionError:
            yield check.__name__


def test_faults_of_a_solver_are_found():
    assert "forgetful-one_graph-f4" in failing(SolverCase("forgetful", Forgetful(3, tol=0.0), passes=(1, 1)))
    passes = next(
        c for c in solver_checks(SolverCase("cg", CG(3), passes=(1, 1)))[1] if "passes" in c.__name__
    )
    with pytest.raises(AssertionError, match=r"\(1, 0\) forwards and adjoints a step, expected \(1, 1\)"):
        passes()


def test_other_settings_of_a_solver_take_the_checks_of_parity_alone():
    first, second = (SolverCase(name, CGLS(3, damp)) for name, damp in (("plain", 0.0), ("damped", 0.5)))
    names = [check.__name__ for check in solver_checks(first, second)[1]]
    assert "plain-zero_data" in names
    assert [name for name in names if name.startswith("damped")] == [
        "damped-one_graph-f4",
        "damped-one_graph-c8",
    ]


def test_checks_have_names_of_their_cases():
    name, checks = operator_checks(*(case for case, _ in BROKEN.values()))
    names = [check.__name__ for check in checks]
    assert name == "check"
    assert len(set(names)) == len(names) > 40
    assert {each.partition("-")[0] for each in names} == {case.name for case, _ in BROKEN.values()}


@pytest.mark.slow
def test_a_project_outside_of_the_repository(tmp_path):
    """Its operator and its solver pass; its broken operator fails, and nothing else."""
    (tmp_path / "test_project.py").write_text((OUTSIDE / "project.py").read_text())
    environment = os.environ | {"PYTHONPATH": str(Path(pylops_distributed.__file__).parents[1])}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_project.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert [line.split()[1] for line in failed] == ["test_project.py::test_broken[broken-every_chunking-f8]"]
    assert "the adjoint is not that of the forward" in failed[0] + done.stdout
    assert "1 failed" in done.stdout
