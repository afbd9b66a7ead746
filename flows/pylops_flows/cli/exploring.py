"""Commands that show runs, or hand them to other programs; they need no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pylops_flows.cli.app import Root, RunPath, app, find_run, out, report_errors

Runs = Annotated[list[str], typer.Argument(metavar="RUN RUN ...", help="Two runs or more.")]


@app.command()
@report_errors
def view(
    path: RunPath,
    root: Root = "runs",
    port: Annotated[int, typer.Option("--port", help="Port on 127.0.0.1; any that is free.")] = 0,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")] = True,
) -> None:
    """Look through a run in a browser: iterates, sections, data and history, with sliders. Ctrl-C ends it."""
    from pylops_distributed.runs.viewer import serve

    serve(find_run(path, root), port, open_)


@app.command()
@report_errors
def compare(
    paths: Runs,
    root: Root = "runs",
    picture: Annotated[
        Path | None, typer.Option("--picture", help="PNG of the first two models and their difference.")
    ] = None,
    variable: Annotated[
        str | None, typer.Option("--variable", help="What of the models to draw, if there are several.")
    ] = None,
) -> None:
    """Tell what was set otherwise in several runs, and what came of it."""
    from pylops_distributed.runs.comparison import compare as beside
    from pylops_distributed.runs.plots import plot_difference

    found = beside(*(find_run(path, root) for path in paths))
    names = found["settings"].to_dataset()["run"].values
    table = Table("", *map(str, names), box=None)
    for node in ("settings", "metrics"):
        for name, values in found[node].to_dataset().data_vars.items():
            table.add_row(str(name), *(f"{v:.4g}" if node == "metrics" else str(v) for v in values.values))
    out.print(table)
    if picture is not None:
        models = {str(name): array for name, array in found["model"].to_dataset().data_vars.items()}
        chosen = variable or (next(iter(models)) if len(models) == 1 else None)
        if chosen not in models:
            raise ValueError(f"say what to draw with --variable, one of {sorted(models)}")
        model = models[chosen]
        plot_difference(model.isel(run=0, drop=True), model.isel(run=1, drop=True)).savefig(picture, dpi=120)
        out.print(f"picture: {picture}")


@app.command()
@report_errors
def export(
    path: RunPath,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="FILE.nc, or FILE.sgy.")],
    root: Root = "runs",
    variable: Annotated[
        str | None,
        typer.Option("--variable", help="What to write to SEG-Y: one of the model's or the data's."),
    ] = None,
    original: Annotated[
        Path | None,
        typer.Option("--original", help="Where the SEG-Y file of the data is now, if it was moved."),
    ] = None,
    iterates: Annotated[
        bool, typer.Option("--iterates", help="The kept iterates, too; NetCDF only.")
    ] = False,
) -> None:
    """Write a run's result as NetCDF, or as SEG-Y with the headers of the file that the data came from."""
    from pylops_distributed.runs.export import to_netcdf, to_segy
    from pylops_distributed.runs.reading import open_run

    kind = file.suffix.lower()
    if kind not in (".nc", ".sgy", ".segy"):
        raise ValueError(
            f"{file} has suffix {file.suffix!r}: expected .nc for NetCDF, .sgy or .segy for SEG-Y"
        )
    if kind == ".nc" and (variable or original):
        raise ValueError("--variable and --original are for SEG-Y: NetCDF takes all variables")
    if kind != ".nc" and iterates:
        raise ValueError("--iterates is for NetCDF: SEG-Y takes one variable")
    run = open_run(find_run(path, root))
    if kind == ".nc":
        to_netcdf(run, file, iterates=iterates)
    else:
        to_segy(run, file, variable, original=original)
    out.print(f"wrote: {file}", markup=False)
