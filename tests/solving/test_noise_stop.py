"""Solves that stop at the noise: by solvers that measure the residual, and by those that do not."""

import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.execution.state import Reason

N, LEVEL = 60, 0.05
RNG, T = np.random.default_rng(0), np.arange(N)
MATRIX = np.exp(-0.5 * ((T[:, None] - T) / 2.0) ** 2)
Y = MATRIX @ np.sin(T / 5) + LEVEL * RNG.standard_normal(N)
TARGET = LEVEL * np.sqrt(N)
SOLVERS = {
    "cgls": {"tol": 0.0}, "lsqr": {}, "lsmr": {}, "lsqr-damp": {"damp": 1e-3}, "fista": {"eps": 1e-3, "tol": 0.0},
    "ista": {"eps": 1e-3, "tol": 0.0}, "cg": {"tol": 0.0},
}  # fmt: skip


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("lazy", [False, True], ids=["numpy", "dask"])
def test_it_stops_at_the_first_model_whose_residual_is_that_of_the_noise(name, lazy):
    op = pld.MatrixMult(da.from_array(MATRIX, chunks=25) if lazy else MATRIX)
    settings = {"niter": 300, **SOLVERS[name]}
    residuals = []

    def watch(x):
        residuals.append(np.linalg.norm(Y - MATRIX @ np.asarray(x)))

    solver = name.partition("-")[0]
    watched = pld.solve(op, Y, solver, callback=watch, noise=LEVEL, **settings)
    solution = pld.solve(op, Y, solver, noise=LEVEL, **settings)
    assert solution.reason is watched.reason is Reason.DISCREPANCY
    assert residuals[-1] <= TARGET < residuals[-2]
    assert solution.iteration == watched.iteration == len(residuals)
    np.testing.assert_array_equal(solution.x, watched.x)


def test_tau_is_a_factor_and_zeros_have_no_noise():
    op = pld.MatrixMult(MATRIX)
    one, two = (pld.solve(op, Y, niter=99, tol=0.0, noise=LEVEL, tau=tau) for tau in (1.0, 2.0))
    assert one.iteration > two.iteration > 0
    muted = np.append(Y, np.zeros(N))
    double = pld.VStack([op, pld.Zero(N)])
    assert pld.solve(double, muted, niter=99, tol=0.0, noise=LEVEL).iteration == one.iteration


def test_a_checkpointed_solve_that_stopped_at_the_noise_is_read(tmp_path):
    op = pld.MatrixMult(da.from_array(MATRIX, chunks=25))
    whole, again = (
        pld.solve(op, Y, niter=99, tol=0.0, noise=LEVEL, checkpoint=tmp_path / "a.zarr") for _ in range(2)
    )
    assert whole.reason is again.reason is Reason.DISCREPANCY
    assert again.iteration == whole.iteration
    np.testing.assert_array_equal(whole.x.compute(), again.x.compute())


@pytest.mark.parametrize("settings", [{"noise": 0.0}, {"noise": "1"}, {"noise": 1.0, "tau": -1.0}])
def test_levels_that_cannot_be_are_rejected(settings):
    with pytest.raises(ValueError, match="must be a number above 0"):
        pld.solve(pld.MatrixMult(MATRIX), Y, **settings)
