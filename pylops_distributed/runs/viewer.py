"""Browse a run, in a notebook or on a separate page: iterates, sections and history, with sliders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from pylops_distributed import tuning
from pylops_distributed.registry import import_on_use
from pylops_distributed.runs.markup import text
from pylops_distributed.runs.plots import (
    label_of,
    limits_of,
    new_figure,
    plot_convergence,
    plot_residual,
    plot_section,
    plot_spectrum,
    section,
    surplus,
)
from pylops_distributed.runs.reading import open_run
from pylops_distributed.runs.report import summary

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MISSING = "looking through a run needs Panel: pip install 'pylops-distributed[view]'"


def view(run: xr.DataTree) -> object:
    """Tabs of a run's iterates, model, data and history; each picture is drawn when its tab is opened.

    Parameters
    ----------
    run : xarray.DataTree
        A run, as :func:`~pylops_distributed.runs.reading.open_run` returns it.

    Returns
    -------
    panel.Column
        Shown by notebooks after ``panel.extension()``; ``panel.serve`` makes a page of it.

    Raises
    ------
    ModuleNotFoundError
        If Panel is not installed.
    """
    pn = import_on_use("panel", MISSING)
    rows = "\n".join(f"| {text(name)} | {text(value)} |" for name, value in summary(run).items())
    about = f"# Run {text(run.name)}\n\n| figure | value |\n| --- | --- |\n{rows}"
    if not {"iterates", "model"} & set(run.children):
        return pn.Column(
            pn.pane.Markdown(f"{about}\n\nThere is no checkpoint yet: load this page again later.")
        )
    return pn.Column(pn.pane.Markdown(about), pn.Tabs(*_tabs(pn, run), dynamic=True))


def slider(array: xr.DataArray) -> object:
    """A section of an array, with a slider for its iterations and for each dimension that it is cut across.

    Parameters
    ----------
    array : xarray.DataArray
        Such as ``run["iterates"]["model"]``. All sections are on the scale of the first that is shown.

    Returns
    -------
    panel.Column
        As :func:`view`.

    Raises
    ------
    ModuleNotFoundError
        If Panel is not installed.
    """
    return _slider(import_on_use("panel", MISSING), array)


def serve(url: str | Path, port: int = 0, show: bool = True) -> None:
    """Serve :func:`view` of a run on 127.0.0.1 until interrupted; reload the page to see new iterates.

    Parameters
    ----------
    url : str or Path
        Folder or URL of the run.
    port : int, optional
        Port; any that is free if not given.
    show : bool, optional
        Whether to open it in a browser.
    """
    pn, title = import_on_use("panel", MISSING), f"Run {open_run(url).name}"
    pn.serve(
        lambda: view(open_run(url)), port=port, address="127.0.0.1", show=show, title=title, verbose=True,
        websocket_origin=[f"{host}:{port}" for host in ("127.0.0.1", "localhost")] if port else None,
    )  # fmt: skip


def _tabs(pn: ModuleType, run: xr.DataTree) -> list[tuple[str, object]]:
    tabs: list[tuple[str, Any]] = []
    if "iterates" in run:
        tabs.append(("Iterates", _slider(pn, run["iterates"].to_dataset()["model"])))
    if "history" in run:
        tabs.append(("History", _picture(pn, partial(_single, plot_convergence, run))))
    if "model" in run:
        every = run["model"].to_dataset().data_vars
        tabs += [(str(name), _slider(pn, array)) for name, array in every.items() if array.ndim]
    if "residual" in run:
        pictures = (partial(plot_residual, run), partial(_single, plot_spectrum, run))
        tabs.append(("Data", pn.Column(*(_picture(pn, draw) for draw in pictures))))
    return tabs


def _slider(pn: ModuleType, array: xr.DataArray) -> object:
    sliders: dict[str, Any] = {}
    scale: dict[str, Any] = {}
    for d in (*(d for d in ("iteration",) if d in array.dims), *surplus(array)):
        values = array[d].values.tolist()
        start = values[-1] if d == "iteration" else values[len(values) // 2]
        sliders[str(d)] = pn.widgets.DiscreteSlider(label=str(d), options=values, value=start)

    def draw(**at: object) -> Figure:
        shown, figure = section(array, **at).compute(), new_figure(8, 5)
        if np.ndim(shown) > 1:
            # One scale for all that was seen so far: none of it is cut off by that of another section.
            seen = [limits_of([shown.values]), *scale.values()]
            scale["limits"] = min(low for low, _ in seen), max(high for _, high in seen)
        drawn = plot_section(shown, figure.subplots(), str(array.name), **scale)
        if np.ndim(shown) > 1:
            figure.colorbar(drawn, ax=figure.axes, shrink=0.8, label=label_of([shown]))
        return figure

    # While a slider is dragged nothing is read: what counts is where it is let go.
    return pn.Column(
        *sliders.values(), _picture(pn, draw, **{d: s.param.value_throttled for d, s in sliders.items()})
    )


def _picture(pn: ModuleType, draw: Callable[..., Figure], **inputs: object) -> object:
    """A figure that is drawn when it is first seen, and again when its inputs change."""

    def drawn(**at: object) -> object:
        figure = draw(**at)
        dpi = tuning.count("runs.viewer-dpi")
        widest = round(dpi * figure.get_figwidth())
        return pn.pane.Matplotlib(figure, dpi=dpi, sizing_mode="scale_width", max_width=widest)

    return pn.param.ParamFunction(pn.bind(drawn, **inputs), lazy=True, sizing_mode="stretch_width")


def _single(plot: Callable[[xr.DataTree, Axes], object], run: xr.DataTree) -> Figure:
    figure = new_figure(7, 4)
    plot(run, figure.subplots())
    return figure
