"""``pld compare``: several runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import xarray as xr
from rich.table import Table

from pylops_distributed.runs.comparison import compare as compare_runs
from pylops_distributed.runs.plots import plot_difference
from pylops_flows.cli.console import out
from pylops_flows.cli.options import Root, find_run

Runs = Annotated[list[str], typer.Argument(metavar="RUN RUN ...", help="Two runs or more.")]
Picture = Annotated[
    Path | None, typer.Option("--picture", help="PNG of the first two models and their difference.")
]
Variable = Annotated[str | None, typer.Option("--variable", help="Variable of the models to draw.")]


def compare_command(
    paths: Runs, root: Root = "runs", picture: Picture = None, variable: Variable = None
) -> None:
    """Compare the settings and metrics of runs.

    Settings are shown where they differ.
    """
    tree = compare_runs(*(find_run(path, root) for path in paths))
    out.print(_table(tree))
    if picture is not None:
        model = _model(tree, variable)
        plot_difference(model.isel(run=0, drop=True), model.isel(run=1, drop=True)).savefig(picture, dpi=120)
        out.print(f"picture: {picture}")


def _table(tree: xr.DataTree) -> Table:
    table = Table("", *map(str, tree["settings"].to_dataset()["run"].values), box=None)
    for node, form in (("settings", "{}"), ("metrics", "{:.4g}")):
        for name, values in tree[node].to_dataset().data_vars.items():
            table.add_row(str(name), *map(form.format, values.values))
    return table


def _model(tree: xr.DataTree, variable: str | None) -> xr.DataArray:
    models = {str(name): array for name, array in tree["model"].to_dataset().data_vars.items()}
    if variable is None and len(models) == 1:
        return next(iter(models.values()))
    if variable not in models:
        problem = "no --variable was chosen" if variable is None else f"--variable is {variable!r}"
        raise ValueError(f"{problem}: give --variable, one of {sorted(models)}")
    return models[variable]
