"""Commands that show runs, or hand them to other programs; they need no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from flows.commands.console import Root, RunPath, app, guard, located, out

Runs = Annotated[list[str], typer.Argument(metavar="RUN RUN ...", help="Two runs or more.")]


@app.command()
@guard
def view(
    path: RunPath,
    root: Root = "runs",
    port: Annotated[int, typer.Option("--port", help="Port on 127.0.0.1; any that is free.")] = 0,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")] = True,
) -> None:
    """Look through a run in a browser: iterates, sections, data and history, with sliders. Ctrl-C ends it."""
    from pylops_distributed.results import open_run
    from pylops_distributed.viewer import serve

    serve(open_run(located(path, root)), port, open_)


@app.command()
@guard
def compare(
    paths: Runs,
    root: Root = "runs",
    picture: Annotated[
        Path | None, typer.Option("--picture", help="PNG of the first two models and their difference.")
    ] = None,
) -> None:
    """Tell what was set otherwise in several runs, and what came of it."""
    from pylops_distributed.comparison import compare as beside
    from pylops_distributed.plots import plot_difference

    found = beside(*(located(path, root) for path in paths))
    table = Table("", *map(str, found["settings"]["run"].values), box=None)
    for node in ("settings", "metrics"):
        for name, values in found[node].to_dataset().data_vars.items() if node in found else ():
            table.add_row(str(name), *(f"{v:.4g}" if node == "metrics" else str(v) for v in values.values))
    out.print(table)
    if picture is not None:
        model = next(iter(found["model"].to_dataset().data_vars.values()))
        plot_difference(model.isel(run=0, drop=True), model.isel(run=1, drop=True)).savefig(picture, dpi=120)
        out.print(f"picture: {picture}")


@app.command()
@guard
def export(
    path: RunPath,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="FILE.nc, or FILE.sgy.")],
    root: Root = "runs",
    variable: Annotated[
        str | None,
        typer.Option("--variable", help="What to write to SEG-Y: one of the model's or the data's."),
    ] = None,
    iterates: Annotated[
        bool, typer.Option("--iterates", help="The kept iterates, too; NetCDF only.")
    ] = False,
) -> None:
    """Write a run's result as NetCDF, or as SEG-Y with the headers of the file that the data came from."""
    from pylops_distributed.export import to_netcdf, to_segy
    from pylops_distributed.results import open_run

    run = open_run(located(path, root))
    if file.suffix == ".nc":
        to_netcdf(run, file, iterates=iterates)
    elif file.suffix in (".sgy", ".segy"):
        to_segy(run, file, variable)
    else:
        raise ValueError(
            f"{file} has suffix {file.suffix!r}: expected .nc for NetCDF, .sgy or .segy for SEG-Y"
        )
    out.print(f"wrote: {file}", markup=False)
