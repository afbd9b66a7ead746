"""Seismic wavelets: given as Ricker or as samples, or estimated from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, field_validator

from pylops_distributed.problems.fields.variables import in_unit, step
from pylops_distributed.registry import lazy_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dask.array as da
    import xarray as xr
    from pylops.utils import wavelets

    from pylops_distributed.vectors.types import NDArray
else:
    da, wavelets = lazy_module("dask.array"), lazy_module("pylops.utils.wavelets")

ALIASED = 0.1  # share of a wavelet's largest amplitude, at the Nyquist frequency
_FORM = ConfigDict(extra="forbid", frozen=True)


class Ricker(BaseModel):
    """A zero-phase Ricker wavelet with a largest sample of 1."""

    model_config = _FORM
    kind: Literal["ricker"] = "ricker"
    peak: float = Field(gt=0, description="peak frequency, Hz")

    def samples(self, dt: float) -> npt.NDArray[np.float64]:
        """Samples every ``dt`` ms, odd in number, zero time in the middle.

        Raises
        ------
        ValueError
            If the peak is above the Nyquist frequency of that interval.
        """
        if self.peak * dt > 500:
            raise ValueError(
                f"a Ricker wavelet of peak={self.peak} Hz needs samples every {500 / self.peak:.3g} ms or less, and "
                f"those of the data are {dt:.6g} ms apart: lower peak, or give the source the option interval, such as "
                "{twt: 4 ms}, if the file is wrong about its interval"
            )
        half = 2 * int(np.ceil(650 / (self.peak * dt)))  # 1.3 periods, where 2e-6 is left
        return np.asarray(wavelets.ricker(np.arange(half + 1) * dt / 1000, f0=self.peak)[0])

    def warnings(self, dt: float) -> Iterator[str]:
        """Warn where samples every ``dt`` ms cut off more than a tenth of the wavelet's spectrum."""
        ratio = 500 / dt / self.peak
        if ratio**2 * np.exp(1 - ratio**2) > ALIASED:
            yield (
                f"a Ricker wavelet of peak={self.peak} Hz has much of its spectrum beyond {500 / dt:.6g} Hz, the "
                f"Nyquist frequency of samples {dt:.6g} ms apart, so it is aliased: peak up to {500 / dt / 2.3:.3g} Hz "
                "is safe"
            )


class Samples(BaseModel):
    """A wavelet given by its samples, at the interval of the data, zero time in the middle."""

    model_config = _FORM
    kind: Literal["samples"] = "samples"
    values: tuple[float, ...]

    @field_validator("values")
    @classmethod
    def _odd(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if len(values) % 2 == 0:
            raise ValueError(
                f"a wavelet needs an odd number of samples, zero time in the middle; got {len(values)}"
            )
        return values

    def samples(self, dt: float) -> npt.NDArray[np.float64]:
        """The samples themselves."""
        return np.asarray(self.values)


class Ingested(BaseModel):
    """A wavelet of the dataset, ingested next to the data: a variable along a separate time axis."""

    model_config = _FORM
    kind: Literal["variable"] = "variable"
    variable: str = Field(default="wavelet", description="variable of the dataset")

    def of(self, ds: xr.Dataset, dt: float) -> Samples:
        """The samples, with zeros put before or behind so that zero time is in the middle.

        Raises
        ------
        ValueError
            If there is no such variable, or its times are not every ``dt`` ms, one of them zero.
        """
        if self.variable not in ds or ds[self.variable].ndim != 1:
            raise ValueError(
                f"the dataset has no wavelet {self.variable!r} of one axis; it has {sorted(map(str, ds.data_vars))}: "
                "ingest one as a further source, such as wavelet: {path: wavelet.txt, format: wavelet}, or name "
                "another with wavelet.variable"
            )
        array = ds[self.variable]
        own, times = step(ds, str(array.dims[0]), "ms"), in_unit(ds[array.dims[0]], "ms")
        middle = int(np.abs(times).argmin())
        if abs(own - dt) > 1e-3 * dt or abs(times[middle]) > 1e-3 * dt:
            raise ValueError(
                f"the wavelet {self.variable!r} is sampled every {own:.6g} ms from {times[0]:.6g} ms on, and the data "
                f"every {dt:.6g} ms: resample it to the interval of the data, with a sample at zero time"
            )
        values = np.asarray(array.values, float)
        before, behind = middle, len(values) - 1 - middle
        padded = np.pad(values, (max(0, behind - before), max(0, before - behind)))
        return Samples(values=tuple(padded.tolist()))


class Statistical(BaseModel):
    """A zero-phase wavelet estimated from the data's mean spectrum, as if reflectivity were white."""

    model_config = _FORM
    kind: Literal["statistical"] = "statistical"
    length: float = Field(default=120.0, gt=0, description="length of the wavelet, ms")
    reflectivity: float = Field(
        default=0.05,
        gt=0,
        description="root mean square of the reflection coefficients; sets the wavelet's scale",
    )

    def estimate(self, data: da.Array, dt: float) -> Samples:
        """Wavelet of ``data`` (time first, sampled every ``dt`` ms); computes one pass over the data."""
        nt = data.shape[0]
        half = min(int(self.length / dt / 2), (nt - 1) // 2)
        if half < 1:
            raise ValueError(f"a wavelet of {self.length} ms is shorter than two samples of {dt} ms")
        taper = np.hanning(nt + 2)[1:-1].reshape(-1, *(1,) * (data.ndim - 1))
        lateral = tuple(range(1, data.ndim))
        power = (np.abs(da.fft.rfft(data * taper, n=2 * nt, axis=0)) ** 2).mean(axis=lateral)
        spectrum, energy = da.compute(power, (data**2).mean())
        correlation = np.fft.irfft(spectrum)  # its window smooths the spectrum
        correlation *= np.hanning(2 * half + 3)[np.minimum(half + 1 + _lags(2 * nt), 2 * half + 2)]
        zero_phase = np.fft.irfft(np.sqrt(np.maximum(np.fft.rfft(correlation).real, 0)))
        wavelet = np.roll(zero_phase, half)[: 2 * half + 1] * np.hanning(2 * half + 3)[1:-1]
        size = np.linalg.norm(wavelet)
        if not size > 0:
            raise ValueError("no wavelet can be estimated from data that is zero everywhere")
        return Samples(values=tuple((wavelet * np.sqrt(energy) / (size * self.reflectivity)).tolist()))


def arrivals(times: NDArray, t: NDArray, wavelet: NDArray) -> NDArray:
    """Traces with a wavelet at one time each: of the shape of ``times``, and that of the axis ``t`` behind."""
    lag = (t - times[..., None]) / (t[1] - t[0]) + wavelet.size // 2
    return np.asarray(np.interp(lag, np.arange(wavelet.size), wavelet, left=0.0, right=0.0))


def _lags(n: int) -> npt.NDArray[np.int64]:
    """Absolute lag of each sample of a circular correlation of length ``n``."""
    return np.minimum(np.arange(n), n - np.arange(n))


def known_samples(wavelet: Ricker | Samples | Ingested, ds: xr.Dataset, dt: float) -> npt.NDArray[np.float64]:
    """Samples every ``dt`` ms of a wavelet that need not be estimated."""
    return (wavelet.of(ds, dt) if isinstance(wavelet, Ingested) else wavelet).samples(dt)


KnownWavelet = Annotated[Ricker | Samples | Ingested, Field(discriminator="kind")]
Wavelet = Annotated[Ricker | Samples | Ingested | Statistical, Field(discriminator="kind")]
