"""Report of a run: one self-contained HTML page, and one small picture while it runs."""

from __future__ import annotations

import base64
import html
import io
import json
import threading
from collections.abc import Mapping
from string import Template
from typing import TYPE_CHECKING, Any

from pylops_distributed.runs.plots import (
    label_of,
    limits_of,
    new_figure,
    plot_convergence,
    plot_iterates,
    plot_residual,
    plot_section,
    relative_cost,
    section,
)
from pylops_distributed.runs.reading import open_run
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.results import put_report
from pylops_distributed.storage.run import Run

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from pylops_distributed.storage.group_metadata import Json

TRUE = "true "
MOST = 4  # pictures side by side
DRAWING = threading.Lock()  # Matplotlib is not made for threads: reports are drawn one at a time
PAGE = Template(
    """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>$title</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse}td,th{border-bottom:1px solid #ddd;padding:.2rem .8rem;text-align:left}
img{max-width:100%}pre{background:#f6f6f6;padding:1rem;overflow-x:auto;font-size:.85rem}
</style>
<h1>$title</h1>
$figures
$pictures
<h2>Open it yourself</h2><pre>$snippet</pre>
<h2>Where it comes from</h2><pre>$provenance</pre>
</html>
"""
)


def write_report(
    url: str, pictures: Mapping[str, bytes] | None = None, tree: xr.DataTree | None = None
) -> str:
    """Draw a run's report and put it into the run, at the place of the result that it shows.

    Parameters
    ----------
    url : str
        A run with a result.
    pictures : mapping of str to bytes, optional
        Result of :func:`draw`, where they are drawn already.
    tree : xarray.DataTree, optional
        The run that they were drawn of, as :func:`~pylops_distributed.runs.reading.open_run` gave it.

    Returns
    -------
    str
        Place of the report: a single HTML file that needs nothing else.

    Raises
    ------
    FileNotFoundError
        If the run has no result.
    """
    storage = Run.open(url).storage
    tree = open_run(url) if tree is None else tree
    if "model" not in tree or "path" not in tree["model"].attrs:
        raise FileNotFoundError(f"{storage.place} has no result to report on: run pld postprocess first")
    drawn = draw(tree) if pictures is None else pictures
    page = PAGE.substitute(
        title=html.escape(f"Run {tree.name}"),
        figures=_table(summary(tree)),
        pictures="\n".join(f"<h2>{html.escape(name)}</h2>{_image(png)}" for name, png in drawn.items()),
        snippet=html.escape(
            f'import pylops_distributed\nrun = pylops_distributed.open_run("{_place(storage.url)}")'
        ),
        provenance=html.escape(json.dumps(tree.attrs, indent=1, sort_keys=True)),
    )
    key = put_report(storage, tree["model"].attrs["path"], page.encode())
    return f"{_place(storage.url)}/{key}"


def draw(tree: xr.DataTree) -> dict[str, bytes]:
    """PNG of each picture of a run's report, by title."""
    with DRAWING:
        figures = {"Model": plot_model(tree)}
        if "residual" in tree and tree["residual"].data_vars:  # which label() may leave out
            figures["Data"] = plot_residual(tree)
        figures |= {"Convergence": _convergence(tree), "Iterates": plot_iterates(tree)}
        return {name: _png(figure) for name, figure in figures.items()}


def summary(tree: xr.DataTree) -> Json:
    """The figures a person asks for first."""
    rows: dict[str, Any] = {}
    if "iterates" in tree:
        rows["iterations"] = int(tree["iterates"].to_dataset()["iteration"].values[-1])
    if "history" in tree and "cost" in tree["history"]:
        cost = relative_cost(tree["history"].to_dataset()["cost"].values)
        rows["cost, relative to the first"] = f"{cost[-1]:.3e}"
    names = {
        "misfit": "data misfit, relative L2",
        "error": "error against the truth, relative L2",
        "impedance_error": "error of the inverted impedance, relative L2",
        "background_error": "error of the background impedance, relative L2",
    }
    about = tree["model"].attrs if "model" in tree else {}
    outdated = about.get("out_of_date")
    of = f" (of iteration {about.get('iteration')})" if outdated else ""
    for name, value in about.get("metrics", {}).items():
        rows[names.get(name, name.replace("_", " ") + ", relative L2")] = f"{100 * value:.2f} %{of}"
    for number, warning in enumerate(about.get("warnings") or (), 1):
        rows["warning" if number == 1 else f"warning {number}"] = warning
    if outdated:
        rows["out of date"] = outdated
    return rows


def plot_model(tree: xr.DataTree) -> Figure:
    """Sections of the result's variables, each next to its truth where there is one."""
    shown = _shown_variables(tree)
    columns = len(shown) if len(shown) <= MOST else 3
    rows = -(-len(shown) // columns)
    figure = new_figure(4 * columns, 4 * rows)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    parts = {title: section(array).compute() for title, array in shown.items()}
    scales: dict[Any, list[tuple[float, float]]] = {}
    for part in parts.values():
        bounds = scales.setdefault(part.attrs.get("units"), [])
        bounds[:] = _together([*bounds, limits_of([part.values])])
    limits = {title: _scale(part, scales[part.attrs.get("units")]) for title, part in parts.items()}
    for ax, (title, part) in zip(axes.flat, parts.items(), strict=False):
        drawn = plot_section(part, ax, title, limits[title])
        if sum(map(len, scales.values())) > 1 and hasattr(drawn, "get_clim"):
            # Within the picture's own axes, each with the scale that it has.
            figure.colorbar(drawn, cax=ax.inset_axes((1.02, 0.0, 0.04, 1.0)), label=label_of([part]))
    for ax in axes.flat[len(shown) :]:
        ax.remove()
    if sum(map(len, scales.values())) <= 1 and hasattr(drawn, "get_clim"):
        shown_axes = list(axes.flat[: len(shown)])
        figure.colorbar(drawn, ax=shown_axes, shrink=0.8, label=label_of(list(parts.values())))
    return figure


def _shown_variables(tree: xr.DataTree) -> dict[str, xr.DataArray]:
    """Variables of the result by name, each followed by its truth; those of other names come last."""
    results, truth = tree["model"].data_vars, tree.attrs.get("problem", {}).get("truth")
    inputs = tree["inputs"].to_dataset() if "inputs" in tree else {}
    truths = [t for t in ([truth] if isinstance(truth, str) else truth or ()) if t in inputs]
    shown = {}
    for name in [*sorted(map(str, results)), *(t for t in truths if t not in results)]:
        if name in results:
            shown[name] = results[name]
        if name in truths:
            shown[TRUE + name] = inputs[name]
    return shown


def _together(ranges: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Ranges that overlap as one, so that none is cut by another's; those of a single value make none."""
    joined: list[tuple[float, float]] = []
    for low, high in sorted(one for one in ranges if one[0] < one[1]):
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(high, joined[-1][1])
        else:
            joined.append((low, high))
    return joined


def _scale(array: xr.DataArray, scales: list[tuple[float, float]]) -> tuple[float, float]:
    """The scale of this unit that holds an array; its own, added to them unless it is constant, if there is none."""
    low, high = limits_of([array.values])
    for scale in scales:
        if scale[0] <= low and high <= scale[1]:
            return scale
    if low < high:
        scales.append((low, high))
    return low, high


def quicklook(url: str) -> bytes | None:
    """PNG of the newest kept iterate and the convergence so far; None before the first checkpoint."""
    tree = open_run(url)
    if "iterates" not in tree:
        return None
    with DRAWING:
        figure = new_figure(9, 3.5)
        left, right = figure.subplots(1, 2)
        plot_convergence(tree, left)
        newest = tree["iterates"].to_dataset()["model"].isel(iteration=-1)
        plot_section(section(newest), right, f"model at iteration {int(newest.iteration)}")
        return _png(figure)


def _convergence(tree: xr.DataTree) -> Figure:
    figure = new_figure(6, 4)
    plot_convergence(tree, figure.add_subplot())
    return figure


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return buffer.getvalue()


def _image(png: bytes) -> str:
    return f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def _table(rows: Json) -> str:
    cells = (f"<tr><th>{html.escape(k)}</th><td>{html.escape(str(v))}</td></tr>" for k, v in rows.items())
    return f"<table>{''.join(cells)}</table>"


def _place(url: str) -> str:
    """A URL as people write it: local files as paths."""
    return open_storage(url).place
