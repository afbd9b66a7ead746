"""Inversions of seismic data: the same results as PyLops' drivers."""

import warnings
from functools import partial

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
import scipy.sparse.linalg
from case import close, samples
from pylops.utils.wavelets import ricker

import pylops_distributed as pld
from pylops_distributed.waveeqprocessing import (
    LSM,
    MDC,
    MDD,
    Deghosting,
    Kirchhoff,
    Marchenko,
    SeismicInterpolation,
    WavefieldDecomposition,
)

EXACT = {"iter_lim": 8, "atol": 0, "btol": 0}
OURS = EXACT


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="sync"):
        yield


def gather_of(nv, nt=12, ns=4, nr=3):
    """A kernel in time and data modelled with it."""
    G = samples((ns, nr, nt), "f8", seed=1)
    two = np.concatenate([np.zeros((ns, nr, nt - 1)), G], axis=2)
    spectra = np.moveaxis(np.fft.rfft(two, axis=2), 2, 0)
    op = MDC(spectra, 2 * nt - 1, nv, dt=0.004, dr=2.0)
    model = np.zeros(op.dims)
    model[nt - 1 :] = samples((nt, nr, nv), "f8", seed=2)
    return G, np.moveaxis(np.asarray(op @ model), 0, 2)[..., nt - 1 :]


@pytest.mark.parametrize("nv", [1, 2])
def test_mdd_equals_pylops(nv):
    G, d = gather_of(nv)
    d = d[:, 0] if nv == 1 else d
    wavelet = ricker(np.arange(5) * 0.004, 40)[0]
    options = {"dt": 0.004, "dr": 2.0, "adjoint": True, "psf": True, "wav": wavelet, "nfmax": 11}
    found = MDD(da.from_array(G, chunks=(2, 3, 5)), d, **options, **OURS)
    expected = pylops.waveeqprocessing.MDD(G, d, **options, **EXACT)
    for a, b in zip(found, expected, strict=True):
        close(a, b)


def test_mdd_of_causal_models_and_of_one_side():
    G, d = gather_of(2)
    options = {"dt": 0.004, "dr": 2.0, "causality_precond": True, "smooth_precond": 3}
    close(MDD(G, d, **options, **OURS), pylops.waveeqprocessing.MDD(G, d, **options, **EXACT))
    one = {"dt": 0.004, "twosided": False, "nfmax": 6}
    close(MDD(G, d, **one, **OURS), pylops.waveeqprocessing.MDD(G, d, **one, **EXACT))


@pytest.mark.parametrize("lazy", [False, True])
def test_mdd_of_a_causal_model_does_not_mask_the_point_spread_function(lazy):
    G, d = gather_of(2)
    options = {"dt": 0.004, "dr": 2.0, "causality_precond": True, "psf": True, "adjoint": True, "nfmax": 5}
    found = MDD(da.from_array(G, chunks=(2, 3, 5)) if lazy else G, d, **options, iter_lim=5)
    expected = pylops.waveeqprocessing.MDD(G, d, **options, iter_lim=5)
    for a, b in zip(found, expected, strict=True):
        close(a, b)


@pytest.mark.parametrize("length", [9, 23, 24, 31, 60])
def test_mdd_with_a_wavelet_longer_than_the_model(length):
    G, d = gather_of(1)
    options = {"wav": samples((length,), "f8", seed=4), "iter_lim": 5}
    close(MDD(G, d, **options), pylops.waveeqprocessing.MDD(G, d[:, 0], **options))


def test_marchenko_equals_pylops():
    nt, n = 15, 4
    R = 0.02 * samples((n, n, nt), "f8", seed=3)
    trav = 0.02 + 0.002 * np.arange(2 * n).reshape(n, 2)
    wavelet = ricker(np.arange(5) * 0.004, 40)[0]
    options = {"dt": 0.004, "dr": 1.0, "nfmax": 12, "wav": wavelet, "toff": 0.004, "nsmooth": 3}
    ours = Marchenko(da.from_array(R, chunks=(2, 4, 15)), **options)
    twin = pylops.waveeqprocessing.Marchenko(R, **options)
    found = ours.apply_multiplepoints(trav, nfft=32, rtm=True, greens=True, **OURS)
    expected = twin.apply_multiplepoints(trav, nfft=32, rtm=True, greens=True, **EXACT)
    for a, b in zip(found, expected, strict=True):
        close(a, b)
    G0 = samples((n, nt), "f8", seed=4)
    found = ours.apply_onepoint(trav[:, 0], G0, greens=True, **OURS)
    for a, b in zip(found, twin.apply_onepoint(trav[:, 0], G0, greens=True, **EXACT), strict=True):
        close(a, b)
    spectrum = np.moveaxis(np.asarray(ours.Rtwosided_fft), 0, 2)
    again = Marchenko(spectrum, nt=nt, **{**options, "nfmax": None})
    for a, b in zip(again.apply_onepoint(trav[:, 0], G0, greens=True, **OURS), found, strict=True):
        close(a, np.asarray(b))
    with pytest.raises(ValueError, match="nt must be given"):
        Marchenko(spectrum)
    with pytest.raises(ValueError, match="either G0"):
        Marchenko(R).apply_onepoint(trav[:, 0])


def test_lsm_images_two_reflectors_at_their_depths():
    z, x, t = np.arange(20) * 4.0, np.arange(12) * 4.0, np.arange(60) * 0.004
    points = np.stack([np.linspace(0, 44, 6), np.zeros(6)])
    wavelet, _, centre = ricker(np.arange(7) * 0.004, f0=40)
    reflectivity = np.zeros((12, 20))
    reflectivity[:, 7], reflectivity[:, 14] = 1, -1
    settings = (z, x, t, points, points, 1000.0, wavelet, centre)
    lsm = LSM(*settings, mode="analytic", dottest=True)
    d = lsm.Demop @ da.from_array(reflectivity)
    image = np.asarray(lsm.solve(d, iter_lim=15, atol=0, btol=0))
    profile = image[3:9].mean(axis=0)
    assert abs(int(np.argmax(profile)) - 7) <= 1
    assert abs(int(np.argmin(profile)) - 14) <= 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twin = pylops.waveeqprocessing.LSM(*settings, mode="analytic")
    close(image, twin.solve(np.asarray(d), iter_lim=15, atol=0, btol=0))
    with pytest.raises(ValueError, match="kind must be one of"):
        LSM(*settings, kind="oneway")


def test_eikonal_times_are_those_of_pylops_and_need_their_package(monkeypatch):
    z, x, t = np.arange(6) * 4.0, np.arange(7) * 4.0, np.arange(30) * 0.004
    points = np.stack([np.linspace(0, 24, 3), np.zeros(3)])
    vel = 1000.0 + 10 * np.arange(6) * np.ones((7, 1))
    settings = (z, x, t, points, points, vel, ricker(np.arange(3) * 0.004, 40)[0], 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twin = pylops.waveeqprocessing.Kirchhoff(*settings)
    m = da.from_array(samples((7, 6), "f8"), chunks=3)
    close(Kirchhoff(*settings) @ m, twin @ m.compute(), 1e-12)
    # PyLops' amplitudes are not numbers at the source.
    assert np.isfinite((Kirchhoff(*settings, dynamic=True) @ m).compute()).all()
    monkeypatch.setattr("pylops_distributed.waveeqprocessing.traveltimes.find_spec", lambda name: None)
    with pytest.raises(NotImplementedError, match="scikit-fmm"):
        Kirchhoff(*settings)


def test_wavefields_are_decomposed_as_by_pylops():
    nr, nt = 8, 16
    p, vz = samples((nr, nt), "f8", seed=1), samples((nr, nt), "f8", seed=2)
    settings = (nt, nr, 0.004, 10.0, 1.5, 1500.0)
    options = {"critical": 90.0, "ntaper": 2, "dtype": "complex128"}
    lazily = da.from_array(p, chunks=(3, 7)), da.from_array(vz, chunks=(4, 16))
    with np.errstate(all="ignore"):
        for kind, ours, theirs in (("inverse", OURS, EXACT), ("analytical", {}, {})):
            kwargs = {"kind": kind, "scaling": 2.0, "nffts": (nr, nt), **options}
            found = WavefieldDecomposition(*lazily, *settings, **kwargs, **ours)
            expected = pylops.waveeqprocessing.WavefieldDecomposition(p, vz, *settings, **kwargs, **theirs)
            for a, b in zip(found, expected, strict=True):
                close(a, b)
        pair = pld.BlockDiag([pld.Restriction((nr, nt), [0, 2, 3, 5, 7], axis=0, dtype="c16")] * 2)
        part = [a[[0, 2, 3, 5, 7]] for a in (p, vz)]
        up, down = WavefieldDecomposition(*part, *settings, restriction=pair, dottest=True, **options, **OURS)
    assert up.shape == down.shape == (nr, nt)


def test_ghosts_are_removed_as_by_pylops():
    nt, nr = 15, 8
    p, direct = samples((nt, nr), "f8", seed=1), 0.1 * samples((nt, nr), "f8", seed=2)
    settings = (nt, nr, 0.004, 10.0, 1500.0, 12.0)
    options = {"npad": 2, "ntaper": 2}
    for kind in ("p", "vz"):
        found = Deghosting(da.from_array(p, chunks=5), *settings, kind, direct, **options, **OURS)
        expected = pylops.waveeqprocessing.Deghosting(
            p, *settings, kind, direct, **options, dtype="float64", **EXACT
        )
        for a, b in zip(found, expected, strict=True):
            close(a, b)
    with pytest.raises(ValueError, match="either the direct wave"):
        Deghosting(p, *settings)
    some = pld.Restriction((nt, nr), [0, 2, 5], axis=1)
    with pytest.raises(ValueError, match="sptransf"):
        Deghosting(p[:, [0, 2, 5]], *settings, pd=direct[:, [0, 2, 5]], restriction=some, **options)


TIME, LINE, CROSS, SLOW = (
    np.arange(10) * 0.1,
    np.arange(8) * 2.0,
    np.arange(6) * 2.0,
    np.linspace(-0.05, 0.05, 4),
)
GRID = {"taxis": TIME, "spataxis": LINE, "paxis": SLOW}
GRID3 = {**GRID, "spat1axis": CROSS, "p1axis": SLOW[:3]}
INTERPOLATIONS = {
    "fk": {"nffts": (8, 12), "sampling": (2.0, 0.1)},
    "spatial": {},
    **dict.fromkeys(("radon-linear", "radon-parabolic", "chirpradon-linear"), GRID),
    "radon-hyperbolic": {**GRID, "paxis": SLOW[2:], "centeredh": False},
    **{kind: {**GRID, "nwins": 3, "nwin": 4, "nover": 2} for kind in ("sliding", "chirp-sliding")},
}  # fmt: skip


@pytest.mark.parametrize("kind", INTERPOLATIONS)
@pytest.mark.parametrize("dims", [2, 3])
def test_traces_are_interpolated_as_by_pylops(kind, dims):
    iava, iava1, options = np.array([0, 2, 3, 5, 7]), np.array([0, 1, 3, 5]), dict(INTERPOLATIONS[kind])
    nrec: object = 8
    if dims == 3:
        options |= {} if kind in ("fk", "spatial") else GRID3 | {"paxis": options["paxis"]}
        options |= {"nwins": (3, 2), "nwin": (4, 4), "nover": (2, 2)} if kind.endswith("sliding") else {}
        options |= {"nffts": (8, 6, 10), "sampling": None, **GRID3} if kind == "fk" else {}
        nrec = (8, 6)
    d = samples((5, 4, 10)[3 - dims :] if dims == 3 else (5, 10), "f8", seed=3)
    places = (iava,) if dims == 2 else (iava, iava1)
    exact = {"iter_lim": 4, "atol": 0, "btol": 0}
    solver = exact if kind == "spatial" else {"niter": 3, "alpha": 1e-3, "eps": 0.1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pylops.waveeqprocessing.SeismicInterpolation(
            d, nrec, *places, kind=kind, engine="numpy", **options, **solver
        )
    found = SeismicInterpolation(
        da.from_array(d, chunks=4), nrec, *places, kind=kind, engine="numpy", **options, **solver
    )
    for a, b in zip(found, expected, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            close(a, np.asarray(b))


def test_traces_between_those_of_the_grid_are_met():
    iava = np.array([0.5, 2.25, 4.0, 6.5])
    grid = np.add.outer(np.arange(8.0), TIME)
    d = np.array([np.interp(iava, range(8), trace) for trace in grid.T]).T
    found, _, _ = SeismicInterpolation(d, 8, iava, kind="spatial", atol=1e-10, dottest=True)
    close(found, grid, 1e-3)
    with pytest.raises(KeyError, match="kind must be one of"):
        SeismicInterpolation(d, 8, iava, kind="none")
    with pytest.raises(ValueError, match="axes of slowness"):
        SeismicInterpolation(d, 8, iava, kind="sliding", **{**GRID, "paxis": None}, nwins=3, nwin=4, nover=2)
    with pytest.raises(ValueError, match="2 or 3 dimensions"):
        SeismicInterpolation(TIME, 8, iava)


def test_solvers_of_other_libraries_get_their_own_keywords_and_local_data():
    z, x, t = np.arange(4.0) * 10, np.arange(5.0) * 10, np.arange(40) * 0.004
    points = np.array([[0.0, 20.0], [0.0, 0.0]])
    settings = (z, x, t, points, points, 1000.0, np.hanning(7)[1:-1], 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twin = pylops.waveeqprocessing.LSM(*settings, mode="analytic", engine="numpy")
    lsm = LSM(*settings, mode="analytic", engine="numpy")
    d = samples(lsm.Demop.dimsd, "f8", seed=1)
    for solver, options in (
        (scipy.sparse.linalg.lsqr, {"iter_lim": 3}),
        (scipy.sparse.linalg.lsmr, {"maxiter": 3}),
        (partial(scipy.sparse.linalg.lsqr, iter_lim=2), {}),
        (pylops.optimization.basic.cgls, {"niter": 3}),
    ):
        expected = twin.solve(d, solver=solver, **options)
        for data in (d, da.from_array(d, chunks=20)):
            close(lsm.solve(data, solver=solver, **options), expected)
    close(lsm.solve(da.from_array(d, chunks=20)), twin.solve(d), 1e-6)
    close(lsm.solve(d, solver=pld.cgls, iter_lim=3), twin.solve(d, solver=pylops.cgls, niter=3))
