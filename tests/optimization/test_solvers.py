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


KRYLOV = ("cg", "cgls", "lsqr", "lsmr", "hybridlsqr")
# Fifty steps more of the others take most of the time of all these checks.
SLOW = [
    pytest.mark.slow if check.__name__.endswith("rest_past_convergence")
    and not check.__name__.startswith(KRYLOV) else () for check in solver_checks(*CASES)[1]
]  # fmt: skip


@pytest.mark.parametrize(
    "check",
    [pytest.param(c, id=c.__name__, marks=m) for c, m in zip(solver_checks(*CASES)[1], SLOW, strict=True)],
)
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
