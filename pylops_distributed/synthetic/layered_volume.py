"""Synthetic earths with known answers: layered rocks, folded, faulted, eroded, cut by a channel, and noisy.

The earth is a function of position, so that any part of it can be drawn on any grid: strata are laid down as
a column (impedance against stratigraphic time), and a position is looked up in that column after its folding
and its faulting are undone. Younger strata lie on an unconformity, which the faults do not cross.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pylops.avo.poststack import PoststackLinearModelling
from pylops.utils.wavelets import ricker
from scipy.ndimage import gaussian_filter, uniform_filter1d
from scipy.signal import fftconvolve

Array: TypeAlias = NDArray[np.floating[Any]]
Surface: TypeAlias = Callable[[Array, Array], Array]


def layered_volume(
    shape: tuple[int, ...] = (80, 96, 192),
    *,
    spacing: float = 25.0,
    dt: float = 4.0,
    start: float = 800.0,
    peak: float = 22.0,
    snr: float = 14.0,
    cutoff: float = 5.0,
    seed: int = 0,
) -> xr.Dataset:
    r"""Post-stack seismic volume or section, with the impedance it comes from.

    The amplitudes follow the convolutional model of :func:`pylops.avo.poststack.PoststackLinearModelling`,

    .. math:: d(t) = \tfrac{1}{2}\, w(t) * \frac{\mathrm{d} \ln AI(t)}{\mathrm{d}t} + n(t),

    with the derivative taken per sample, a zero-phase Ricker wavelet of unit peak, and noise of which half
    the power is white and half is coherent between neighbouring traces and in the wavelet's band.

    Parameters
    ----------
    shape : tuple of int
        Numbers of inlines, crosslines and time samples; or, for a 2-D section, crosslines and time samples.
    spacing : float
        Distance between neighbouring lines, in m.
    dt, start : float
        Sampling interval and first sample of two-way time, in ms.
    peak : float
        Peak frequency of the wavelet, in Hz.
    snr : float
        Power of the signal over that of the noise, over the whole volume, in dB; ``inf`` for no noise.
    cutoff : float
        Frequency above which less than half of the amplitude is left in the background, in Hz.
    seed : int
        The same seed and arguments give the same dataset, bit for bit.

    Returns
    -------
    xarray.Dataset
        float32 variables on ``([inline,] crossline, twt)``: ``impedance`` and ``background`` (its heavily
        smoothed version, standing for a model made from wells and velocities) in kg m-2 s-1, and
        ``amplitude``. Wavelet, noise and seed are in the attributes, as plain numbers.

    Raises
    ------
    ValueError
        If ``shape`` is not that of a section or a volume of at least 32 samples and not less than the
        wavelet has, a setting is not positive, or ``dt`` is too coarse for ``peak``.
    """
    _check(shape, spacing=spacing, dt=dt, peak=peak, cutoff=cutoff)
    wavelet = ricker_wavelet(peak, dt)
    if wavelet.size > shape[-1]:
        raise ValueError(
            f"shape has {shape[-1]} samples of time, fewer than the wavelet of {peak} Hz at {dt} ms: "
            f"take {wavelet.size} or more, or a higher peak"
        )
    earth_seed, noise_seed = np.random.SeedSequence(seed).spawn(2)
    n_inline, n_crossline, n_twt = (1, *shape)[-3:]
    extent = (n_inline * spacing, n_crossline * spacing, n_twt * dt)
    earth = Earth.random(np.random.default_rng(earth_seed), extent)
    x, y = spacing * np.arange(n_crossline)[:, None], spacing * np.arange(n_inline)[:, None, None]
    log_impedance = earth(x, y, dt * np.arange(n_twt)).reshape(shape)
    background = _smooth(log_impedance, dt, cutoff)
    signal = _model(log_impedance, wavelet)
    amplitude = signal + _noise(signal, wavelet, snr, np.random.default_rng(noise_seed))

    dims = ("inline", "crossline", "twt")[-len(shape) :]
    unit = {"units": "kg m-2 s-1"}
    variables: dict[str, tuple[Array, dict[str, str]]] = {
        "impedance": (np.exp(log_impedance), {"long_name": "acoustic impedance", **unit}),
        "background": (np.exp(background), {"long_name": "low-frequency acoustic impedance", **unit}),
        "amplitude": (amplitude, {"long_name": "seismic amplitude", "units": "1"}),
    }
    coords = {
        "inline": ("inline", 1001 + np.arange(n_inline), {"long_name": "inline number"}),
        "crossline": ("crossline", 2001 + np.arange(n_crossline), {"long_name": "crossline number"}),
        "twt": ("twt", start + dt * np.arange(n_twt), {"long_name": "two-way time", "units": "ms"}),
    }
    return xr.Dataset(
        {name: (dims, values.astype(np.float32), attrs) for name, (values, attrs) in variables.items()},
        coords={name: coords[name] for name in dims},
        attrs={
            "title": "Synthetic layered earth: acoustic impedance and its post-stack seismic",
            "wavelet": "ricker", "wavelet_peak_hz": peak, "wavelet_dt_ms": dt,
            "wavelet_samples": wavelet.size,
            "snr_db": snr, "background_cutoff_hz": cutoff, "line_spacing_m": spacing, "seed": seed,
        },
    )  # fmt: skip


def ricker_wavelet(peak: float, dt: float) -> Array:
    """Zero-phase Ricker wavelet, peak frequency in Hz, sampled every ``dt`` ms until it has died out.

    Its length is odd and its largest sample, the one in the middle, is 1.
    """
    half = 2 * int(np.ceil(650 / (peak * dt)))  # at 1.3 periods it is down to 2e-6; PyLops wants it even
    return np.asarray(ricker(np.arange(half + 1) * dt / 1000, f0=peak)[0])


@dataclass(frozen=True)
class Column:
    """Strata of one age: ln impedance of two facies against stratigraphic time, and how they mix."""

    time: Array
    sand: Array
    shale: Array
    facies: Surface

    @classmethod
    def random(cls, rng: np.random.Generator, length: float, facies: Surface) -> Column:
        """Draw beds of gamma-distributed thickness with correlated impedances, and fine layering in them."""
        time = np.arange(-length, 2 * length)  # in ms; folds and faults reach beyond the drawn window
        bounds = np.cumsum(rng.gamma(1.5, 22.0, size=int(length / 4)) + 6) - length
        bed = np.searchsorted(bounds, time)
        contrast = rng.uniform(-0.17, 0.17, bounds.size + 1)
        contrast[1:] -= 0.45 * contrast[:-1]  # soft and hard beds alternate, as logs show
        other = 0.8 * contrast + rng.normal(0, 0.06, contrast.size)
        fine = gaussian_filter(rng.normal(0, 1, time.size), 3)
        layering = 0.025 * fine / fine.std() + 0.00025 * time  # compaction: harder with depth
        # Bed boundaries take 4 ms, so that sampling them does not alias.
        sand, shale = (uniform_filter1d(c[bed] + layering, 4) for c in (contrast, other))
        return cls(time, sand, shale, facies)

    def __call__(self, x: Array, y: Array, time: Array) -> Array:
        """Ln impedance, without its overall level, of strata of age ``time``."""
        mix = self.facies(x, y)
        return (1 - mix) * np.interp(time, self.time, self.sand) + mix * np.interp(
            time, self.time, self.shale
        )


@dataclass(frozen=True)
class Fault:
    """A dipping plane; the rocks on its hanging wall slid down by ``throw`` ms, less towards its tips."""

    azimuth: float
    offset: float
    dip: float
    throw: float
    centre: float
    reach: float

    def drop(self, x: Array, y: Array, time: Array) -> Array:
        """By how many ms the rocks at a position slid down."""
        across = x * np.cos(self.azimuth) + y * np.sin(self.azimuth) - self.offset
        along = y * np.cos(self.azimuth) - x * np.sin(self.azimuth) - self.centre
        return np.where(across > self.dip * time, self.throw * np.exp(-((along / self.reach) ** 2)), 0.0)


@dataclass(frozen=True)
class Channel:
    """A meandering river bed, filled with softer rock, its top on one stratigraphic horizon."""

    age: float
    depth: float
    width: float
    middle: float
    swing: float
    wavelength: float
    contrast: float

    def __call__(self, x: Array, y: Array, time: Array) -> Array:
        """Change of ln impedance that the fill makes at strata of age ``time``."""
        turn = 2 * np.pi * y / self.wavelength
        course = self.middle + self.swing * (np.sin(turn) + 0.4 * np.sin(2.3 * turn))
        bed = self.depth * (1 - ((x - course) / self.width) ** 2)
        return np.where((time > self.age) & (time < self.age + bed), self.contrast, 0.0)


@dataclass(frozen=True)
class Earth:
    """Folded and faulted old strata, cut by an unconformity; young strata with a channel above."""

    level: float
    old: Column
    young: Column
    fold: tuple[Surface, Surface]
    drape: Surface
    erosion: Surface
    faults: tuple[Fault, ...]
    channel: Channel

    @classmethod
    def random(cls, rng: np.random.Generator, extent: tuple[float, float, float]) -> Earth:
        """Draw an earth for a volume of ``extent`` (m, m, ms): across inlines, across crosslines, in time."""
        width_y, width_x, length = extent
        return cls(
            level=np.log(6.5e6),
            old=Column.random(rng, length, _relief(rng, 0.5, 0.25)),
            young=Column.random(rng, length, _relief(rng, 0.5, 0.25)),
            fold=(_relief(rng, 0, 18), _relief(rng, 0, 32)),
            drape=_relief(rng, 0, 5),
            erosion=_relief(rng, 0.34 * length, 6),
            faults=tuple(_fault(rng, place * width_x, width_y, length) for place in (0.15, 0.45, 0.75)),
            channel=Channel(
                age=rng.uniform(0.16, 0.2) * length, depth=30.0, width=160.0,
                middle=rng.uniform(0.4, 0.6) * width_x, swing=0.16 * width_x,
                wavelength=rng.uniform(0.6, 0.9) * max(width_y, 1000.0), contrast=-0.16,
            ),
        )  # fmt: skip

    def __call__(self, x: Array, y: Array, time: Array) -> Array:
        """Ln impedance at distances ``x``, ``y`` (m) and two-way time (ms) from the corner of the volume."""
        drape, (top, base) = self.drape(x, y), self.fold
        depth = time / time[-1]
        folded = (1 - depth) * top(x, y) + depth * base(x, y)  # beds thicken and thin between the two
        slid = sum(fault.drop(x, y, time) for fault in self.faults)
        old = self.old(x, y, time - folded - slid)
        young = self.young(x, y, time - drape) + self.channel(x, y, time - drape)
        return self.level + np.where(time < drape + self.erosion(x, y), young, old)


def _fault(rng: np.random.Generator, place: float, width: float, length: float) -> Fault:
    """A normal fault that meets x = place, y = width / 2 below the middle, dipping to either side."""
    azimuth = rng.choice([0, np.pi]) + rng.uniform(-0.4, 0.4)
    dip = rng.uniform(0.3, 0.6)
    offset = place * np.cos(azimuth) + width / 2 * np.sin(azimuth) - 0.6 * dip * length
    centre = rng.uniform(0.2, 0.8) * width * np.cos(azimuth) - place * np.sin(azimuth)
    return Fault(azimuth, offset, dip, rng.uniform(25, 50), centre, 1500.0)


def _relief(rng: np.random.Generator, mean: float, size: float) -> Surface:
    """A smooth random surface: five waves, 1.5 to 4.5 km long; ``size`` is its standard deviation."""
    direction, phase = rng.uniform(0, 2 * np.pi, (2, 5))
    number = 2 * np.pi / rng.uniform(1500, 4500, 5)

    def surface(x: Array, y: Array) -> Array:
        waves = (
            np.sin(k * (np.cos(a) * x + np.sin(a) * y) + p)
            for k, a, p in zip(number, direction, phase, strict=True)
        )
        return np.asarray(mean + size * np.sqrt(2 / 5) * sum(waves))

    return surface


def _smooth(log_impedance: Array, dt: float, cutoff: float) -> Array:
    """Gaussian low-pass that halves the amplitude at ``cutoff`` Hz, and smooths over 4 traces laterally."""
    along_time = np.sqrt(np.log(2) / 2) / (np.pi * cutoff) / (dt / 1000)
    return np.asarray(gaussian_filter(log_impedance, (4,) * (log_impedance.ndim - 1) + (along_time,)))


def _model(log_impedance: Array, wavelet: Array) -> Array:
    """Noise-free amplitudes, with PyLops' own operator (whose time axis comes first)."""
    model = np.moveaxis(log_impedance, -1, 0)
    op = PoststackLinearModelling(wavelet / 2, model.shape[0], spatdims=model.shape[1:])
    return np.moveaxis((op @ model.ravel()).reshape(model.shape), 0, -1)


def _noise(signal: Array, wavelet: Array, snr: float, rng: np.random.Generator) -> Array:
    """Noise ``snr`` dB below the signal, in equal parts white and like the signal's band, and coherent."""
    white, coherent = rng.normal(size=(2, *signal.shape))
    coherent = gaussian_filter(coherent, (1,) * (signal.ndim - 1) + (0,))
    coherent = fftconvolve(coherent, wavelet.reshape((1,) * (signal.ndim - 1) + (-1,)), mode="same", axes=-1)
    noise = white / white.std() + coherent / coherent.std()
    return np.asarray(noise * signal.std() / noise.std() * 10 ** (-snr / 20))


def _check(shape: tuple[int, ...], **settings: float) -> None:
    """Raise for a shape or settings that no volume can have."""
    if len(shape) not in (2, 3) or min(shape) < 1 or shape[-1] < 32:
        raise ValueError(
            "shape must be (inlines, crosslines, samples) or (crosslines, samples), with 32 samples or more, "
            f"got {shape}"
        )
    for name, value in settings.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be positive, got {value}")
    if settings["peak"] * settings["dt"] > 250:
        raise ValueError(
            f"a wavelet of {settings['peak']} Hz is aliased at {settings['dt']} ms: take a peak below "
            f"{250 / settings['dt']:g} Hz"
        )
