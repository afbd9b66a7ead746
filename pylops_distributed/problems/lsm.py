"""Least-squares Kirchhoff migration: reflectors from shot gathers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import BaseModel, ConfigDict, Field
from scipy.ndimage import gaussian_filter

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
from pylops_distributed.problems.fields.wavelet import Ricker
from pylops_distributed.storage.labels import Labels
from pylops_distributed.waveeqprocessing.kirchhoff import Kirchhoff

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.storage.group_metadata import Json
    from pylops_distributed.vectors.types import NDArray

AXES = ("source", "receiver", "t")


class Axis(BaseModel):
    """Points at equal distances."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    start: float = 0.0
    step: float = Field(gt=0)
    count: int = Field(ge=2)

    def values(self) -> NDArray:
        """The points."""
        return self.start + self.step * np.arange(self.count)


class LSM(Problem):
    r"""An image of reflectors from shot gathers, in two dimensions.

    .. math:: \min \|\mathbf{d} - \mathbf{L\,m}\|_2^2 + \epsilon^2\|\partial_x^2\mathbf{m}\|_2^2

    with Kirchhoff modelling :math:`\mathbf{L}`, of straight rays for one velocity, or by the fast marching method
    (with scikit-fmm) for one that varies. Nemeth et al., 1999, doi:10.1190/1.1444517.
    """

    name: Literal["lsm"] = "lsm"
    traces: str = Field(
        default="traces",
        description="variable with the traces, on 'source', 'receiver' (positions in m) and 't' [s]",
    )
    velocity: float | str = Field(
        default="velocity", description="migration velocity in m/s: a number, or a variable on 'x' and 'z'"
    )
    x: Axis = Field(description="lateral axis of the image, m")
    z: Axis = Field(description="depth axis of the image, m")
    source_depth: float = Field(default=0.0, description="depth of the sources, m")
    receiver_depth: float = Field(default=0.0, description="depth of the receivers, m")
    wavelet: Ricker = Field(default=Ricker(peak=20.0), description="wavelet")
    lateral: float = Field(default=0.0, ge=0, description="weight of smoothness along x")
    truth: str | None = Field(default=None, description="variable with the true reflectivity, if it is known")

    def warnings(self, ds: xr.Dataset) -> Iterator[str]:
        """About a wavelet that the interval of the data aliases."""
        yield from self.wavelet.warnings(self._interval(ds))

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """Demigration: from the image to the traces."""
        traces = self._traces(ds)
        t = in_unit(traces["t"], "s").astype(float)
        if abs(t[0]) > 1e-9:
            raise ValueError("the traces must begin at time zero")
        wavelet = self.wavelet.samples(self._interval(ds))
        sources, receivers = (
            np.stack([in_unit(traces[axis], "m").astype(float), np.full(traces.sizes[axis], depth)])
            for axis, depth in (("source", self.source_depth), ("receiver", self.receiver_depth))
        )
        is_variable = isinstance(self.velocity, str)
        velocity: Any = self._velocities(ds) if is_variable else self.velocity
        return Kirchhoff(
            self.z.values(), self.x.values(), t, sources, receivers, velocity, wavelet, wavelet.size // 2,
            mode="eikonal" if is_variable else "analytic",
        )  # fmt: skip

    def data(self, ds: xr.Dataset) -> da.Array:
        """The traces."""
        return chunked(self._traces(ds), float, ("receiver", "t"))

    def prior(self, ds: xr.Dataset) -> tuple[Prior, ...]:
        """Smoothness along reflectors that are nearly flat."""
        shape = (self.x.count, self.z.count)
        return (Prior(SecondDerivative(shape, axis=0), self.lateral, "roughness"),) if self.lateral else ()

    def model(self, ds: xr.Dataset) -> da.Array:
        """The true reflectivity."""
        if self.truth is None:
            raise ValueError("there is no reflectivity to model from: name a variable as `truth`")
        return chunked(variable(ds, self.truth, dims=("x", "z")), float, ("x", "z"))

    def labels(self, ds: xr.Dataset) -> dict[str, Labels]:
        """The image on x and z [m], the traces as they are."""
        axes = {"x": self.x, "z": self.z}
        coords = {k: xr.Variable((k,), a.values(), {"units": "m"}) for k, a in axes.items()}
        return {"domain": Labels(("x", "z"), coords), "codomain": labels_of(self._traces(ds))}

    def label(self, ds: xr.Dataset, x: da.Array) -> xr.Dataset:
        """The image, the migrated image scaled to its energy, and the data."""
        op, data, traces = self.operator(ds), self.data(ds), self._traces(ds)
        migrated: Any = op.apply_adjoint(data)
        scale = da.sqrt((x**2).sum() / (migrated**2).sum())
        images = {"image": (x, "reflectivity"), "migrated": (scale * migrated, "migrated image")}
        shown = {name: (("x", "z"), a, {"long_name": words}) for name, (a, words) in images.items()}
        fit = fit_of(like(traces, data, "observed data"), op.apply(x))
        return xr.Dataset({**shown, **fit}, coords=dict(self.labels(ds)["domain"].coords))

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> Json:
        """Relative misfit; with a truth, the relative errors of the image and of the migrated one."""
        return super().metrics(ds, result) | errors(
            ds, result, self.truth, error="image", migrated_error="migrated"
        )

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """Three reflectors, one of them bent, seen by eleven shots, with noise."""
        problem = {
            "name": "lsm", "truth": "reflectivity", "velocity": 1500.0,
            "x": {"step": 5.0, "count": 81}, "z": {"start": 50.0, "step": 5.0, "count": 70},
            "wavelet": {"kind": "ricker", "peak": 25.0},
        }  # fmt: skip
        case = cls.model_validate(problem)
        x, z = case.x.values(), case.z.values()
        image = np.zeros((x.size, z.size))
        for depth, bend, strength in ((120.0, 0.0, 1.0), (210.0, 30.0, -0.8), (320.0, 0.1 * 200, 0.7)):
            place = depth - bend * np.cos(2 * np.pi * (x - 200) / 400)
            image[np.arange(x.size), np.round((place - z[0]) / 5).astype(int)] += strength
        image = gaussian_filter(image, (0, 1.0))
        empty = xr.Dataset(
            {"traces": (AXES, np.zeros((11, 41, 300)))},
            {
                "source": ("source", np.linspace(0, 400, 11), {"units": "m"}), "x": x, "z": z,
                "receiver": ("receiver", np.linspace(0, 400, 41), {"units": "m"}),
                "t": ("t", np.arange(300) * 0.002, {"units": "s"}),
            },
        )  # fmt: skip
        clean = (case.operator(empty) @ da.from_array(image)).compute(scheduler="synchronous")
        noise = 0.02 * clean.std() * np.random.default_rng(seed).standard_normal(clean.shape)
        data = empty.assign(traces=(AXES, clean + noise), reflectivity=(("x", "z"), image))
        solver = {"name": "cgls", "niter": 40}
        return Demo(data, {"problem": problem, "solver": solver}, "three reflectors seen by eleven shots")

    def _velocities(self, ds: xr.Dataset) -> NDArray:
        """The velocities [m/s], which must be on the points of the image."""
        velocity = variable(ds, str(self.velocity), dims=("x", "z"))
        if velocity.ndim != 2:
            raise ValueError(f"{self.velocity!r} has dimensions {velocity.dims}, expected 'x' and 'z'")
        for name, axis in (("x", self.x), ("z", self.z)):
            points = axis.values()
            own = in_unit(velocity[name], "m") if name in velocity.coords else points
            if velocity.sizes[name] != points.size or not np.allclose(own, points, atol=1e-3 * axis.step):
                raise ValueError(
                    f"{self.velocity!r} has {velocity.sizes[name]} points along {name!r}, from {own[0]:g} to "
                    f"{own[-1]:g} m, the image {points.size}, from {points[0]:g} to {points[-1]:g} m: interpolate it"
                )
        return in_unit(velocity, "m s-1")

    def _interval(self, ds: xr.Dataset) -> float:
        """Time between two samples in ms."""
        return 1000 * step(self._traces(ds).to_dataset(), "t", "s")

    def _traces(self, ds: xr.Dataset) -> xr.DataArray:
        traces = variable(ds, self.traces, (3,), AXES)
        if missing := [axis for axis in AXES if axis not in traces.coords]:
            raise ValueError(f"{self.traces!r} needs coordinates for {missing}")
        return traces
