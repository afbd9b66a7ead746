"""Seismic trace interpolation and denoising by sparsity in frequencies and wavenumbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import Field

from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.problems.base import Demo, Problem
from pylops_distributed.problems.fields.variables import chunked, errors, fit_of, labels_of, like, variable
from pylops_distributed.problems.fields.wavelet import Ricker, arrivals
from pylops_distributed.signalprocessing.fftnd import FFTND

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.storage.group_metadata import Json
    from pylops_distributed.storage.labels import Labels


class Interpolation(Problem):
    r"""A regular, complete gather from one with missing traces.

    .. math:: \min \|\mathbf{d} - \mathbf{M\,x}\|_2^2 + \epsilon\|\mathbf{F\,x}\|_1

    with a mask of the traces there are, and the Fourier transform along time and all lines, in which few plane waves
    make a gather; :math:`\epsilon` is a setting of the solver: ``fista``, ``ista``. With a mask of ones this
    is denoising. Abma and Kabir, 2006, doi:10.1190/1.2356088; Herrmann and Hennenfent, 2008,
    doi:10.1111/j.1365-246X.2007.03698.x.
    """

    name: Literal["interpolation"] = "interpolation"
    amplitude: str = Field(default="amplitude", description="variable with the traces, in any order of axes")
    mask: str | None = Field(
        default="mask", description="variable that is 1 where a trace was recorded; none if all traces were"
    )
    time: str = Field(default="t", description="name of the time axis")
    truth: str | None = Field(default=None, description="variable with the complete gather, if it is known")

    def ignored_where(self, ds: xr.Dataset) -> dict[str, xr.DataArray]:
        """Traces that are masked may be missing."""
        return {} if self.mask is None else {self.amplitude: variable(ds, self.mask)}

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """Traces kept or muted."""
        return Diagonal(self._mask(ds), dtype=float)

    def data(self, ds: xr.Dataset) -> da.Array:
        """The traces, zero where none was recorded."""
        mask = self._mask(ds)
        return da.where(mask, chunked(self._traces(ds), float) * mask, 0)  # a missing trace is NaN

    def transform(self, ds: xr.Dataset) -> LinearOperator:
        """From frequencies and wavenumbers to traces."""
        shape = self._traces(ds).shape
        synthesis: LinearOperator = FFTND(shape, axes=tuple(range(len(shape))), norm="ortho", dtype=float).H
        return synthesis

    def model(self, ds: xr.Dataset) -> da.Array:
        """The complete gather."""
        if self.truth is None:
            raise ValueError("there is no gather to model from: name a variable as `truth`")
        return chunked(variable(ds, self.truth, dims=self._traces(ds).dims), float)

    def labels(self, ds: xr.Dataset) -> dict[str, Labels]:
        """The same for model and data."""
        labels = labels_of(self._traces(ds))
        return {"domain": labels, "codomain": labels}

    def label(self, ds: xr.Dataset, x: da.Array) -> xr.Dataset:
        """The complete gather and the data."""
        traces = self._traces(ds)
        fit = fit_of(like(traces, self.data(ds), "observed data"), self.operator(ds).apply(x))
        return xr.Dataset({"complete": like(traces, x, "interpolated traces"), **fit})

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> Json:
        """Relative misfit; with a truth, the relative errors of the interpolated gather and of the recorded one."""
        return super().metrics(ds, result) | errors(
            ds, result, self.truth, error="complete", recorded_error="observed"
        )

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """Dipping events on a grid of traces of which half are missing, with noise."""
        shape, dt, rng = (40, 48, 128), 0.004, np.random.default_rng(seed)
        t = np.arange(shape[-1]) * dt
        y, x = np.ogrid[: shape[0], : shape[1]]
        clean, wavelet = np.zeros(shape), Ricker(peak=22.0).samples(1000 * dt)
        for start in (0.1, 0.19, 0.28, 0.37):
            py, px = rng.uniform(-0.0018, 0.0018, 2)
            event = start + py * (y - 20) + px * (x - 24)
            clean += rng.choice([-1, 1]) * arrivals(event, t, wavelet)
        mask = rng.random(shape[:2]) < 0.5
        noisy = clean + 0.1 * clean.std() * rng.standard_normal(shape)
        dims = ("y", "x", "t")
        data = xr.Dataset(
            {
                "amplitude": (dims, noisy * mask[..., None]), "complete": (dims, clean),
                "mask": (dims[:2], mask.astype(np.uint8)),
            },
            {"t": ("t", t, {"units": "s"}), "y": np.arange(40), "x": np.arange(48)},
        )  # fmt: skip
        problem = {"name": "interpolation", "truth": "complete"}
        solver = {"name": "fista", "eps": 0.15, "alpha": 1.0, "niter": 60}
        return Demo(
            data, {"problem": problem, "solver": solver}, "dipping events, half of their traces missing"
        )

    def _traces(self, ds: xr.Dataset) -> xr.DataArray:
        traces = variable(ds, self.amplitude, (2, 3, 4), (self.time,))
        return traces.transpose(..., self.time)

    def _mask(self, ds: xr.Dataset) -> da.Array:
        traces = self._traces(ds)
        if self.mask is None:
            return da.ones(traces.shape, chunks=chunked(traces, float).chunks)
        there, _ = xr.broadcast(variable(ds, self.mask), traces)
        return chunked(there.transpose(*traces.dims), float)
