"""A run as labelled arrays: one lazy tree, and plots of it."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from pylops_distributed.ingest import open_dataset
from pylops_distributed.store.group import read_attrs
from pylops_distributed.store.run import RESULT, Run
from pylops_distributed.store.snapshot import ROOT, SUFFIX, entries
from pylops_distributed.store.storage import Storage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

PIXELS = 1000
TIME_AXES = ("twt", "depth", "t", "z")


def open_run(url: str | Path) -> xr.DataTree:
    """Open a run as one tree of labelled, lazy arrays; only what is published is shown.

    Parameters
    ----------
    url : str or Path
        Folder or ``s3://`` URL of the run.

    Returns
    -------
    xarray.DataTree
        ``/`` with the provenance as attributes, and, as far as there are any: ``/inputs`` (the dataset),
        ``/model`` (the labelled result, before that the newest iterate), ``/iterates`` (the kept ones along
        ``iteration``), ``/history`` (one value a step), ``/residual`` (observed, predicted and residual data)
        and ``/checkpoints`` (solver states as saved).

    Raises
    ------
    FileNotFoundError
        If there is no run.
    """
    run = Run.open(url)
    storage = run.storage
    nodes: dict[str, xr.Dataset] = {"/": xr.Dataset(attrs=run.attrs)}
    try:
        nodes["/inputs"] = open_dataset(run.attrs["dataset"])
    except (FileNotFoundError, ValueError) as error:
        log.warning("the inputs cannot be shown: %s", error)
    saved = sorted(entries(storage), key=lambda entry: entry.iteration)
    states = [_open(storage, entry.path) for entry in saved]
    for entry, state in zip(saved, states, strict=True):
        nodes[f"/{ROOT}/{entry.name}"] = state
    if states:
        iterations = xr.Variable("iteration", [entry.iteration for entry in saved])
        models = [state["model"].reset_coords(drop=True) for state in states]
        iterates = xr.concat(models, dim="iteration").assign_coords(iteration=iterations)
        nodes["/iterates"] = iterates.to_dataset(name="model")
        nodes["/history"] = _history(states[-1])
        nodes["/model"] = nodes["/iterates"].isel(iteration=-1)
    if storage.exists(f"{RESULT}/zarr.json"):
        result = _open(storage, RESULT)
        data_side = [name for name in ("observed", "predicted", "residual") if name in result]
        nodes["/model"] = result.drop_vars(data_side)
        nodes["/residual"] = result[data_side]
    return xr.DataTree.from_dict(nodes, name=Path(storage.url).name)


def plot_convergence(run: xr.DataTree, ax: Axes | None = None) -> Axes:
    """Norm of the residual, relative to the first, over the steps."""
    ax = ax or new_figure(6, 4).add_subplot()
    cost = run["history"].to_dataset()["cost"].values
    ax.semilogy(run["history"].to_dataset()["step"].values, relative_cost(cost))
    ax.set(xlabel="iteration", ylabel="residual norm or objective, relative to the first")
    ax.grid(True, which="both", alpha=0.3)
    return ax


def relative_cost(cost: Any) -> np.ndarray[Any, Any]:
    """Costs over the first that is known: solvers that split their unknowns know it only after some steps."""
    values = np.asarray(cost, dtype=float)
    known = values[np.isfinite(values)]
    relative: np.ndarray[Any, Any] = values / ((known[0] if known.size else 1.0) or 1.0)
    return relative


def plot_iterates(run: xr.DataTree, n: int = 4, figure: Figure | None = None) -> Figure:
    """A section of up to ``n`` of the kept iterates, side by side on one scale."""
    models = section(run["iterates"].to_dataset()["model"])
    picks = np.unique(np.linspace(0, models.sizes["iteration"] - 1, n).astype(int))
    return _panels(
        {f"iteration {int(m.iteration)}": m for m in (models.isel(iteration=i) for i in picks)}, figure
    )


def plot_residual(run: xr.DataTree, figure: Figure | None = None) -> Figure:
    """A section of the observed, predicted and residual data on one scale."""
    data = run["residual"].to_dataset()
    return _panels({str(name): section(data[name]) for name in data.data_vars}, figure, "gray")


def section(array: xr.DataArray) -> xr.DataArray:
    """A middle section along the time axis, thinned to what a picture can show; reads no more than that.

    Complex values are shown by their moduli.
    """
    kept = [d for d in array.dims if d != "iteration"]
    vertical = next((d for d in TIME_AXES if d in kept), kept[-1])
    lateral = [d for d in kept if d != vertical]
    array = array.isel({d: array.sizes[d] // 2 for d in lateral[:-1]})
    array = array.isel(
        {d: slice(None, None, max(1, array.sizes[d] // PIXELS)) for d in kept if d in array.dims}
    )
    return abs(array) if array.dtype.kind == "c" else array


def plot_section(
    array: xr.DataArray,
    ax: Axes,
    title: str = "",
    limits: tuple[float, float] | None = None,
    cmap: str = "viridis",
) -> Any:
    """One section with time or depth downwards; colours clipped to ``limits``, default the 1 to 99 % range."""
    values = np.asarray(array.values, dtype=float)
    if limits is None:
        limits = _limits([values])
    if values.ndim == 1:
        lines = ax.plot(values, array[array.dims[0]].values)
        ax.invert_yaxis()
        ax.set_title(title)
        return lines[0]
    vertical: Hashable = next((d for d in TIME_AXES if d in array.dims), array.dims[-1])
    mesh = array.compute().plot.pcolormesh(
        ax=ax, y=vertical, yincrease=False, vmin=limits[0], vmax=limits[1], cmap=cmap, add_colorbar=False
    )
    ax.set_title(title)
    return mesh


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches; importing the library does not import Matplotlib, drawing does."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _panels(sections: dict[str, xr.DataArray], figure: Figure | None, cmap: str = "viridis") -> Figure:
    figure = figure or new_figure(4 * len(sections), 4)
    axes = figure.subplots(1, len(sections), sharex=True, sharey=True, squeeze=False)[0]
    limits = _limits([np.asarray(s.values, dtype=float) for s in sections.values()])
    for ax, (title, array) in zip(axes, sections.items(), strict=True):
        last = plot_section(array, ax, title, limits, cmap)
    if sections and np.ndim(next(iter(sections.values()))) > 1:
        figure.colorbar(last, ax=axes, shrink=0.8)
    return figure


def _limits(values: list[np.ndarray[Any, Any]]) -> tuple[float, float]:
    everything = np.concatenate([v[np.isfinite(v)].ravel() for v in values])
    if not everything.size:
        return 0.0, 1.0
    low, high = np.percentile(everything, (1, 99))
    return float(low), float(high)


def _open(storage: Storage, path: str) -> xr.Dataset:
    read_attrs(storage, path)  # damaged metadata raises here, by name
    ds: xr.Dataset = xr.open_zarr(storage.zarr(path, read_only=True), consolidated=False, chunks={})
    return ds


def _history(state: xr.Dataset) -> xr.Dataset:
    names = {str(n): str(n).removesuffix(SUFFIX) for n in state.data_vars if str(n).endswith(SUFFIX)}
    history = (
        state[list(names)].reset_coords(drop=True).drop_vars(names.values(), errors="ignore").rename(names)
    )
    return history.assign_coords(step=np.arange(history.sizes.get("step", 0)))
