"""Inputs of proximal functions and solvers: layouts and types that are taken, and values without a meaning."""

import dask.array as da
import numpy as np
import pylops
import pytest

import pylops_distributed as pld
from pylops_distributed.optimization.primal import ADMM, LinearizedADMM, ProximalGradient
from pylops_distributed.optimization.primaldual import PrimalDual
from pylops_distributed.optimization.proximal import L1, L2, L21, TV, Box, Nuclear

rng = np.random.default_rng(0)
MATRIX, B = rng.normal(size=(9, 6)), rng.normal(size=9)
IMAGE = rng.normal(size=(4, 5)).cumsum(axis=0)
KINDS = pytest.mark.parametrize(
    "array", [np.asarray, lambda a: da.from_array(a, chunks=3)], ids=["NumPy", "Dask"]
)


@KINDS
def test_integers_are_not_cut_off(array):
    x = array(np.arange(-3, 3))
    np.testing.assert_array_equal(L1(1.0).prox(x, 0.5), [-2.5, -1.5, -0.5, 0, 0.5, 1.5])
    np.testing.assert_array_equal(Box(-0.5, 0.5).prox(x, 1.0), [-0.5, -0.5, -0.5, 0, 0.5, 0.5])
    np.testing.assert_array_equal(L1(1.5).proxdual(x, 1.0), [-1.5, -1.5, -1, 0, 1, 1.5])


@KINDS
def test_total_variation_without_a_weight_changes_nothing(array):
    np.testing.assert_array_equal(TV((4, 5), 0.0).prox(array(IMAGE), 0.6), IMAGE)
    np.testing.assert_array_equal(TV((4, 5), 1.0).prox(array(IMAGE), 0.0), IMAGE)


@KINDS
@pytest.mark.parametrize("flat", [False, True])
def test_operators_of_pylops_and_models_and_data_flat_or_not(array, flat):
    layout = np.ravel if flat else np.asarray
    x0, tau = array(layout(np.zeros((4, 5)))), 0.1
    expected = IMAGE - np.clip(IMAGE, -0.4, 0.4)  # of 0.5 |x - b|^2 + 0.4 |x|
    f = L2(Op=pylops.Identity((4, 5)), b=layout(IMAGE))
    for x in (
        ProximalGradient(f, L1(0.4), x0, tau=1.0, niter=5),
        ADMM(f, L1(0.4), x0, tau=1.0, niter=60)[0],
        LinearizedADMM(L1(0.4), L2(b=layout(IMAGE)), pld.Identity((4, 5)), x0, tau=1.0, mu=0.9, niter=60)[1],
        PrimalDual(L1(0.4), L2(b=IMAGE), pylops.Identity((4, 5)), x0, tau=0.9, mu=0.9, niter=60),
    ):
        np.testing.assert_allclose(np.reshape(x, (4, 5)), expected, atol=1e-6)
    assert ProximalGradient(f, L1(0.4), x0, tau=tau, niter=2).shape == x0.shape


@KINDS
def test_data_of_another_size_are_not_broadcast(array):
    with pytest.raises(ValueError, match="20 samples"):
        L2(b=IMAGE[0]).prox(array(IMAGE), 1.0)


@pytest.mark.parametrize(
    "make", [L1, lambda s: L21(2, s), lambda s: Nuclear((4, 5), s), lambda s: TV((4, 5), s)]
)
@pytest.mark.parametrize("sigma", [-1.0, np.nan])
def test_weights_of_functions_that_are_not_convex(make, sigma):
    with pytest.raises(ValueError, match="expected a weight of zero or more"):
        make(sigma)


def test_boxes_that_hold_nothing():
    with pytest.raises(ValueError, match="must not be above"):
        Box(1.0, -1.0)
    with pytest.raises(TypeError, match="no order"):
        Box(-1.0, 1.0).prox(IMAGE * 1j, 1.0)


@pytest.mark.parametrize(("name", "value"), [("tau", np.nan), ("tau", -1.0), ("niter", 2.5), ("niter", -1)])
def test_settings_without_a_meaning(name, value):
    f, x0 = L2(Op=pld.MatrixMult(MATRIX), b=B), np.zeros(6)
    for call in (
        lambda **kwargs: ProximalGradient(f, L1(), x0, **kwargs),
        lambda **kwargs: ADMM(f, L1(), x0, **{"tau": 0.1, **kwargs}),
    ):
        with pytest.raises(ValueError, match=f"{name}"):
            call(**{name: value})
