"""Weights of regularisation terms and of L1 norms, against dense solves."""

import dask.array as da
import numpy as np
import pytest
from scipy.optimize import brentq

import pylops_distributed as pld

N, LEVEL = 60, 0.05
RNG, T = np.random.default_rng(0), np.arange(N)
MATRIX = np.exp(-0.5 * ((T[:, None] - T) / 2.0) ** 2)
Y = MATRIX @ np.sin(T / 5) + LEVEL * RNG.standard_normal(N)
TARGET = LEVEL * np.sqrt(N)
TERMS = pld.SecondDerivative(N), pld.Identity(N)
DENSE = [np.asarray(term.todense()) for term in TERMS]


def model(weight, ratios=(1.0, 0.1)):
    prior = sum((weight * r) ** 2 * d.T @ d for r, d in zip(ratios, DENSE, strict=True))
    return np.linalg.solve(MATRIX.T @ MATRIX + prior, MATRIX.T @ Y)


@pytest.mark.parametrize(("lazy", "start"), [(False, 1e-4), (False, 1e4), (True, 1.0)])
def test_the_weight_of_several_terms_is_that_of_the_dense_problem(lazy, start):
    op = pld.MatrixMult(da.from_array(MATRIX, chunks=30) if lazy else MATRIX)
    choice = pld.choose_weight(
        op, Y, TERMS, noise=LEVEL, start=start, ratios=(1.0, 0.1), rtol=1e-3, niter=500
    )
    expected = brentq(lambda w: np.linalg.norm(Y - MATRIX @ model(w)) - TARGET, 1e-3, 1e3)
    assert choice.reached
    assert choice.weight == pytest.approx(expected, rel=0.05)
    np.testing.assert_allclose(choice.x, model(choice.weight), atol=2e-3)
    residual = np.linalg.norm(Y - MATRIX @ np.asarray(choice.x))
    assert residual == pytest.approx(choice.target, rel=1e-3)
    assert choice.target == pytest.approx(TARGET)
    assert len(choice.weights) == len(choice.residuals) <= 12


def test_the_weight_of_an_l1_norm():
    op = pld.MatrixMult(MATRIX)

    def solve_at(weight, x0, number):
        return pld.solve(op, Y, "fista", x0, eps=weight, niter=300, tol=1e-10)

    choice = pld.choose_weight(op, Y, noise=LEVEL, solve_at=solve_at)
    assert choice.reached
    assert np.linalg.norm(Y - MATRIX @ choice.x) == pytest.approx(TARGET, rel=0.01)
    less = solve_at(choice.weight / 2, None, 0)
    assert np.linalg.norm(Y - MATRIX @ less.x) < 0.99 * TARGET


def test_each_solve_begins_at_the_model_of_the_one_before():
    starts, models = [], []

    def solve_at(weight, x0, number):
        assert number == len(starts)
        starts.append(x0)
        models.append(model(weight))
        return models[-1]

    choice = pld.choose_weight(pld.MatrixMult(MATRIX), Y, noise=LEVEL, solve_at=solve_at, rtol=1e-6)
    assert starts[0] is None
    assert all(a is b for a, b in zip(starts[1:], models, strict=False))
    assert any(choice.x is m for m in models)


def test_a_level_out_of_reach_is_said():
    choice = pld.choose_weight(pld.MatrixMult(MATRIX[:, :5]), Y, pld.Identity(5), noise=1e-9)
    assert not choice.reached
    chosen = choice.residuals[list(choice.weights).index(choice.weight)]
    assert chosen == pytest.approx(choice.residuals.min(), rel=1e-6)


@pytest.mark.slow
def test_a_killed_search_ends_with_the_same_bits(tmp_path):
    op = pld.MatrixMult(da.from_array(MATRIX, chunks=60))
    settings = {"noise": LEVEL, "rtol": 0.1, "niter": 5, "start": 30.0}
    whole = pld.choose_weight(op, Y, TERMS, checkpoint=tmp_path / "whole", **settings)
    part = pld.choose_weight(op, Y, TERMS, checkpoint=tmp_path / "part", most=2, **settings)
    assert len(part.weights) == 2 < len(whole.weights)
    resumed = pld.choose_weight(op, Y, TERMS, checkpoint=tmp_path / "part", **settings)
    np.testing.assert_array_equal(resumed.weights, whole.weights)
    np.testing.assert_array_equal(resumed.x.compute(), whole.x.compute())


@pytest.mark.parametrize(
    ("settings", "words"),
    [({}, "either Regs"), ({"Regs": TERMS, "start": 0.0}, "start"), ({"Regs": TERMS, "noise": 0.0}, "noise")],
)
def test_calls_that_cannot_be_are_rejected(settings, words):
    with pytest.raises(ValueError, match=words):
        pld.choose_weight(pld.MatrixMult(MATRIX), Y, **{"noise": LEVEL, **settings})
