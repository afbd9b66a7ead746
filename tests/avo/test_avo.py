"""Inversions of post- and pre-stack data: the same results as PyLops' drivers."""

import warnings

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
from case import close, samples
from pylops.utils.wavelets import ricker

from pylops_distributed.avo import PoststackInversion, PrestackInversion, PrestackLinearModelling

EXACT = {"iter_lim": 8, "atol": 0, "btol": 0}
OURS = EXACT
WAVELET = ricker(np.arange(5) * 0.004, f0=30)[0]
THETA = np.arange(0.0, 20, 5)
NT = 12


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="sync"):
        yield


def chunked(array):
    return da.from_array(array, chunks=3)


def theirs_of(driver, *args, **options):
    with warnings.catch_warnings():  # PyLops warns about PyLops
        warnings.simplefilter("ignore")
        return driver(*args, **options)


SETTINGS = {
    "each": ({"explicit": True}, {}, {}),
    "each by normal equations": ({"explicit": True, "epsI": 1e-2}, {}, {}),
    "all by matrix": ({"explicit": True, "simultaneous": True}, OURS, EXACT),
    "all": ({}, OURS, EXACT),
    "smooth": ({"epsR": 0.3}, OURS, EXACT),
    "blocky": (
        {"epsR": 0.3, "epsRL1": 0.1, "mu": 0.9, "niter_outer": 2, "niter_inner": 2},
        {"iter_lim": 4, "atol": 0, "btol": 0}, {"iter_lim": 4, "atol": 0, "btol": 0},
    ),
}  # fmt: skip
each_setting = pytest.mark.parametrize(("options", "ours", "theirs"), SETTINGS.values(), ids=SETTINGS)


@each_setting
@pytest.mark.parametrize("space", [(), (5,), (4, 3)])
def test_poststack_inversion_equals_pylops(space, options, ours, theirs):
    d, m0 = samples((NT, *space), "f8", seed=1), samples((NT, *space), "f8", seed=2)
    if not space and "epsRL1" in options:  # where PyLops fails
        assert np.isfinite(PoststackInversion(d, WAVELET, **options, **ours)[0]).all()
        return
    for background in (None, m0):
        lazy = None if background is None else chunked(background)
        found = PoststackInversion(chunked(d), WAVELET, lazy, **options, **ours)
        expected = theirs_of(
            pylops.avo.poststack.PoststackInversion, d, WAVELET, background, **options, **theirs
        )
        for a, b in zip(found, expected, strict=True):
            close(a, b.reshape(d.shape))


@each_setting
@pytest.mark.parametrize("space", [(), (5,), (4, 3)])
def test_prestack_inversion_equals_pylops(space, options, ours, theirs):
    d, m0 = samples((NT, 4, *space), "f8", seed=1), samples((NT, 3, *space), "f8", seed=2)
    settings = {"linearization": "fatti", "returnres": True, "vsvp": 0.4, **options}
    if not space and "epsRL1" in options:  # where PyLops fails
        assert np.isfinite(PrestackInversion(d, THETA, WAVELET, **settings, **ours)[0]).all()
        return
    for background in (None, m0):
        lazy = None if background is None else chunked(background)
        found = PrestackInversion(chunked(d), THETA, WAVELET, lazy, **settings, **ours)
        expected = theirs_of(
            pylops.avo.prestack.PrestackInversion, d, THETA, WAVELET, background, **settings, **theirs
        )
        for a, b in zip(found, expected, strict=True):
            close(a, b.reshape(a.shape))


@pytest.mark.parametrize(
    ("options", "ours", "theirs"),
    [
        ({"explicit": True, "cond": 1e-3}, {}, {}),
        ({}, OURS, EXACT),
        ({"epsR": 0.3, "epsI": [0.1, 0.2, 0.3]}, OURS, EXACT),
    ],
)
def test_two_linearizations_have_one_model(options, ours, theirs):
    d = samples((2, NT, 4, 5), "f8", seed=1)
    settings = {"linearization": ["fatti", "ps"], "returnres": True, **options}
    found = PrestackInversion(chunked(d), THETA, WAVELET, **settings, **ours)
    expected = theirs_of(pylops.avo.prestack.PrestackInversion, d, THETA, WAVELET, **settings, **theirs)
    for a, b in zip(found, expected, strict=True):
        close(a, b)


def test_inversions_reject_arguments_that_do_not_fit():
    d = samples((NT, 4), "f8")
    with pytest.raises(ValueError, match="must be the same"):
        PoststackInversion(d, WAVELET, d[:, :2])
    with pytest.raises(ValueError, match="times and places"):
        PrestackInversion(d, THETA, WAVELET, np.zeros((NT - 1, 3)))
    for settings in ({"epsR": 1.0}, {"explicit": True}):
        with pytest.raises(ValueError, match="expected one number, or 3, one for each parameter"):
            PrestackInversion(d, THETA, WAVELET, epsI=[1.0, 2.0], **settings)
    with pytest.raises(ValueError, match=r"epsR=\[1.0, 2.0\]: expected one number"):
        PrestackInversion(d, THETA, WAVELET, epsR=[1.0, 2.0])
    with pytest.raises(TypeError, match="epsI='a': expected one real number"):
        PoststackInversion(d, WAVELET, explicit=True, epsI="a")


@pytest.mark.parametrize("simultaneous", [False, True])
def test_each_parameter_has_its_own_number_on_the_diagonal(simultaneous):
    """PyLops takes one for each with ``epsR`` only."""
    d, weights = samples((NT, 4, 2), "f8", seed=1), [0.1, 10.0, 0.3]
    ours = {"atol": 1e-14, "btol": 1e-14, "iter_lim": 1000} if simultaneous else {}
    model = PrestackInversion(
        d, THETA, WAVELET, explicit=True, simultaneous=simultaneous, epsI=weights, **ours
    )
    modelling = PrestackLinearModelling(WAVELET, THETA, nt0=NT)
    dense = np.array([np.asarray(modelling @ e) for e in np.eye(3 * NT)]).T
    normal = dense.T @ dense + np.diag(np.tile(weights, NT))
    close(model, np.linalg.solve(normal, dense.T @ d.reshape(-1, 2)).reshape(NT, 3, 2))


def test_traces_solved_one_by_one_stay_lazy():
    def forbid_compute(*args, **kwargs):
        raise AssertionError("something was computed")

    with dask.config.set(scheduler=forbid_compute):
        model, rest = PoststackInversion(da.ones((NT, 6), chunks=3), WAVELET, explicit=True, dottest=False)
    assert model.chunks == rest.chunks == ((NT,), (3, 3))


@pytest.mark.parametrize("explicit", [False, True])
def test_smooth_prestack_models_reach_the_dense_optimum_whether_explicit_or_not(explicit):
    nt, nx = 8, 3
    theta, d = np.linspace(0.0, 30.0, 4), np.random.default_rng(0).standard_normal((8, 4, 3))
    A = np.asarray(PrestackLinearModelling(np.hanning(5), theta, nt0=nt, spatdims=(nx,)).todense())
    R = pylops.Laplacian((nt, 3, nx), axes=(0, 2)).todense()
    expected = np.linalg.lstsq(np.vstack([A, R]), np.r_[d.ravel(), np.zeros(R.shape[0])], rcond=None)[0]
    exact = {"iter_lim": 500, "atol": 1e-12, "btol": 1e-12}
    found = PrestackInversion(
        d, theta, np.hanning(5), explicit=explicit, simultaneous=True, epsR=1.0, **exact
    )
    np.testing.assert_allclose(np.ravel(found), expected, rtol=1e-4)
