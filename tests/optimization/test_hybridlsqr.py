"""Hybrid LSQR against dense solves: the model of a weight, the weights of all rules, noise levels, and the reasons."""

import dask.array as da
import numpy as np
import pytest
from scipy.optimize import brentq

import pylops_distributed as pld
from pylops_distributed.execution.state import Reason
from pylops_distributed.optimization.numerics.noise_level import estimated_noise
from pylops_distributed.optimization.numerics.projected_tikhonov import Projected, by_gcv, omega_of
from pylops_distributed.optimization.session import run_solver

N, LEVEL = 90, 0.05


@pytest.fixture(scope="module")
def case():
    rng, t = np.random.default_rng(0), np.arange(N)
    matrix = np.exp(-0.5 * ((t[:, None] - t) / 3.0) ** 2)
    truth = np.sin(t / 9) * (t > 20)
    return matrix, truth, matrix @ truth + LEVEL * rng.standard_normal(N)


def dense(matrix, y, weight):
    return np.linalg.solve(matrix.T @ matrix + weight**2 * np.eye(N), matrix.T @ y)


def lazy(matrix, y):
    return pld.MatrixMult(da.from_array(matrix, chunks=(40, 35))), da.from_array(y, chunks=40)


@pytest.mark.parametrize("x0", [None, np.linspace(0, 1, N)], ids=["zero", "x0"])
@pytest.mark.parametrize("on", [lambda matrix, y: (pld.MatrixMult(matrix), y), lazy], ids=["numpy", "dask"])
def test_the_model_of_a_weight_is_that_of_tikhonov(case, on, x0):
    matrix, _, y = case
    op, data = on(matrix, y)
    solution = pld.solve(op, data, "hybridlsqr", x0, niter=N, basis=N, damp=0.3, rtol=1e-12)
    start = 0 if x0 is None else x0
    np.testing.assert_allclose(
        solution.x, start + dense(matrix, y - matrix @ (start + np.zeros(N)), 0.3), atol=1e-8
    )
    assert solution.weight == 0.3


def test_discrepancy_is_that_of_the_dense_problem(case):
    matrix, _, y = case
    solution = pld.solve(pld.MatrixMult(matrix), y, "hybridlsqr", noise=LEVEL, basis=N, niter=N, rtol=1e-10)
    s = np.linalg.svd(matrix, compute_uv=False)

    def gap(weight):
        free = N - np.sum(s**2 / (s**2 + weight**2))
        return np.linalg.norm(y - matrix @ dense(matrix, y, weight)) - LEVEL * np.sqrt(free)

    assert solution.weight == pytest.approx(brentq(gap, 1e-3, 10), rel=1e-2)
    residual = np.linalg.norm(y - matrix @ np.asarray(solution.x))
    assert solution.history["cost"][-1] == pytest.approx(residual, rel=1e-10)


@pytest.mark.parametrize(("damp", "most"), [("discrepancy", 1.1), ("gcv", 1.2), ("lcurve", 3.0)])
def test_the_error_is_near_that_of_the_best_weight(case, damp, most):
    matrix, truth, y = case
    solution = pld.solve(pld.MatrixMult(matrix), y, "hybridlsqr", damp=damp, noise=LEVEL)
    best = min(np.linalg.norm(dense(matrix, y, w) - truth) for w in np.geomspace(1e-3, 10, 40))
    assert np.linalg.norm(solution.x - truth) <= most * best


def test_a_level_that_is_not_reached_is_no_regularisation(case):
    matrix, _, y = case
    solution = pld.solve(pld.MatrixMult(matrix), y, "hybridlsqr", noise=1e-9, niter=5)
    assert solution.weight == 0
    expected = pld.lsqr(pld.MatrixMult(matrix), y, niter=5, atol=0, btol=0)[0]
    np.testing.assert_allclose(solution.x, expected, atol=1e-9)


def test_data_that_are_no_more_than_noise_have_no_model(case):
    matrix, _, y = case
    solution = pld.solve(pld.MatrixMult(matrix), y, "hybridlsqr", noise=100.0)
    assert np.linalg.norm(solution.x) < 1e-6 * np.linalg.norm(y)


def test_a_full_basis_ends_the_solve_and_says_so(case):
    matrix, _, y = case
    solution = pld.solve(pld.MatrixMult(matrix), y, "hybridlsqr", damp="gcv", basis=4, rtol=0.0)
    assert (solution.reason, solution.iteration) == (Reason.BASIS, 4)
    assert "basis=" in str(solution.reason)


def test_vectors_stay_orthogonal_in_single_precision(case):
    matrix, _, y = case
    op, data = lazy(matrix.astype("f4"), y.astype("f4"))
    solver = pld.optimization.HybridLSQR(basis=30, niter=30, damp=0.01, rtol=0.0)
    state = run_solver(solver, op, data).state
    basis = np.array([np.asarray(v.compute()) for v in state.V.arrays[-int(state.count) - 1 :]])[-30:]
    gram = basis.astype(float) @ basis.T
    used = np.diag(gram) > 0.5
    np.testing.assert_allclose(gram[np.ix_(used, used)], np.eye(used.sum()), atol=2e-4)


def test_the_curve_of_a_solve_is_that_of_the_dense_problem(case):
    matrix, _, y = case
    solution = pld.solve(pld.MatrixMult(matrix), y, "hybridlsqr", damp="lcurve", basis=N, niter=N, rtol=1e-12)
    curve = solution.weight_curve()
    for k in (60, 90, 120):
        x = dense(matrix, y, curve["weight"][k])
        assert curve["model"][k] == pytest.approx(np.linalg.norm(x), rel=1e-4)
        assert curve["residual"][k] == pytest.approx(np.linalg.norm(y - matrix @ x), rel=1e-4)
    assert solution.weight == curve["weight"][np.nanargmax(curve["curvature"])]
    with pytest.raises(AttributeError, match="cgls chooses no weight"):
        _ = pld.solve(pld.MatrixMult(matrix), y, niter=2).weight


def test_omega_makes_the_smallest_singular_value_a_stationary_point():
    problem = Projected.of(0.6 ** np.arange(8), 0.9 * 0.6 ** np.arange(8), 2.0)
    omega, s = omega_of(problem), float(problem.s[-1])
    assert 0 < omega < 1
    slope = (problem.gcv(s * 1.0001, omega) - problem.gcv(s / 1.0001, omega)) / problem.gcv(s, omega)
    assert abs(slope) < 1e-7
    assert by_gcv(problem, 1.0) > 0


@pytest.mark.parametrize("shape", [(4000,), (60, 80)])
@pytest.mark.parametrize("kind", ["f8", "c16"])
def test_noise_is_estimated_under_a_smooth_signal(shape, kind):
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(shape)
    if kind == "c16":
        noise = (noise + 1j * rng.standard_normal(shape)) / np.sqrt(2)
    signal = 3 * np.sin(np.indices(shape).sum(axis=0) / 9)
    y = signal + 0.2 * noise
    sigma = estimated_noise(da.from_array(y, chunks=500 if len(shape) == 1 else 33))
    assert float(sigma.compute()) == pytest.approx(0.2, rel=0.06)
    assert float(sigma.compute()) == pytest.approx(float(estimated_noise(y)), rel=1e-12)


@pytest.mark.parametrize("place", [lambda *x: x, lazy], ids=["numpy", "dask"])
def test_data_no_larger_than_their_noise_give_no_weight(case, place):
    """Rough data seem to be noise: a weight that makes the model zero would be no answer."""
    matrix, _, y = case
    rough = np.random.default_rng(5).standard_normal(N)
    for data, noise in ((rough, 1.2 * np.sqrt(np.mean(rough**2))), (y, 10.0)):
        op, data = place(pld.MatrixMult(matrix) if place is not lazy else matrix, data)
        solution = pld.solve(op, data, "hybridlsqr", noise=noise)
        assert (solution.reason, solution.iteration) == (Reason.NOISE, 0)
        assert not np.any(np.asarray(solution.x))
    assert pld.hybrid_lsqr(pld.MatrixMult(matrix), y, noise=10.0)[1:3] == (5, 0)


def test_muted_samples_have_no_noise(case):
    matrix, _, y = case
    muted = np.where(np.arange(N) < 45, 0.0, y)
    state = run_solver(pld.optimization.HybridLSQR(noise=0.1), *lazy(matrix, muted)).state
    assert float(state.samples) == 45
    assert float(state.target) == pytest.approx(0.1 * np.sqrt(45))


def test_the_function_and_the_class_of_pylops_style(case):
    matrix, _, y = case
    x, istop, iit, weight, cost = pld.hybrid_lsqr(pld.MatrixMult(matrix), y, noise=LEVEL)
    solution = pld.solve(pld.MatrixMult(matrix), y, "hybridlsqr", noise=LEVEL)
    np.testing.assert_array_equal(x, solution.x)
    assert (istop, iit, weight) == (1, solution.iteration, solution.weight)
    np.testing.assert_array_equal(cost, solution.history["cost"])
    assert pld.hybrid_lsqr(pld.MatrixMult(matrix), y, damp="gcv", basis=3)[1:3] == (4, 3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"damp": "lcurv"}, "damp"), ({"noise": -1.0}, "noise"), ({"basis": 0}, "basis"), ({"damp": np.nan}, "damp"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_rejected(case, settings, words):
    matrix, _, y = case
    with pytest.raises(ValueError, match=words):
        pld.solve(pld.MatrixMult(matrix), y, "hybridlsqr", **settings)
