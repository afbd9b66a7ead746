"""Pre-stack (AVO) seismic inversion for velocities and density."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import Field
from scipy.ndimage import gaussian_filter

from pylops_distributed.avo.prestack import PrestackLinearModelling
from pylops_distributed.basicoperators.secondderivative import SecondDerivative
from pylops_distributed.problems.base import Demo, Prior, Problem
from pylops_distributed.problems.fields.variables import (
    chunked,
    errors,
    fit_of,
    in_unit,
    labels_of,
    like,
    step,
    variable,
)
from pylops_distributed.problems.fields.wavelet import KnownWavelet, Ricker, known_samples
from pylops_distributed.problems.units import rock_unit
from pylops_distributed.synthetic.layered_volume import layered_volume

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.storage.group_metadata import Json
    from pylops_distributed.storage.labels import Labels

TIME, ANGLE = "twt", "angle"
ROCKS = ("vp", "vs", "rho")
NAMES = {"vp": "P-wave velocity", "vs": "S-wave velocity", "rho": "density"}
UNITS = {"vp": "m s-1", "vs": "m s-1", "rho": "kg m-3"}
LEAST = 100.0  # which the values of rocks exceed in these units
Three = tuple[str, str, str]


class Prestack(Problem):
    r"""Velocities and density from amplitudes at several angles, in 2-D and 3-D.

    The unknowns are logarithms of :math:`v_P, v_S, \rho` over their backgrounds:

    .. math::
        \min \|\mathbf{d} - \mathbf{W G D}\,(\mathbf{m}_0 + \Delta\mathbf{m})\|_2^2
        + \epsilon_t^2 \|\partial_t^2 \Delta\mathbf{m}\|_2^2
        + \epsilon_x^2 \sum_i \|\partial_{x_i}^2 \Delta\mathbf{m}\|_2^2

    with Aki and Richards', or Fatti's, linear coefficients. Three angles and more are needed to tell the three apart;
    the damping of the solver keeps what the data do not tell at its background.
    """

    name: Literal["prestack"] = "prestack"
    amplitude: str = Field(
        default="amplitude",
        description=f"variable with the amplitudes, on {TIME!r} [ms], {ANGLE!r} [deg] and lines",
    )
    background: Three = Field(
        default=("vp0", "vs0", "rho0"), description="variables with the background of vp, vs and density"
    )
    truth: Three | None = Field(
        default=None, description="variables with their true values, if they are known"
    )
    wavelet: KnownWavelet = Field(default=Ricker(peak=25.0), description="wavelet")
    vsvp: float = Field(default=0.5, gt=0, lt=1, description="ratio of S-wave to P-wave velocity")
    linearization: Literal["akirich", "fatti"] = Field(
        default="akirich", description="reflection coefficients"
    )
    vertical: float = Field(default=0.0, ge=0, description="weight of smoothness along time")
    lateral: float = Field(default=0.0, ge=0, description="weight of smoothness along lines")

    def check(self, ds: xr.Dataset) -> None:
        """As for any problem; velocities and densities must not be in units of another kind."""
        super().check(ds)
        for rock, *names in zip(ROCKS, self.background, *((self.truth,) if self.truth else ()), strict=True):
            for name in names:
                rock_unit(ds, name, UNITS[rock], LEAST)

    def warnings(self, ds: xr.Dataset) -> Iterator[str]:
        """About a wavelet that the interval of the data aliases."""
        if isinstance(self.wavelet, Ricker):
            yield from self.wavelet.warnings(step(ds, TIME, "ms"))

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """From logarithms to amplitudes: time, then parameter or angle, then lines."""
        gathers = self._gathers(ds)
        wavelet = known_samples(self.wavelet, ds, step(ds, TIME, "ms"))
        angles = in_unit(gathers[ANGLE], "deg").astype(float)
        return PrestackLinearModelling(
            wavelet, angles, self.vsvp, gathers.sizes[TIME], gathers.shape[2:], self.linearization
        )

    def data(self, ds: xr.Dataset) -> da.Array:
        """Amplitudes less those of the background."""
        return self._amplitudes(ds) - self.operator(ds).apply(self._logs(ds, self.background))

    def prior(self, ds: xr.Dataset) -> tuple[Prior, ...]:
        """Smoothness along time and along each kind of line."""
        axes = self._axes(ds)
        shape = tuple(axes.sizes.values())
        weights = [(0, self.vertical), *((axis, self.lateral) for axis in range(2, axes.ndim))]
        return tuple(
            Prior(SecondDerivative(shape, axis=axis), eps, f"roughness_{axes.dims[axis]}")
            for axis, eps in weights if eps
        )  # fmt: skip

    def model(self, ds: xr.Dataset) -> da.Array:
        """Logarithms of the true values, or of the background where there are none."""
        return self._logs(ds, self.truth or self.background)

    def labels(self, ds: xr.Dataset) -> dict[str, Labels]:
        """The model has ``parameter`` where the data have angles."""
        return {"domain": labels_of(self._axes(ds)), "codomain": labels_of(self._gathers(ds))}

    def label(self, ds: xr.Dataset, x: da.Array) -> xr.Dataset:
        """The three with their backgrounds, in the units of these, and the data."""
        gathers = self._gathers(ds)
        logs, start = x + self._logs(ds, self.background), self._logs(ds, self.background)
        one, parameters = gathers.isel({ANGLE: 0}, drop=True), {}
        for k, rock in enumerate(ROCKS):
            unit = rock_unit(ds, self.background[k], UNITS[rock], LEAST)
            attrs = {"units": unit} if unit else {}
            parameters[rock] = like(one, np.exp(logs[:, k]), NAMES[rock], **attrs)
            words = f"background {NAMES[rock]}"
            parameters[f"{rock}_background"] = like(one, np.exp(start[:, k]), words, **attrs)
        observed = like(gathers, self._amplitudes(ds), "observed data")
        return xr.Dataset({**parameters, **fit_of(observed, self.operator(ds).apply(logs))})

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> Json:
        """Relative misfit; with a truth, the relative errors of each parameter and of its background."""
        figures = super().metrics(ds, result)
        for rock, name in zip(ROCKS, self.truth or (), strict=False):
            figures |= errors(
                ds, result, name, **{f"{shown}_error": shown for shown in (rock, f"{rock}_background")}
            )
        return figures

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """A faulted volume at nine angles, with noise."""
        earth = layered_volume((16, 32, 128), seed=seed)
        level = np.log(earth["impedance"].values.astype(float))
        relief = level - level.mean()
        other = gaussian_filter(np.random.default_rng(seed).standard_normal(level.shape), (3, 3, 2))
        rocks = {
            "vp": np.log(2800) + 0.7 * relief, "vs": np.log(1400) + 0.9 * relief + 0.15 * other,
            "rho": np.log(2300) + 0.3 * relief,
        }  # fmt: skip
        angles = np.arange(0.0, 45.0, 5.0)
        logs = np.moveaxis(np.stack(list(rocks.values())), (0, 3), (1, 0))
        op = PrestackLinearModelling(Ricker(peak=22.0).samples(4.0), angles, 0.5, 128, (16, 32))
        clean = (op @ da.from_array(logs)).compute(scheduler="synchronous")
        noise = np.random.default_rng(seed + 1).standard_normal(clean.shape)
        dims = ("inline", "crossline", TIME)
        smooth = {f"{rock}0": (dims, np.exp(gaussian_filter(v, (3, 3, 5)))) for rock, v in rocks.items()}
        data = xr.Dataset(
            {
                "amplitude": ((TIME, ANGLE, *dims[:2]), clean + 0.05 * clean.std() * noise),
                **{rock: (dims, np.exp(v), {"units": UNITS[rock]}) for rock, v in rocks.items()}, **smooth,
            },
            {**earth.coords, ANGLE: (ANGLE, angles, {"units": "deg"})},
        )  # fmt: skip
        problem = {
            "name": "prestack", "truth": list(ROCKS), "wavelet": {"kind": "ricker", "peak": 22.0},
            "vertical": 0.02, "lateral": 0.1,
        }  # fmt: skip
        solver = {"name": "lsqr", "niter": 40, "damp": 0.6}
        return Demo(data, {"problem": problem, "solver": solver}, "a faulted volume at nine angles")

    def _gathers(self, ds: xr.Dataset) -> xr.DataArray:
        gathers = variable(ds, self.amplitude, (3, 4), (TIME, ANGLE))
        if ANGLE not in gathers.coords:
            raise ValueError(f"{self.amplitude!r} needs the coordinate {ANGLE!r}, in degrees")
        return gathers

    def _amplitudes(self, ds: xr.Dataset) -> da.Array:
        return chunked(self._gathers(ds), float, (TIME, ANGLE))

    def _axes(self, ds: xr.Dataset) -> xr.DataArray:
        """An array without values that has the axes of the model."""
        one = self._gathers(ds).isel({ANGLE: [0] * 3}).drop_vars(ANGLE)
        return one.rename({ANGLE: "parameter"}).assign_coords(parameter=np.arange(3))

    def _logs(self, ds: xr.Dataset, names: Three) -> da.Array:
        gathers = self._gathers(ds)
        dims = (TIME, *gathers.dims[2:])
        chunks = self._amplitudes(ds).chunks
        parts = []
        for name in names:
            rock = variable(ds, name, dims=dims)
            if rock.ndim != len(dims):
                raise ValueError(f"{name!r} has dimensions {rock.dims}, expected {dims}")
            parts.append(np.log(da.asarray(rock.data).astype(float)))
        return da.stack(parts, axis=1).rechunk({0: -1, 1: -1, **dict(enumerate(chunks[2:], start=2))})
