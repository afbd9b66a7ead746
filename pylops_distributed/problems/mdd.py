"""Multi-dimensional deconvolution: the response between two wavefields, freed of the overburden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import Field

from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.problems.base import Demo, Problem
from pylops_distributed.problems.fields.variables import check_spacing, errors, fit_of, step, variable
from pylops_distributed.problems.fields.wavelet import Ricker, arrivals
from pylops_distributed.storage.labels import Labels
from pylops_distributed.waveeqprocessing.mdc import MDC
from pylops_distributed.waveeqprocessing.spectra import kernel_of

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.storage.group_metadata import Json

AXES = ("source", "receiver", "t")
LAG = "lag"


class MDD(Problem):
    r"""Responses between receivers from wavefields at sources and receivers.

    .. math:: \min \|\mathbf{d} - \mathbf{D\,m}\|_2^2

    with the multi-dimensional convolution :math:`\mathbf{D}` with a kernel: in seismics, up- and down-going
    waves give the reflection response without the overburden. Kernel and data have positive times only.
    Wapenaar et al., 2011, doi:10.1111/j.1365-246X.2011.05007.x.
    """

    name: Literal["mdd"] = "mdd"
    kernel: str = Field(
        default="kernel", description="variable with the kernel, on 'source', 'receiver' and 't' [s]"
    )
    recorded: str = Field(
        default="recorded",
        description="variable with the data, on 'source', 't' and, if there are several, 'virtual'",
    )
    truth: str | None = Field(default=None, description="variable with the true model, if it is known")
    dr: float = Field(default=1.0, gt=0, description="distance of receivers, m")
    frequencies: int | None = Field(
        default=None, ge=1, description="number of frequencies to use; all if not given"
    )
    causal: bool = Field(default=False, description="let the model be zero at negative times")

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """Multi-dimensional convolution: lag, receiver, virtual source to lag, source, virtual source."""
        kernel, data = self._kernel(ds), self._data(ds)
        check_spacing(ds, "receiver", self.dr, "dr")
        nt = kernel.sizes["t"]
        nt2, nv = 2 * nt - 1, data.sizes["virtual"]
        spectra = kernel_of(da.asarray(kernel.data), nt2, min(self.frequencies or nt, nt))
        convolve = MDC(spectra, nt2, nv=nv, dt=step(ds, "t", "s"), dr=self.dr, twosided=True)
        if not self.causal:
            return convolve
        later = np.repeat([0.0, 1.0], (nt - 1, nt)).astype(convolve.dtype)
        causal: LinearOperator = convolve @ Diagonal(later, dims=convolve.dims, axis=0, dtype=convolve.dtype)
        return causal

    def data(self, ds: xr.Dataset) -> da.Array:
        """The data with zeros at negative lags."""
        data = self._data(ds)
        values = da.asarray(data.transpose("t", "source", "virtual").data)
        before = da.zeros((data.sizes["t"] - 1, *values.shape[1:]), dtype=values.dtype)
        return da.concatenate([before, values]).astype(self.operator(ds).dtype).rechunk({0: -1})

    def model(self, ds: xr.Dataset) -> da.Array:
        """The true response."""
        if self.truth is None:
            raise ValueError("there is no response to model from: name a variable as `truth`")
        return (
            da.asarray(variable(ds, self.truth, (3,), (LAG, "receiver")).data).astype(float).rechunk({0: -1})
        )

    def labels(self, ds: xr.Dataset) -> dict[str, Labels]:
        """Lags [s], receivers or sources, and virtual sources."""
        coords = {d: ds[d].variable for d in ("source", "receiver", "virtual") if d in ds.coords}
        coords[LAG] = self._lags(ds)
        axes = {"domain": (LAG, "receiver", "virtual"), "codomain": (LAG, "source", "virtual")}
        return {s: Labels(dims, {d: coords[d] for d in dims if d in coords}) for s, dims in axes.items()}

    def label(self, ds: xr.Dataset, x: da.Array) -> xr.Dataset:
        """The response, that of the adjoint scaled to the same energy, and the data."""
        op, labels, data = self.operator(ds), self.labels(ds), self.data(ds)
        correlated: Any = op.apply_adjoint(data)
        scale = da.sqrt((x**2).sum() / (correlated**2).sum())
        fields = {"response": (x, "response"), "correlation": (correlated * scale, "response by correlation")}
        domain, codomain = labels["domain"], labels["codomain"]
        shown = {name: (domain.dims, a, {"long_name": words}) for name, (a, words) in fields.items()}
        observed = xr.DataArray(data, dims=codomain.dims, coords=dict(codomain.coords))
        return xr.Dataset({**shown, **fit_of(observed, op.apply(x))}, coords=dict(domain.coords))

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> Json:
        """Relative misfit; with a truth, the relative errors of the response and of the correlation."""
        return super().metrics(ds, result) | errors(
            ds, result, self.truth, error="response", correlation_error="correlation"
        )

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """Three hyperbolic arrivals in the kernel, three in the response of one virtual source, with noise."""
        nt, dt, dr = 151, 0.004, 10.0
        t, x, y = np.arange(nt) * dt, np.arange(-20, 21) * dr, np.arange(-30, 31) * dr
        wavelet = Ricker(peak=20.0).samples(1000 * dt)
        apart = y[:, None] - x
        kernel: Any = sum(
            float(amplitude) * arrivals(np.hypot(start, apart / 1500), t, wavelet)
            for start, amplitude in ((0.06, 1.0), (0.16, 0.4), (0.25, -0.3))
        )
        response: Any = sum(
            float(amplitude) * arrivals(np.hypot(start, x / 1800), t, wavelet)
            for start, amplitude in ((0.05, 1.0), (0.12, -0.8), (0.2, 0.6))
        )
        model = np.concatenate([np.zeros((x.size, nt - 1)), response], axis=1).T[..., None]
        lags = np.arange(1 - nt, nt) * dt
        convolve = MDC(kernel_of(da.from_array(kernel), 2 * nt - 1, nt), 2 * nt - 1, nv=1, dt=dt, dr=dr)
        clean = (convolve @ da.from_array(model)).compute(scheduler="synchronous")[nt - 1 :]
        noise = np.random.default_rng(seed).standard_normal(clean.shape)
        data = xr.Dataset(
            {
                "kernel": (AXES, kernel), "response": ((LAG, "receiver", "virtual"), model),
                "recorded": (("t", "source", "virtual"), clean + 0.01 * clean.std() * noise),
            },
            {"t": ("t", t, {"units": "s"}), LAG: (LAG, lags, {"units": "s"}), "receiver": x, "source": y},
        )  # fmt: skip
        problem = {"name": "mdd", "truth": "response", "dr": dr, "frequencies": 60, "causal": True}
        solver = {"name": "lsqr", "niter": 60}
        return Demo(
            data, {"problem": problem, "solver": solver}, "a response through three hyperbolic arrivals"
        )

    def _kernel(self, ds: xr.Dataset) -> xr.DataArray:
        kernel = variable(ds, self.kernel, (3,), AXES)
        if kernel.dtype.kind == "c":
            raise ValueError(f"{self.kernel!r} must be real, in time")
        return kernel

    def _data(self, ds: xr.Dataset) -> xr.DataArray:
        data = variable(ds, self.recorded, (2, 3), ("t", "source"))
        return data.expand_dims("virtual") if "virtual" not in data.dims else data

    def _lags(self, ds: xr.Dataset) -> xr.Variable:
        nt = self._kernel(ds).sizes["t"]
        return xr.Variable(
            (LAG,), np.arange(1 - nt, nt) * step(ds, "t", "s"), {"units": "s", "long_name": "time lag"}
        )
