"""``pld ingest``: a raw file to a dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from pylops_distributed.ingest import Source
from pylops_distributed.storage.object_store import open_storage
from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Target, Verbose, parse_settings
from pylops_flows.cli.startup import Startup
from pylops_flows.settings.paths import absolute

SourcePath = Annotated[
    str, typer.Argument(metavar="SOURCE", help="SEG-Y, NetCDF/HDF5, MATLAB, NumPy or Zarr.")
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format", metavar="NAME", help="Format of the file, if neither its name nor its content shows it."
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", "-o", metavar="KEY=VALUE", help="Option of the format's reader."),
]
Along = Annotated[
    str | None,
    typer.Option(
        "--along",
        metavar="AXIS=VALUES",
        help="Join the files that SOURCE, a pattern, matches: 'angle=[5, 15, 25]'.",
    ),
]
Replace = Annotated[
    bool,
    typer.Option("--replace", help="Delete another dataset, or unfinished ingest, that is in its place."),
]


def ingest_command(
    source: SourcePath,
    target: Target,
    format_: Format = None,
    option: Options = None,
    along: Along = None,
    replace: Replace = False,
    verbose: Verbose = False,
) -> None:
    """Copy a raw file into a labelled, chunked Zarr dataset.

    Every chunk has a checksum.
    """
    request = Source(
        path=absolute(source),
        format=format_,
        options=parse_settings(option),
        along=parse_settings([along]) if along else None,
    )
    request.open(checksum=False)  # an unreadable file is rejected before anything is started
    with Startup(verbose) as startup:
        startup.join()
        url = import_late("ingest")(request, absolute(target), replace)
    out.print(f"dataset: {open_storage(url).place}")
