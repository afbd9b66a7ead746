"""A run to look through, in a notebook or on a page of its own: iterates, sections and history, with sliders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from pylops_distributed.plots import (
    new_figure,
    plot_convergence,
    plot_residual,
    plot_section,
    plot_spectrum,
    section,
    surplus,
)
from pylops_distributed.report import summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MISSING = "looking through a run needs Panel: pip install 'pylops-distributed[view]'"


def view(run: xr.DataTree) -> Any:
    """Tabs of a run's iterates, model, data and history; each picture is drawn when it is asked for.

    Parameters
    ----------
    run : xarray.DataTree
        A run, as :func:`~pylops_distributed.results.open_run` gives it.

    Returns
    -------
    panel.Column
        Shown by notebooks after ``panel.extension()``; ``panel.serve`` makes a page of it.

    Raises
    ------
    ModuleNotFoundError
        If Panel is not installed.
    """
    pn = _panel()
    tabs: list[tuple[str, Any]] = []
    if "iterates" in run:
        tabs.append(("Iterates", _browser(pn, run["iterates"].to_dataset()["model"])))
    if "model" in run:
        every = run["model"].to_dataset().data_vars
        tabs += [(str(name), _browser(pn, array)) for name, array in every.items() if array.ndim]
    if "residual" in run:
        tabs.append(
            ("Data", pn.Column(_pane(pn, plot_residual(run)), _pane(pn, _single(plot_spectrum, run))))
        )
    if "history" in run:
        tabs.append(("History", _pane(pn, _single(plot_convergence, run))))
    rows = "\n".join(f"| {name} | {value} |" for name, value in summary(run).items())
    about = f"# Run {run.name}\n\n| figure | value |\n| --- | --- |\n{rows}"
    return pn.Column(pn.pane.Markdown(about), pn.Tabs(*tabs, dynamic=True))


def serve(run: xr.DataTree, port: int = 0, show: bool = True) -> None:
    """Serve :func:`view` of a run on 127.0.0.1 until interrupted.

    Parameters
    ----------
    run : xarray.DataTree
        A run.
    port : int, optional
        Port; any that is free if not given.
    show : bool, optional
        Whether to open it in a browser.
    """
    _panel().serve(
        lambda: view(run), port=port, address="127.0.0.1", show=show, title=f"Run {run.name}",
        websocket_origin=[f"127.0.0.1:{port}", f"localhost:{port}"] if port else None, verbose=True,
    )  # fmt: skip


def _panel() -> Any:
    try:
        import panel
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING) from error
    return panel


def _browser(pn: Any, array: xr.DataArray) -> Any:
    """A section of an array, with a slider for each dimension that it is cut along."""
    sliders = {}
    for d in (*(d for d in ("iteration",) if d in array.dims), *surplus(array)):
        values = array[d].values.tolist()
        start = values[-1] if d == "iteration" else values[len(values) // 2]
        sliders[str(d)] = pn.widgets.DiscreteSlider(name=str(d), options=values, value=start)

    def picture(**at: Any) -> Any:
        figure = new_figure(8, 5)
        ax = figure.subplots()
        cut = array.sel(iteration=at.pop("iteration")) if "iteration" in at else array
        shown = section(cut, **at)
        drawn = plot_section(shown, ax, str(array.name))
        if np.ndim(shown) > 1:
            figure.colorbar(drawn, ax=ax, shrink=0.8)
        return _pane(pn, figure)

    return pn.Column(*sliders.values(), pn.bind(picture, **sliders))


def _single(plot: Any, run: xr.DataTree) -> Figure:
    figure = new_figure(7, 4)
    plot(run, figure.subplots())
    return figure


def _pane(pn: Any, figure: Figure) -> Any:
    return pn.pane.Matplotlib(figure, tight=True, dpi=110)
