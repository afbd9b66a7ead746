"""A custom problem: traces before a known, smoothing filter. What `pld new problem` writes."""

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import Field

from pylops_distributed import LinearOperator, SecondDerivative
from pylops_distributed.problems.base import Demo, Prior, Problem
from pylops_distributed.problems.fields.variables import chunked, errors, fit_of, labels_of, like, variable
from pylops_distributed.signalprocessing import Convolve1D
from pylops_distributed.storage.labels import Labels


class Template(Problem):
    """Traces before a known, smoothing filter."""

    # Parameters: keys of YAML files, and fields of the form in the Prefect UI.
    recorded: str = Field(default="recorded", description="variable with the traces, on 'trace' and 't'")
    width: float = Field(default=4.0, gt=0, description="width of the filter, samples")
    smooth: float = Field(default=0.0, ge=0, description="weight of smoothness along 't'")
    truth: str | None = Field(
        default=None, description="variable with the true traces of a synthetic, if any"
    )

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """Return the operator from model to data: any operator of pylops_distributed or PyLops, or one made of them."""
        samples = np.arange(-16, 17) / self.width
        h = np.exp(-(samples**2))
        return Convolve1D(self._traces(ds).shape, h / h.sum(), offset=16, axis=-1)

    def data(self, ds: xr.Dataset) -> da.Array:
        """Return the data, lazily; here each chunk has whole traces."""
        return chunked(self._traces(ds), float, whole=("t",))

    def prior(self, ds: xr.Dataset) -> tuple[Prior, ...]:
        """Return further terms of the objective; delete this method if there are none."""
        if not self.smooth:
            return ()
        return (Prior(SecondDerivative(self._traces(ds).shape, axis=-1), self.smooth, "roughness"),)

    def labels(self, ds: xr.Dataset) -> dict[str, Labels]:
        """Return names and coordinates of the axes of model and data."""
        labels = labels_of(self._traces(ds))
        return {"domain": labels, "codomain": labels}

    def label(self, ds: xr.Dataset, x: da.Array) -> xr.Dataset:
        """Return the labelled result: the model, and observed, predicted and residual data."""
        traces = self._traces(ds)
        return xr.Dataset({"sharp": like(traces, x, "traces"), **fit_of(traces, self.operator(ds).apply(x))})

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> dict[str, object]:
        """Return metrics: here the errors, where the truth is known."""
        error = errors(ds, result, self.truth, error="sharp", recorded_error="observed")
        return super().metrics(ds, result) | error

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """Return a small case, for `pld demo` and `pld check`."""
        rng = np.random.default_rng(seed)
        true = np.where(rng.random((40, 200)) < 0.05, rng.standard_normal((40, 200)), 0).cumsum(axis=-1)
        coords = {"trace": np.arange(40), "t": np.arange(200) * 0.004}
        case = cls(truth="true", smooth=0.05)
        ds = xr.Dataset({"recorded": (("trace", "t"), true), "true": (("trace", "t"), true)}, coords)
        blurred = (case.operator(ds) @ da.from_array(true)).compute(scheduler="synchronous")
        ds["recorded"] = ("trace", "t"), blurred + 0.01 * rng.standard_normal(true.shape)
        settings = {"problem": case.model_dump(mode="json"), "solver": {"name": "cgls", "niter": 60}}
        return Demo(ds, settings, "blocky traces behind a smooth filter")

    def _traces(self, ds: xr.Dataset) -> xr.DataArray:
        return variable(ds, self.recorded, ndim=(2,), dims=("trace", "t"))
