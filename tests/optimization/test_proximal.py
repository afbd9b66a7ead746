"""Proximal operators: their defining properties, closed forms, and PyProximal's functions."""

import dask
import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.optimization.primal import ADMM, LinearizedADMM, ProximalGradient
from pylops_distributed.optimization.primaldual import PrimalDual
from pylops_distributed.optimization.proximal import (
    L1,
    L2,
    L21,
    TV,
    Box,
    Euclidean,
    EuclideanBall,
    Huber,
    HuberCircular,
    L1Ball,
    Log,
    Nuclear,
    NuclearBall,
    VStack,
)
from pylops_distributed.vectors.space import BlockVector

SHAPE, CHUNKS = (4, 6), (3, 4)


@pytest.fixture(autouse=True)
def _threads():
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def vector(dtype="f8", seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(SHAPE)
    return (x + 1j * rng.standard_normal(SHAPE) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def lazy(x):
    return da.from_array(x, chunks=CHUNKS)


OPERATORS = [
    L1(0.5), L1(0.5, lazy(vector(seed=1))), L2(sigma=2.0), L2(b=lazy(vector(seed=1)), sigma=2.0),
    L2(q=lazy(vector(seed=1)), alpha=0.3),
    L2(pld.Diagonal(da.from_array(1 + vector(seed=4) ** 2, chunks=CHUNKS)), niter=30),
    L21(4, 0.7), TV(SHAPE, 0.3, 40), Box(-0.3, 0.4), Nuclear(SHAPE, 0.3),
    Huber(0.4), HuberCircular(3.0), HuberCircular(9.0), Euclidean(0.7),
    EuclideanBall(lazy(vector(seed=1)), 1.5), L1Ball(24, 4.0), Log(0.8, 1.7), NuclearBall(SHAPE, 3.0),
    VStack((L1(0.5), Euclidean()), (10, 14)),
]  # fmt: skip


@pytest.mark.parametrize("f", OPERATORS, ids=lambda f: type(f).__name__)
def test_prox_minimises(f):
    """No model near the one found is better, and Moreau's identity holds."""
    x, tau = lazy(vector(seed=2)), 0.8
    found = f.prox(x, tau)
    assert (found.shape, found.chunks, found.dtype) == (x.shape, x.chunks, x.dtype)

    def objective(v):
        return f(v) * tau + ((v - x) ** 2).sum() / 2

    rng = np.random.default_rng(5)
    others = [found + lazy(s * rng.standard_normal(SHAPE)) for s in (1e-3, 1e-2, 0.1, 1) for _ in range(4)]
    best, *values = dask.compute(objective(found), *map(objective, others))
    assert best <= min(values) + (1e-4 if type(f) is TV else 1e-12)
    dual = f.proxdual(x, tau)
    np.testing.assert_allclose(dual.compute(), (x - tau * f.prox(x / tau, 1 / tau)).compute(), atol=1e-12)


def test_gradients():
    """Of differentiable functions that are not quadratic, by central differences."""
    x, d = lazy(vector()), lazy(1e-5 * vector(seed=3))
    for f in (Huber(0.4), HuberCircular(3.0), HuberCircular(9.0)):
        slope, ahead, behind = dask.compute((f.grad(x) * d).sum(), f(x + d), f(x - d))
        np.testing.assert_allclose(slope, (ahead - behind) / 2, rtol=1e-5)


@pytest.mark.parametrize("f", [L2(b=lazy(vector(seed=1)), sigma=2.0), OPERATORS[5]], ids=["data", "operator"])
def test_gradient_of_l2(f):
    x, d = lazy(vector()), lazy(vector(seed=3))
    slope, ahead, behind = dask.compute((f.grad(x) * d).sum(), f(x + d), f(x - d))
    np.testing.assert_allclose(slope, (ahead - behind) / 2, rtol=1e-10)


@pytest.mark.parametrize("dtype", ["f4", "c8", "c16"])
@pytest.mark.parametrize("f", [L1(0.5), L2(sigma=2.0), L21(4, 0.7), Nuclear(SHAPE, 0.3)], ids=repr)
def test_types_are_kept(f, dtype):
    x = lazy(vector(dtype))
    for found in (f.prox(x, 0.8), f.proxdual(x, 0.8)):
        assert found.dtype == found.compute().dtype == dtype
    assert f(x).compute().dtype == np.float64  # a scalar of a solver


def test_closed_forms():
    x = vector("c16")
    size = np.abs(x)
    np.testing.assert_allclose(L1(0.5).prox(lazy(x), 0.8).compute(), x * np.maximum(1 - 0.4 / size, 0))
    np.testing.assert_allclose(L1(0.5).proxdual(lazy(x), 0.8).compute(), x * np.minimum(1, 0.5 / size))
    length = np.sqrt((size**2).sum(axis=0))
    np.testing.assert_allclose(L21(4, 0.5).prox(lazy(x), 0.8).compute(), x * np.maximum(1 - 0.4 / length, 0))
    rows = BlockVector(tuple(da.from_array(row, chunks=4) for row in x))
    blocks = L21(4, 0.5).prox(rows, 0.8)
    np.testing.assert_allclose(da.stack(blocks.arrays).compute(), L21(4, 0.5).prox(lazy(x), 0.8).compute())
    left, values, right = np.linalg.svd(x, full_matrices=False)
    shrunk = left * np.maximum(values - 0.4, 0) @ right
    np.testing.assert_allclose(Nuclear(SHAPE, 0.5).prox(lazy(x), 0.8).compute(), shrunk, atol=1e-12)


def test_total_variation_of_a_step():
    """Both levels of a step come closer by the weight over their lengths."""
    x = np.r_[np.zeros(6), np.ones(6)]
    found = TV((12,), 0.3, 60).prox(da.from_array(x, chunks=5), 1.0).compute()
    np.testing.assert_allclose(found, np.r_[np.full(6, 0.05), np.full(6, 0.95)], atol=1e-3)
    assert float(TV((12,), 0.3)(da.from_array(x, chunks=5)).compute()) == pytest.approx(0.3)


def test_width_must_be_positive():
    with pytest.raises(ValueError, match="alpha must be positive, got 0"):
        Huber(0)


def test_components_must_fit():
    with pytest.raises(ValueError, match="3 components"):
        L21(3).prox(lazy(vector()), 1.0)


def test_solvers_agree():
    """Four ways to the minimiser of 1/2 |x - b|^2 + 0.5 |x|_1, which is known."""
    b = lazy(vector())
    f, g, zero = L2(b=b), L1(0.5), da.zeros(SHAPE, chunks=CHUNKS)
    expected = L1(0.5).prox(b, 1.0).compute()
    identity = pld.Identity(SHAPE)
    found = [
        ProximalGradient(f, g, zero, tau=0.5, niter=60, acceleration="vandenberghe"),
        *ADMM(f, g, zero, tau=1.0, niter=80),
        LinearizedADMM(f, g, identity, zero, tau=1.0, mu=0.9, niter=80)[0],
        PrimalDual(f, g, identity, zero, tau=0.9, mu=0.9, niter=80),
    ]
    for x in found:
        np.testing.assert_allclose(x.compute(), expected, atol=1e-8)


def test_stopping_callbacks_and_table(capsys):
    f, g, zero = L2(b=lazy(vector())), L1(0.5), da.zeros(SHAPE, chunks=CHUNKS)
    seen = []
    ADMM(f, g, zero, 1.0, 50, tol=1e-3, callback=lambda x, z: seen.append((x, z)), callbackz=True)
    assert 1 < len(seen) < 50
    seen.clear()
    ProximalGradient(f, g, zero, niter=50, rtol=0.9, callback=seen.append, show=True)
    assert len(capsys.readouterr().out.splitlines()) == len(seen) == 1
    x, dual = PrimalDual(f, g, pld.Identity(SHAPE), zero, 0.9, 0.9, returny=True)
    assert x.shape == dual.shape == SHAPE
    with pytest.raises(ValueError, match="acceleration"):
        ProximalGradient(f, g, zero, acceleration="nesterov")
    with pytest.raises(ValueError, match="eta"):
        ProximalGradient(f, g, zero, eta=0.5)
