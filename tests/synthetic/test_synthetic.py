"""The synthetic earth: what it promises about units, seeds, seismic, noise, background and geology."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pylops_distributed.synthetic.layered_volume import layered_volume, ricker_wavelet

SHAPE = (12, 20, 128)


def modelled(ds: xr.Dataset) -> np.ndarray:
    """Seismic of the true impedance, trace by trace, from the wavelet that the attributes describe."""
    wavelet = ricker_wavelet(ds.wavelet_peak_hz, ds.wavelet_dt_ms)
    assert wavelet.size == ds.wavelet_samples
    log = np.log(ds.impedance.values.astype(float))
    slope = np.zeros_like(log)
    slope[..., 1:-1] = (log[..., 2:] - log[..., :-2]) / 2
    return np.apply_along_axis(np.convolve, -1, slope, wavelet / 2, mode="same")


def test_dataset_is_labelled() -> None:
    ds = layered_volume(SHAPE, dt=2.0, start=1000.0)
    assert ds.sizes == {"inline": 12, "crossline": 20, "twt": 128}
    assert {str(v.dtype) for v in ds.data_vars.values()} == {"float32"}
    assert ds.impedance.units == ds.background.units == "kg m-2 s-1"
    assert ds.twt.units == "ms"
    assert ds.twt.values[[0, -1]].tolist() == [1000.0, 1254.0]
    assert all(isinstance(v, str | int | float) for v in ds.attrs.values())


def test_section_has_two_dimensions() -> None:
    ds = layered_volume((30, 100))
    assert ds.amplitude.dims == ("crossline", "twt")
    assert "inline" not in ds.coords


def test_seed_decides_everything() -> None:
    xr.testing.assert_identical(layered_volume(SHAPE, seed=3), layered_volume(SHAPE, seed=3))
    other = layered_volume(SHAPE, seed=4)
    assert not np.allclose(layered_volume(SHAPE, seed=3).impedance, other.impedance, rtol=0.01)


def test_noise_leaves_the_earth_alone() -> None:
    xr.testing.assert_identical(layered_volume(SHAPE, snr=3.0).impedance, layered_volume(SHAPE).impedance)


def test_amplitude_without_noise_is_the_convolutional_model() -> None:
    ds = layered_volume(SHAPE, snr=np.inf)
    np.testing.assert_allclose(ds.amplitude, modelled(ds), atol=2e-6)


@pytest.mark.parametrize("snr", [0.0, 14.0])
def test_noise_has_the_power_that_was_asked(snr: float) -> None:
    ds = layered_volume(SHAPE, snr=snr)
    signal = modelled(ds)
    noise = ds.amplitude.values - signal
    assert 10 * np.log10(signal.var() / noise.var()) == pytest.approx(snr, abs=0.05)


def test_noise_reaches_beyond_the_wavelet_band() -> None:
    ds = layered_volume((20, 20, 200))
    noise = ds.amplitude.values - modelled(ds)
    power = (np.abs(np.fft.rfft(noise)) ** 2).mean(axis=(0, 1))
    hertz = np.fft.rfftfreq(200, 0.004)
    in_band, above = power[abs(hertz - 22) < 4].mean(), power[hertz > 90].mean()
    assert 3 < in_band / above < 30


def test_background_keeps_only_low_frequencies() -> None:
    ds = layered_volume((4, 8, 400))
    taper = np.hanning(400)
    spectra = {}
    for name in ("impedance", "background"):
        log = np.log(ds[name].values.astype(float))
        spectra[name] = (np.abs(np.fft.rfft((log - log.mean()) * taper)) ** 2).mean(axis=(0, 1))
    hertz = np.fft.rfftfreq(400, 0.004)
    kept = np.sqrt(spectra["background"] / spectra["impedance"])
    assert kept[(hertz > 1) & (hertz < 2.5)].min() > 0.6
    assert kept[(hertz > 12) & (hertz < 40)].max() < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_impedance_is_that_of_sedimentary_rocks(seed: int) -> None:
    ds = layered_volume((20, 24, 192), seed=seed)
    assert float(ds.impedance.min()) > 3e6
    assert float(ds.impedance.max()) < 16e6
    error = np.linalg.norm(ds.background - ds.impedance) / np.linalg.norm(ds.impedance)
    assert 0.04 < error < 0.12


def test_faults_cut_the_old_strata_only() -> None:
    ds = layered_volume((1, 96, 192))
    step = np.abs(np.diff(np.log(ds.impedance.values[0]), axis=0)).max(axis=0)  # between neighbouring traces
    young, old = step[:25], step[90:]
    assert old.max() > 0.15
    assert young.max() < 0.08


@pytest.mark.parametrize("shape", [(192,), (2, 3, 4, 192), (0, 4, 192), (4, 31)])
def test_shape_must_be_a_section_or_a_volume(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape must be \(inlines, crosslines, samples\)"):
        layered_volume(shape)


@pytest.mark.parametrize("setting", ["spacing", "dt", "peak", "cutoff"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_settings_must_be_positive(setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{setting} must be positive"):
        layered_volume(SHAPE, **{setting: value})  # type: ignore[arg-type]


def test_fewer_samples_than_the_wavelet_has_are_rejected() -> None:
    with pytest.raises(
        ValueError, match=r"32 samples of time, fewer than the wavelet of 22.0 Hz at 4.0 ms: take 33"
    ):
        layered_volume((4, 5, 32))


def test_aliased_wavelet_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"80.0 Hz is aliased at 4.0 ms: take a peak below 62.5 Hz"):
        layered_volume(SHAPE, peak=80.0)
