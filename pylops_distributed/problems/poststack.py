"""Post-stack seismic inversion for acoustic impedance."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import Field

from pylops_distributed import avo, basicoperators
from pylops_distributed.optimization import proximal
from pylops_distributed.problems.base import Penalty, Prior, Problem, trace_mask
from pylops_distributed.problems.fields.variables import errors, step
from pylops_distributed.problems.fields.wavelet import Ricker, Statistical, Wavelet, known_samples
from pylops_distributed.problems.units import rock_unit
from pylops_distributed.registry import lazy_module
from pylops_distributed.storage.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dask.array as da
    import xarray as xr

    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.storage.group_metadata import Json
else:
    da, xr = lazy_module("dask.array"), lazy_module("xarray")


TIME = "twt"
IMPEDANCE, LEAST = "kg m-2 s-1", 1e5  # which that of any rock, or water, exceeds
log = logging.getLogger(__name__)


class Poststack(Problem):
    r"""Acoustic impedance from post-stack amplitudes, in 2-D and 3-D.

    The unknown is :math:`\Delta m = \ln AI - \ln AI_0`, the logarithm of impedance over its background:

    .. math::
        \min \|\mathbf{d} - \mathbf{G}\,(\mathbf{m}_0 + \Delta\mathbf{m})\|_2^2
        + \epsilon_t^2 \|\partial_t^2 \Delta\mathbf{m}\|_2^2
        + \epsilon_x^2 \sum_i \|\partial_{x_i}^2 \Delta\mathbf{m}\|_2^2,
        \qquad \mathbf{G} = \tfrac{1}{2}\,\mathbf{W}\,\partial_t

    with derivatives per sample; the damping of the solver adds the distance from the background.
    Traces that the survey lacks do not enter the misfit.
    """

    name: Literal["poststack"] = "poststack"
    amplitude: str = Field(default="amplitude", description="variable with the seismic amplitudes")
    background: str | Annotated[float, Field(gt=0)] = Field(
        default="background",
        description="variable with the background impedance, whose unit the result has, or one number for everywhere, "
        "in kg m-2 s-1",
    )
    truth: str | None = Field(
        default=None, description="variable with the true impedance of a synthetic, if any"
    )
    wavelet: Wavelet = Field(default=Statistical(), description="wavelet, given or estimated")
    vertical: float = Field(default=0.0, ge=0, description="weight of smoothness along time")
    lateral: float = Field(default=0.0, ge=0, description="weight of smoothness along lines")
    blocky: float = Field(
        default=0.0,
        ge=0,
        description="weight of the L1 norm of differences along time, for solvers that take it",
    )
    dtype: Literal["float32", "float64"] = Field(default="float64", description="type to solve in")

    def prepare(self, ds: xr.Dataset) -> Self:
        """Estimate the wavelet, if it is not given."""
        if not isinstance(self.wavelet, Statistical):
            return self
        estimate = self.wavelet.estimate(self._amplitudes(ds), self._interval(ds))
        return self.model_copy(update={"wavelet": estimate})

    def with_planning_defaults(self, ds: xr.Dataset) -> Self:
        """Any wavelet, if it is not given."""
        if not isinstance(self.wavelet, Statistical):
            return self
        return self.model_copy(update={"wavelet": Ricker(peak=25.0)})

    def check(self, ds: xr.Dataset) -> None:
        """As for any problem; impedances must be above zero, as far as their statistics are known."""
        super(Poststack, self.with_planning_defaults(ds)).check(ds)
        for name in {self.background, self.truth}:
            if not isinstance(name, str):
                continue
            self._array(ds, name)
            rock_unit(ds, name, IMPEDANCE, LEAST)
            least = self.statistics(ds).get(name, {}).get("minimum")
            if least is not None and least <= 0:
                raise ValueError(
                    f"{name!r} has values down to {least:g}, but an impedance is above zero: fix it at the source"
                )

    def ignored_where(self, ds: xr.Dataset) -> dict[str, xr.DataArray]:
        """Where the amplitudes have no trace, impedances need none."""
        mask = trace_mask(ds, self.amplitude) if self.amplitude in ds else None
        names = [name for name in (self.amplitude, self.background, self.truth) if isinstance(name, str)]
        return {} if mask is None else dict.fromkeys(names, mask)

    def warnings(self, ds: xr.Dataset) -> Iterator[str]:
        """About a wavelet that the interval of the data aliases."""
        if isinstance(self.wavelet, Ricker):
            yield from self.wavelet.warnings(self._interval(ds))

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """Modelling operator, from log-impedance to amplitudes, both time first."""
        if isinstance(self.wavelet, Statistical):
            raise ValueError("the wavelet is still to be estimated: call prepare(ds) first")
        shape = self._layout(ds).shape
        wavelet = (0.5 * known_samples(self.wavelet, ds, self._interval(ds))).astype(self.dtype)
        modelling: LinearOperator = avo.PoststackLinearModelling(wavelet, nt0=shape[0], spatdims=shape[1:])
        mask = self._mask(ds)
        if mask is None:
            return modelling
        masked: LinearOperator = (
            basicoperators.Diagonal(mask.astype(self.dtype), dtype=self.dtype) @ modelling
        )
        return masked

    def data(self, ds: xr.Dataset) -> da.Array:
        """Amplitudes less those of the background, zero where there is no trace."""
        amplitudes = self._amplitudes(ds)
        background = self._background(ds)
        if background is None:
            return amplitudes
        return amplitudes - self.operator(ds).apply(background)

    def prior(self, ds: xr.Dataset) -> tuple[Prior, ...]:
        """Smoothness along time and along each kind of line."""
        layout = self._layout(ds)
        weights = [self.vertical, *(self.lateral,) * (layout.ndim - 1)]
        second = basicoperators.SecondDerivative
        return tuple(
            Prior(second(layout.shape, axis=axis, dtype=self.dtype), eps, f"roughness_{layout.dims[axis]}")
            for axis, eps in enumerate(weights) if eps
        )  # fmt: skip

    def penalties(self, ds: xr.Dataset) -> tuple[Penalty, ...]:
        """The L1 norm of differences along time: few, sharp boundaries."""
        if not self.blocky:
            return ()
        difference = basicoperators.FirstDerivative(
            self._layout(ds).shape, axis=0, kind="forward", dtype=self.dtype
        )
        return (Penalty(proximal.L1(self.blocky), difference),)

    def model(self, ds: xr.Dataset) -> da.Array:
        """Logarithm of the true impedance, or of the background where there is no truth."""
        name = self.truth or self.background
        if not isinstance(name, str):
            raise ValueError(
                "there is no impedance to model from: name a variable as `truth` or `background`"
            )
        return self._logs(ds, name)

    def labels(self, ds: xr.Dataset) -> dict[str, Labels]:
        """Time first, then the lines; the same for model and data."""
        layout = self._layout(ds)
        dims = tuple(map(str, layout.dims))
        labels = Labels(dims, {d: layout.coords[d].variable for d in dims if d in layout.coords})
        return {"domain": labels, "codomain": labels}

    def label(self, ds: xr.Dataset, x: da.Array) -> xr.Dataset:
        """Impedance and its background, in the background's unit, and the data, laid out as the amplitudes."""
        layout = self._layout(ds)
        background = self._background(ds)
        if background is None:
            background = da.full(x.shape, np.log(self.background), chunks=x.chunks, dtype=x.dtype)
        model = background + x
        observed, predicted = self._amplitudes(ds), self.operator(ds).apply(model)
        rock, data = self._rock(ds), dict(ds[self.amplitude].attrs)
        arrays = {
            "impedance": (self._impedance(ds, model), {"long_name": "acoustic impedance", **rock}),
            "background": (
                self._impedance(ds, background), {"long_name": "background acoustic impedance", **rock},
            ),
            "observed": (observed, {**data, "long_name": "observed amplitude"}),
            "predicted": (predicted, {**data, "long_name": "predicted amplitude"}),
            "residual": (observed - predicted, {**data, "long_name": "residual amplitude"}),
        }  # fmt: skip
        labelled = xr.Dataset(
            {name: (layout.dims, array, attrs) for name, (array, attrs) in arrays.items()},
            coords=layout.coords,
        )
        return labelled.transpose(*ds[self.amplitude].dims)

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> Json:
        """Relative misfit; with a truth, the relative errors of impedance and background."""
        return super().metrics(ds, result) | errors(
            ds, result, self.truth, impedance_error="impedance", background_error="background"
        )

    # -- layout: time first and whole in each chunk, at least four chunks so that workers share -------------

    def _layout(self, ds: xr.Dataset) -> xr.DataArray:
        if self.amplitude not in ds:
            raise ValueError(
                f"the dataset has no variable {self.amplitude!r}; it has {sorted(map(str, ds.data_vars))}: name one of "
                "them in the settings of the problem, or give the source the option rename"
            )
        amplitudes = ds[self.amplitude]
        if TIME not in amplitudes.dims:
            raise ValueError(
                f"{self.amplitude!r} has no dimension {TIME!r}, only {amplitudes.dims}: if one is that, give the "
                f"source the option rename, such as {{{amplitudes.dims[-1]}: {TIME}}}"
            )
        return amplitudes.transpose(TIME, ...)

    def _interval(self, ds: xr.Dataset) -> float:
        return step(ds, TIME, "ms")

    def _rock(self, ds: xr.Dataset) -> dict[str, str]:
        """Attributes of impedances: the unit of the background, which the data do not know."""
        if isinstance(self.background, str):
            self._array(ds, self.background)
            unit = rock_unit(ds, self.background, IMPEDANCE, LEAST)
        else:
            unit = IMPEDANCE if self.background >= LEAST else None
        if unit is None:
            log.warning(
                "the background has no unit, and is no impedance in %s: results have no unit either",
                IMPEDANCE,
            )
        return {"units": unit} if unit else {}

    def _array(self, ds: xr.Dataset, name: str) -> da.Array:
        layout = self._layout(ds)
        if name not in ds:
            raise ValueError(f"the dataset has no variable {name!r}; it has {sorted(map(str, ds.data_vars))}")
        if set(ds[name].dims) != set(layout.dims):
            raise ValueError(f"{name!r} has dimensions {ds[name].dims}, {self.amplitude!r} has {layout.dims}")
        if ds[name].dtype.kind not in "iuf":
            raise ValueError(f"{name!r} is of type {ds[name].dtype}, expected real numbers")
        array = da.asarray(ds[name].transpose(*layout.dims).data).astype(self.dtype)
        limit = min(16 * 2**20, max(1, array.nbytes // 4))
        chunks = da.core.normalize_chunks(
            (-1, *("auto",) * (array.ndim - 1)), array.shape, limit, array.dtype
        )
        return array.rechunk(tuple(-(-n // len(sizes)) for n, sizes in zip(array.shape, chunks, strict=True)))

    def _amplitudes(self, ds: xr.Dataset) -> da.Array:
        amplitudes = self._array(ds, self.amplitude)
        mask = self._mask(ds)
        return amplitudes if mask is None else da.where(mask, amplitudes, 0)

    def _background(self, ds: xr.Dataset) -> da.Array | None:
        return self._logs(ds, self.background) if isinstance(self.background, str) else None

    def _logs(self, ds: xr.Dataset, name: str) -> da.Array:
        """Logarithms of an impedance, zero where it has no trace: such traces are masked."""
        impedance, there = self._array(ds, name), self._there(ds, name)
        return da.log(impedance if there is None else da.where(there, impedance, 1))

    def _impedance(self, ds: xr.Dataset, logs: da.Array) -> da.Array:
        """Impedances of logarithms over the background, NaN where that has no trace."""
        there = self._there(ds, self.background) if isinstance(self.background, str) else None
        return da.exp(logs) if there is None else da.where(there, da.exp(logs), np.nan)

    def _mask(self, ds: xr.Dataset) -> da.Array | None:
        return self._there(ds, self.amplitude)

    def _there(self, ds: xr.Dataset, name: str) -> da.Array | None:
        """Where a variable has traces, over all samples; None if none is missing."""
        layout, mask = self._layout(ds), trace_mask(ds, name)
        if mask is None:
            return None
        mask = mask.transpose(*layout.dims[1:])
        return da.broadcast_to(da.asarray(mask.data)[None], layout.shape)
