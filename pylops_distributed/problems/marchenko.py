"""Marchenko redatuming: Green's functions from points in the subsurface, from reflections at the surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import Field

from pylops_distributed.problems.base import Demo, Problem, relative_norm
from pylops_distributed.problems.fields.variables import check_spacing, in_unit, step, variable
from pylops_distributed.storage.labels import Labels
from pylops_distributed.synthetic.layered_medium import layered_responses
from pylops_distributed.vectors.space import BlockVector
from pylops_distributed.waveeqprocessing.marchenko import Marchenko as Driver

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.storage.group_metadata import Json

LAG, POINT = "lag", "point"
DIMS = (LAG, "receiver", POINT)


class Marchenko(Problem):
    r"""Green's functions of points below a complicated overburden, internal multiples included.

    .. math::
        \begin{bmatrix} \Theta \mathbf R \mathbf f_d^+ \\ \mathbf 0 \end{bmatrix} =
        \left( \mathbf I - \begin{bmatrix} \mathbf 0 & \Theta \mathbf R \\ \Theta \mathbf R^* & \mathbf 0
        \end{bmatrix} \right) \begin{bmatrix} \mathbf f^- \\ \mathbf f_m^+ \end{bmatrix}

    is solved for the focusing functions of given direct arrivals. The reflection response must be free of multiples
    of the surface and of the source's wavelet. van der Neut et al., 2015, doi:10.1093/gji/ggv330.
    """

    name: Literal["marchenko"] = "marchenko"
    reflection: str = Field(
        default="reflection", description="variable with the response, on 'source', 'receiver' and 't' [s]"
    )
    direct: str = Field(
        default="direct",
        description="variable with the direct arrivals, on 'receiver', 't' and, if several, 'point'",
    )
    times: str = Field(
        default="times", description="variable with their times [s], on 'receiver' and, if several, 'point'"
    )
    truth: str | None = Field(default=None, description="variable with the true Green's functions, if known")
    dr: float = Field(default=1.0, gt=0, description="distance of receivers, m")
    frequencies: int | None = Field(
        default=None, ge=1, description="number of frequencies to use; all if not given"
    )
    offset: float = Field(
        default=0.0, ge=0, description="time before the direct arrival at which the window ends, s"
    )
    smooth: int = Field(default=10, ge=0, description="length of the filter that smooths the window, samples")

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """From up-going focusing function and coda of the down-going one to the windowed responses."""
        op: LinearOperator = self._system(ds)[0]
        return op

    def data(self, ds: xr.Dataset) -> BlockVector:
        """The windowed response to the direct part, and zero."""
        d: BlockVector = self._system(ds)[1]
        return d

    def labels(self, ds: xr.Dataset) -> dict[str, tuple[Labels, ...]]:
        """Both parts on lag [s], receiver and point."""
        axes = Labels(DIMS, {k: v for k, v in self._coords(ds).items() if k in DIMS})
        return {"domain": (axes, axes), "codomain": (axes, axes)}

    def label(self, ds: xr.Dataset, x: BlockVector) -> xr.Dataset:
        """Focusing and Green's functions, and the windowed data."""
        M, d, G, focus, _ = self._system(ds)
        total = BlockVector((x.arrays[0], x.arrays[1] + focus))
        fields = {
            "green": (_green(G, total), "Green's function"),
            "standard": (_green(G, BlockVector((da.zeros_like(focus), focus))), "standard redatuming"),
            "focusing_up": (total.arrays[0], "up-going focusing function"),
            "focusing_down": (total.arrays[1], "down-going focusing function"),
        }
        predicted = M.apply(x).arrays[0]
        fields |= {
            "observed": (d.arrays[0], "windowed response"), "predicted": (predicted, "predicted response"),
            "residual": (d.arrays[0] - predicted, "residual"),
        }  # fmt: skip
        arrays = {name: (DIMS, a, {"long_name": words}) for name, (a, words) in fields.items()}
        return xr.Dataset(arrays, coords=self._coords(ds))

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> Json:
        """Relative misfit; with a truth, the errors of the Green's function and of standard redatuming, too.

        Errors are those at the best scale: the direct arrivals set it, and the data do not show transmission losses.
        """
        figures = super().metrics(ds, result)
        if self.truth is None:
            return figures
        true = self._truth(ds)
        for name, shown in (("error", "green"), ("standard_error", "standard")):
            part = result[shown].sel({LAG: slice(-1e-9, None)}).transpose(*DIMS)
            values = xr.DataArray(part.data, dims=DIMS)
            scale = (values * true).sum() / (values**2).sum()
            figures[name] = relative_norm(scale * values - true, true)
        return figures

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """Four interfaces, with strong multiples between them, seen from a point below two of them."""
        dr = 16.0
        responses = layered_responses(receivers=61, dr=dr, nt=256, dt=0.005, seed=seed)
        axes = {
            "reflection": ("source", "receiver", "t"),
            "direct": ("receiver", "t"),
            "green": ("receiver", "t"),
        }
        arrays: dict[str, Any] = {name: (dims, responses[name]) for name, dims in axes.items()}
        place = dr * np.arange(61)
        data = xr.Dataset(
            {**arrays, "times": ("receiver", responses["times"])},
            {"t": ("t", 0.005 * np.arange(256), {"units": "s"}), "receiver": place, "source": place},
        )
        problem = {"name": "marchenko", "truth": "green", "dr": dr, "offset": 0.045, "smooth": 4}
        solver = {"name": "lsqr", "niter": 12}
        return Demo(
            data, {"problem": problem, "solver": solver}, "a point below two of four strong interfaces"
        )

    def _system(self, ds: xr.Dataset) -> Any:
        response = variable(ds, self.reflection, (3,), ("source", "receiver", "t"))
        direct = variable(ds, self.direct, (2, 3), ("receiver", "t"))
        times = variable(ds, self.times, (1, 2), ("receiver",))
        check_spacing(ds, "receiver", self.dr, "dr")
        G0 = _with_point(direct).transpose("receiver", POINT, "t").values
        trav = in_unit(_with_point(times).transpose("receiver", POINT), "s")
        if direct.sizes["t"] != response.sizes["t"] or G0.shape[:2] != trav.shape:
            raise ValueError(
                f"{self.direct!r} {dict(direct.sizes)} does not fit {self.times!r} {dict(times.sizes)}"
            )
        driver = Driver(
            da.asarray(response.data), step(ds, "t", "s"), dr=self.dr, nfmax=self.frequencies or response.sizes["t"],
            toff=self.offset, nsmooth=self.smooth,
        )  # fmt: skip
        return driver.system(trav, G0)

    def _coords(self, ds: xr.Dataset) -> Json:
        nt, dt = ds.sizes["t"], step(ds, "t", "s")
        lag = xr.Variable((LAG,), np.arange(1 - nt, nt) * dt, {"units": "s", "long_name": "time"})
        return {LAG: lag} | {d: ds[d].variable for d in ("receiver", POINT) if d in ds.coords}

    def _truth(self, ds: xr.Dataset) -> xr.DataArray:
        true = _with_point(variable(ds, str(self.truth), (2, 3), ("receiver", "t")))
        return xr.DataArray(true.transpose("t", "receiver", POINT).data, dims=DIMS)


def _with_point(array: xr.DataArray) -> xr.DataArray:
    return array if POINT in array.dims else array.expand_dims(POINT)


def _green(G: LinearOperator, focusing: BlockVector) -> da.Array:
    """Up- and down-going Green's function together."""
    image: Any = G.apply(focusing)
    minus, plus = image.arrays
    green: da.Array = plus[::-1] - minus
    return green
