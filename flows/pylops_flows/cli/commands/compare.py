"""``pld compare``: several runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import xarray as xr

from pylops_distributed.runs.comparison import compare as compare_runs
from pylops_distributed.runs.plots import plot_difference
from pylops_flows.cli.comparison_table import print_comparison
from pylops_flows.cli.console import out, print_json
from pylops_flows.cli.options import RUN_HELP, Json, Root, complete_runs
from pylops_flows.cli.run_names import find_run

Runs = Annotated[
    list[str], typer.Argument(metavar="RUN RUN ...", help=RUN_HELP, autocompletion=complete_runs)
]
Picture = Annotated[
    Path | None, typer.Option("--picture", help="PNG of the first two models and their difference.")
]
Variable = Annotated[str | None, typer.Option("--variable", help="Variable of the models to draw.")]


def compare_command(
    paths: Runs, root: Root = "runs", picture: Picture = None, variable: Variable = None, json: Json = False
) -> None:
    """Compare the settings and metrics of runs.

    Settings are shown where they differ.
    """
    tree = compare_runs(*(find_run(path, root) for path in paths))
    if picture is not None:
        model = _model(tree, variable)
        plot_difference(model.isel(run=0, drop=True), model.isel(run=1, drop=True)).savefig(picture, dpi=120)
    if json:
        print_json(_record(tree))
        return
    print_comparison(tree)
    if picture is not None:
        out.print(f"picture: {picture}", markup=False)


def _record(tree: xr.DataTree) -> dict[str, object]:
    tables = {node: tree[node].to_dataset() for node in ("settings", "metrics")}
    names = tables["settings"]["run"].values
    values = {
        node: {name: array.values for name, array in ds.data_vars.items()} for node, ds in tables.items()
    }
    return {"runs": names, **values, "models": tree.attrs.get("models")}


def _model(tree: xr.DataTree, variable: str | None) -> xr.DataArray:
    if "model" not in tree:
        raise ValueError(f"there is no picture of models {tree.attrs.get('models', 'that do not exist yet')}")
    models = {str(name): array for name, array in tree["model"].to_dataset().data_vars.items()}
    if variable is None and len(models) == 1:
        return next(iter(models.values()))
    if variable not in models:
        problem = "no --variable was chosen" if variable is None else f"--variable is {variable!r}"
        raise ValueError(f"{problem}: give --variable, one of {sorted(models)}")
    return models[variable]
