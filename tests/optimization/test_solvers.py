"""Every solver: parity, one definition of the step for all ways to run it, and safety past convergence."""

from dataclasses import replace

import dask
import pytest
from solvers import CASES

from pylops_distributed import optimization
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.testing import linear_system, on_dask, solver_checks
from pylops_distributed.testing.solvers import expect_same

# The first case of each algorithm: the others are settings of it, for parity.
FIRST = list({type(case.build("f8")): case for case in reversed(CASES)}.values())[::-1]


@pytest.fixture(autouse=True)
def _threads():
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def test_every_exported_solver_is_registered():
    registered = {type(case.build("f8")).__name__ for case in CASES}
    exported = {name for name in optimization.__all__ if isinstance(getattr(optimization, name), type)}
    assert registered == exported


@pytest.mark.parametrize(*solver_checks(*CASES))
def test_solver(check):
    check()


@pytest.mark.parametrize("case", FIRST, ids=str)
def test_on_worker_processes_bitwise(case, cluster):
    op, data = on_dask(*linear_system(case, "f8"))
    expected = run_solver(case.build("f8"), op, data).state
    with dask.config.set(scheduler="distributed"):
        remote = run_solver(case.build("f8"), op, data)
        expect_same(remote.state, expected)
    assert remote.history["bytes"][1:].min() > 0


def test_more_iterations_extend():
    case = CASES[2]
    op, data = on_dask(*linear_system(case, "f8"))
    assert run_solver(replace(case.solver, niter=9), op, data).state.iteration == 9
