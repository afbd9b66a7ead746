"""Pictures of runs: each reads no more than it shows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from pylops_distributed import tuning
from pylops_distributed.registry import import_on_use
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TIME_AXES = ("twt", "depth", "t", "z", "lag")
ROWS = ("y", "ky")  # of images
FREQUENCIES = {
    "s": (1.0, "Hz"),
    "ms": (1000.0, "Hz"),
    "m": (1.0, "1/m"),
}  # by the unit of what they run along


def plot_convergence(run: xr.DataTree, ax: Axes | None = None) -> Axes:
    """Norm of the residual, relative to the first, over the steps."""
    history = _node(run, "history")
    ax = ax or new_figure(6, 4).add_subplot()
    name = "cost" if "cost" in history else next(iter(history.data_vars))
    ax.semilogy(history["step"].values, relative_cost(history[name].values))
    ax.set(xlabel="iteration", ylabel="residual norm or objective / first")
    ax.grid(True, which="both", alpha=0.3)
    return ax


def relative_cost(cost: object) -> NDArray:
    """Costs over the first that is known: solvers that split their unknowns know it only after some steps."""
    values = np.asarray(cost, dtype=float)
    finite = values[np.isfinite(values)]
    relative: NDArray = values / ((finite[0] if finite.size else 1.0) or 1.0)
    return relative


def plot_iterates(run: xr.DataTree, n: int = 4, figure: Figure | None = None, **at: object) -> Figure:
    """A section of up to ``n`` of the kept iterates, side by side on one scale."""
    models = _node(run, "iterates")["model"]
    picks = np.unique(np.linspace(0, models.sizes["iteration"] - 1, n).astype(int))
    shown = section(models.isel(iteration=picks), **at)
    return _panels({f"iteration {int(m.iteration)}": m for m in shown.transpose("iteration", ...)}, figure)


def plot_residual(run: xr.DataTree, figure: Figure | None = None, **at: object) -> Figure:
    """A section of the observed, predicted and residual data on one scale."""
    data = _node(run, "residual")
    return _panels({str(name): section(data[name], **at) for name in data.data_vars}, figure, "gray")


def plot_slices(array: xr.DataArray, figure: Figure | None = None, **at: object) -> Figure:
    """Sections of a volume across each of its dimensions, at ``at`` or through the middle, on one scale.

    Parameters
    ----------
    array : xarray.DataArray
        Three dimensions or more; of those before the last three, the middle is shown.
    figure : matplotlib.figure.Figure, optional
        Where to draw.
    **at : float
        Where to cut, by dimension: the nearest coordinate.

    Raises
    ------
    ValueError
        If there are fewer dimensions.
    """
    dims = array.dims[-3:]
    if len(dims) < 3:
        raise ValueError(f"{array.name!r} has dimensions {array.dims}: slices need three, see section")
    others = {d: value for d, value in at.items() if d not in dims}
    cuts = {str(d): at.get(str(d), array[d].values[array.sizes[d] // 2]) for d in dims}
    shown = {f"{d} = {value:.6g}": section(array, **others, **{d: value}) for d, value in cuts.items()}
    return _panels(shown, figure, share=False)


def plot_spectrum(run: xr.DataTree, ax: Axes | None = None, **at: object) -> Axes:
    """Amplitude spectra of the observed, predicted and residual data, averaged over the traces of a section."""
    ax = ax or new_figure(6, 4).add_subplot()
    for name, array in _node(run, "residual").data_vars.items():
        traces = _select(array, at)
        along = _vertical(traces)
        values = np.moveaxis(traces.values, traces.dims.index(along), -1)
        own = str(traces[along].attrs.get("units") or "")
        bare = f"cycles per {own or (f'unit of {along}' if along in traces.coords else 'sample')}"
        scale, unit = FREQUENCIES.get(own, (1.0, bare))
        step = float(np.diff(traces[along].values[:2])[0]) / scale
        amplitude = np.abs(np.fft.fft(values))[..., : values.shape[-1] // 2 + 1]
        frequencies = np.fft.rfftfreq(values.shape[-1], step)
        ax.plot(frequencies, amplitude.reshape(-1, frequencies.size).mean(axis=0), label=str(name))
        ax.set(xlabel=f"frequency [{unit}]", ylabel="mean amplitude")
    ax.legend()
    return ax


def plot_difference(
    first: xr.DataArray, second: xr.DataArray, figure: Figure | None = None, **at: object
) -> Figure:
    """A section of two arrays on one grid, and of the second less the first, on one scale but for its offset.

    Raises
    ------
    ValueError
        If their grids or units differ.
    """
    try:
        xr.align(first, second, join="exact", copy=False)
    except ValueError as error:
        raise ValueError(f"the two are not on one grid: {error}") from error
    units = [str(array.attrs.get("units") or "") for array in (first, second)]
    if all(units) and units[0] != units[1]:
        raise ValueError(
            f"the two are in different units, {units[0]!r} and {units[1]!r}: convert one of them"
        )
    one, two = section(first, **at), section(second, **at)
    figure = figure or new_figure(12, 4)
    both: Any = figure.subfigures(1, 2, width_ratios=(2, 1))
    left, right = both
    _panels({"first": one, "second": two}, left)
    apart = two - one
    most = float(abs(apart).max()) or 1.0
    ax = right.subplots()
    drawn = plot_section(apart, ax, "second - first", (-most, most), "RdBu_r")
    if apart.ndim > 1:
        right.colorbar(drawn, ax=ax, shrink=0.8, label=label_of([one, two]))
    return figure


def section(array: xr.DataArray, **at: object) -> xr.DataArray:
    """A section of two dimensions, thinned to what a picture can show; reads no more than that.

    Parameters
    ----------
    array : xarray.DataArray
        An array; a dimension ``iteration`` stays as it is. Complex values are shown by their moduli.
    **at : float
        Where to cut, by dimension: the nearest coordinate. Other dimensions are cut in the middle, first those
        before the last that is not the time or depth, which stays.

    Raises
    ------
    ValueError
        If there is no such dimension.
    """
    array = _select(array, at)
    most = tuning.count("runs.image-samples")
    array = array.isel({d: slice(None, None, max(1, array.sizes[d] // most)) for d in _plot_dims(array)})
    return abs(array) if array.dtype.kind == "c" else array


def _node(run: xr.DataTree, name: str) -> xr.Dataset:
    if name not in run:
        raise ValueError(f"run {run.name} has no {name} yet: there is {sorted(run.children) or 'nothing'}")
    dataset: xr.Dataset = run[name].to_dataset()
    return dataset


def _plot_dims(array: xr.DataArray) -> list[Hashable]:
    return [d for d in array.dims if d != "iteration"]


def _vertical(array: xr.DataArray) -> Hashable:
    """The dimension that is drawn downwards."""
    return next((d for d in (*TIME_AXES, *ROWS) if d in array.dims), _plot_dims(array)[-1])


def _select(array: xr.DataArray, at: Mapping[str, object]) -> xr.DataArray:
    for dim, value in at.items():
        if dim not in array.dims:
            raise ValueError(
                f"there is no dimension {dim!r} to cut at {value}: expected one of {_plot_dims(array)}"
            )
        place = {dim: value}
        array = array.sel(place, method="nearest") if dim in array.indexes else array.isel(place)
    return array.isel({d: array.sizes[d] // 2 for d in surplus(array)})


def surplus(array: xr.DataArray) -> list[Hashable]:
    """The dimensions that a section of an array is cut across: all before the last that is not drawn downwards.

    Those of a single sample go first: a section across any other would be a line.
    """
    seen = _plot_dims(array)
    others = [d for d in seen if d != _vertical(array)] if seen else []
    return sorted(others, key=lambda d: array.sizes[d] > 1)[:-1]


def plot_section(
    array: xr.DataArray,
    ax: Axes,
    title: str = "",
    limits: tuple[float, float] | None = None,
    cmap: str = "viridis",
) -> Any:
    """One section with time or depth downwards; colours clipped to ``limits``, default the 1 to 99 % range."""
    array = array.compute()
    values = np.asarray(array.values, dtype=float)
    if limits is None:
        limits = limits_of([values])
    if limits[0] == limits[1]:  # a constant, which Matplotlib would give any scale
        margin = 0.01 * abs(limits[0]) or 1.0
        limits = limits[0] - margin, limits[1] + margin
    if values.ndim == 1:
        lines = ax.plot(values, array[array.dims[0]].values)
        ax.invert_yaxis()
        ax.set_title(title)
        return lines[0]
    mesh = array.plot.pcolormesh(
        ax=ax,
        y=_vertical(array),
        yincrease=False,
        vmin=limits[0],
        vmax=limits[1],
        cmap=cmap,
        add_colorbar=False,
    )
    ax.set_title(title)
    return mesh


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches; importing the library does not import Matplotlib, drawing does."""
    figure: Figure = import_on_use("matplotlib.figure").Figure(figsize=(width, height), layout="constrained")
    return figure


def _panels(
    sections: dict[str, xr.DataArray], figure: Figure | None, cmap: str = "viridis", share: bool = True
) -> Figure:
    sections = {title: array.compute() for title, array in sections.items()}
    figure = figure or new_figure(4 * len(sections), 4)
    axes = figure.subplots(1, len(sections), sharex=share, sharey=share, squeeze=False)[0]
    limits = limits_of([np.asarray(s.values, dtype=float) for s in sections.values()])
    for ax, (title, array) in zip(axes, sections.items(), strict=True):
        last = plot_section(array, ax, title, limits, cmap)
    if sections and np.ndim(next(iter(sections.values()))) > 1:
        figure.colorbar(last, ax=axes, shrink=0.8, label=label_of(list(sections.values())))
    drawn: Figure = figure
    return drawn


def label_of(arrays: list[xr.DataArray]) -> str:
    """Common quantity and unit of some arrays, as far as they have the same."""
    names = {str(array.attrs.get("long_name") or array.name or "") for array in arrays}
    units = {str(array.attrs.get("units") or "") for array in arrays}
    name, unit = (next(iter(words)) if len(words) == 1 else "" for words in (names, units))
    return " ".join(filter(None, (name, f"[{unit}]" if unit else "")))


def limits_of(values: list[NDArray]) -> tuple[float, float]:
    """The 1 to 99 % range of all samples; where nearly all are zero, of the others and zero."""
    everything = np.concatenate([np.asarray(v, dtype=float)[np.isfinite(v)].ravel() for v in values])
    if not everything.size:
        return 0.0, 1.0
    some = everything[everything != 0]
    if sparse := 0 < some.size < 0.1 * everything.size:
        everything = some
    low, high = np.percentile(everything, (1, 99))
    return (float(min(low, 0)), float(max(high, 0))) if sparse else (float(low), float(high))
