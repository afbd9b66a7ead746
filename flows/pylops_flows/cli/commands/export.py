"""``pld export``: a result in other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pylops_distributed.runs.export import to_netcdf, to_segy
from pylops_distributed.runs.reading import open_run
from pylops_flows.cli.console import out
from pylops_flows.cli.options import Root, RunPath
from pylops_flows.cli.run_names import find_run

File = Annotated[Path, typer.Argument(metavar="FILE", help="FILE.nc, FILE.sgy or FILE.su.")]
Variable = Annotated[
    str | None, typer.Option("--variable", help="Variable of model or data to write to SEG-Y.")
]
Original = Annotated[Path | None, typer.Option("--original", help="SEG-Y file of the data, if it was moved.")]
KeepFormat = Annotated[
    bool, typer.Option("--keep-format", help="Write integers where the SEG-Y file has them, not IEEE floats.")
]
Iterates = Annotated[bool, typer.Option("--iterates", help="Include the kept iterates; NetCDF only.")]


def export_command(
    path: RunPath,
    file: File,
    root: Root = "runs",
    variable: Variable = None,
    original: Original = None,
    keep_format: KeepFormat = False,
    iterates: Iterates = False,
) -> None:
    """Write a run's result as NetCDF, SEG-Y or Seismic Unix.

    The last two have the trace headers of the file that the data were read from, and its order of traces.
    """
    netcdf = _is_netcdf(file)
    if netcdf and (variable or original or keep_format):
        raise ValueError(
            "--variable, --original and --keep-format are for SEG-Y: NetCDF includes all variables, as they are"
        )
    if iterates and not netcdf:
        raise ValueError("--iterates is for NetCDF: SEG-Y holds one variable")
    run = open_run(find_run(path, root))
    if netcdf:
        to_netcdf(run, file, iterates=iterates)
    else:
        to_segy(run, file, variable, original=original, keep_format=keep_format)
    out.print(f"wrote: {file}", markup=False)


def _is_netcdf(file: Path) -> bool:
    suffix = file.suffix.lower()
    if suffix not in (".nc", ".sgy", ".segy", ".su"):
        raise ValueError(
            f"{file} has suffix {file.suffix!r}: expected .nc for NetCDF, .sgy or .segy for SEG-Y, .su for Seismic Unix"
        )
    return suffix == ".nc"
