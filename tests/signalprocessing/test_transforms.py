"""Transforms and products: what their chunks become, and settings that the registry does not reach."""

import dask
import dask.array as da
import numpy as np
import pylops
import pytest

import pylops_distributed as pld
from pylops_distributed import signalprocessing
from pylops_distributed.blockwise.rechunk import rechunk_whole
from pylops_distributed.signalprocessing import FFT, Fredholm1
from pylops_distributed.testing import samples
from pylops_distributed.waveeqprocessing import MDC


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="sync"):
        yield


def close(value, expected):
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-12 * np.linalg.norm(np.ravel(expected)))


def test_gathering_an_axis_leaves_work_for_several():
    assert rechunk_whole(da.ones((8, 6), chunks=(2, 3)), [0]).chunks == ((8,), (3, 3))
    assert rechunk_whole(da.ones((8, 6, 9), chunks=(2, 6, 9)), [0]).numblocks == (1, 1, 4)
    assert rechunk_whole(da.ones((8, 6), chunks=(2, 3)), [0, 1]).numblocks == (1, 1)
    x = da.ones((8, 6), chunks=(8, 6))
    assert rechunk_whole(x, [0]) is x
    with dask.config.set({"array.chunk-size": "64B"}):  # too large together: cut further
        assert rechunk_whole(da.ones((8, 6), chunks=(2, 3)), [0]).chunks == ((8,), (1,) * 6)


def test_products_are_shared_out_where_blocks_are_large():
    A, x = samples((6, 12), "f8"), samples(12, "f8", seed=1)
    op = pld.MatrixMult(da.from_array(A, chunks=(3, 2)))
    few = op @ x
    with dask.config.set({"array.chunk-size": "100B"}):
        many = op @ x
    assert len(many.dask.layers[many.name]) == 2 * (3 + 1)
    assert len(few.dask.layers[few.name]) == 2
    close(few, A @ x)
    close(many, A @ x)


@pytest.mark.parametrize("norm", ["ortho", "none", "1/n"])
def test_an_fft_is_inverted_exactly(norm):
    op = FFT((9, 6), axis=0, nfft=12, real=True, norm=norm, dtype="float64", ifftshift_before=True)
    x = samples((9, 6), "f8")
    close(op / (op @ da.from_array(x, chunks=(3, 6))), x)


def test_single_precision_stays_and_real_models_are_real():
    for real in (True, False):
        op = FFT((9, 6), axis=0, real=real, dtype="float32")
        y = op @ da.from_array(samples((9, 6), "c8"), chunks=3)
        assert (y.dtype, (op.H @ y).dtype) == (np.complex64, np.float32)
        assert y.compute().dtype == np.complex64


def test_fft_returns_the_frequencies_and_cuts_long_models():
    with pytest.warns(UserWarning, match="shorter"):
        op = FFT(9, nfft=4, sampling=0.5)
    with pytest.warns(UserWarning, match="smaller"):
        twin = pylops.signalprocessing.FFT(9, nfft=4, sampling=0.5)
    x, y = samples(9, "c16"), samples(4, "c16")
    close(op.f, twin.f)
    close(op @ x, twin @ x)
    close(op.H @ y, twin.H @ y)
    with pytest.warns(UserWarning, match="fftshift_after"):
        FFT(9, real=True, fftshift_after=True)


def test_an_engine_that_is_not_installed_is_replaced(monkeypatch, caplog):
    monkeypatch.setattr("pylops_distributed.signalprocessing.fourier.find_spec", lambda name: None)
    assert FFT(8, engine="fftw").engine == "numpy"
    assert "pyfftw is not installed" in caplog.text


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: FFT(8, axis=1), "out of bounds"),
        (lambda: FFT(8, norm="backward"), "norm must be one of"),
        (lambda: FFT(8, engine="cufft"), "`engine` must be"),
        (lambda: Fredholm1(np.ones((2, 3))), "three axes"),
        (lambda: MDC(np.ones((2, 3)), 5, 1), "three axes"),
        (lambda: MDC(np.ones((2, 3, 4), "c8"), 4, 1), "nt must be odd"),
    ],
)
def test_bad_arguments_are_rejected_when_building(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_large_spectra_are_cut_before_they_travel(tuned):
    G = da.from_array(samples((5, 4, 6), "c16"), chunks=(3, 4, 6))
    op = MDC(G, 13, 2)
    x, y = samples(op.dims, "f8"), samples(op.dimsd, "f8")
    small = dask.compute(op @ x, op.H @ y)
    tuned("waveeqprocessing.whole-spectrum", 0)
    for large, expected in zip(dask.compute(op @ x, op.H @ y), small, strict=True):
        close(large, expected)
    assert (op @ x).name != (op.H @ y).name


def test_mdc_in_few_tasks_and_without_frequencies_that_do_not_exist(caplog):
    G = samples((9, 4, 6), "c16")
    op, twin = MDC(da.from_array(G, chunks=(4, 4, 6)), 13, 1), pylops.waveeqprocessing.MDC(G[:7], 13, 1)
    assert "only the first 7 count" in caplog.text
    x, y = (
        da.from_array(samples(s.shape, "f8"), chunks=s.chunks).persist() for s in (op.domain, op.codomain)
    )
    forward, adjoint = op @ x, op.H @ y
    assert len(forward.dask.layers[forward.name]) == len(adjoint.dask.layers[adjoint.name]) == 2 + 2 + 2
    close(forward, twin @ x.compute())
    close(adjoint, twin.H @ y.compute())


@pytest.mark.parametrize(
    ("name", "shape", "h"),
    [
        ("Convolve1D", 30, np.ones(3) / 3),
        ("Convolve2D", (12, 14), np.ones((3, 3)) / 9),
        ("Convolve1D", (4, 30), np.full((4, 5), 0.1)),
    ],
)
def test_filters_of_single_operators_are_as_precise_as_the_data(name, shape, h):
    kind = getattr(signalprocessing, name)
    op = kind(shape, h, dtype="float32")
    x = np.random.default_rng(0).standard_normal(shape)
    expected = getattr(pylops.signalprocessing, name)(shape, h, dtype="float64") @ x
    assert np.linalg.norm(op @ x - expected) <= 1e-13 * np.linalg.norm(expected)
    assert (op @ x.astype("float32")).dtype == np.float32


def test_radon_transforms_take_any_true_value_for_interp():
    axes = (np.arange(9.0), np.arange(5.0), np.linspace(0, 1, 3))
    x = samples((3, 9), "f8")
    ours, theirs = (
        library.signalprocessing.Radon2D(*axes, interp="nearest", engine="numpy") @ x
        for library in (pld, pylops)
    )
    close(ours, theirs)


def test_traces_are_predicted_along_slopes_as_in_pylops():
    t, trace = np.arange(12) * 0.004, samples(12, "f8")
    slope = 1e-4 * np.arange(12)
    for adj in (False, True):
        ours, theirs = (
            library.signalprocessing.seislet._predict_trace(trace, t, 0.004, 10.0, slope, adj=adj)
            for library in (pld, pylops)
        )
        close(ours, theirs)
