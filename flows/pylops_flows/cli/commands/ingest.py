"""``pld ingest``: a raw file to a dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from pylops_distributed import tuning
from pylops_distributed.ingest import Source, ingest
from pylops_distributed.storage.object_store import open_storage
from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Target, Verbose, parse_settings
from pylops_flows.cli.startup import Startup
from pylops_flows.server.configured import server_is_configured
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
    typer.Option(
        "--replace", help="Replace another dataset, or unfinished ingest, once the new one is complete."
    ),
]
AsFlow = Annotated[
    bool,
    typer.Option("--flow", help="Run as a Prefect flow, also where the data are small and no server is set."),
]


def ingest_command(
    source: SourcePath,
    target: Target,
    format_: Format = None,
    option: Options = None,
    along: Along = None,
    replace: Replace = False,
    flow: AsFlow = False,
    verbose: Verbose = False,
) -> None:
    """Copy a raw file into a labelled, chunked Zarr dataset.

    Every chunk has a checksum. Small data are copied by this process, unless a Prefect server is configured.
    """
    request = Source(
        path=absolute(source),
        format=format_,
        options=parse_settings(option),
        along=parse_settings([along]) if along else None,
    )
    # An unreadable file is rejected before anything is started.
    nbytes = request.open(checksum=False).nbytes
    small = nbytes <= tuning.nbytes("pipelines.driver-ingest")
    if small and not flow and not server_is_configured():
        url = ingest(request, absolute(target), replace=replace).url
    else:
        with Startup(verbose) as startup:
            startup.join()
            url = import_late("ingest")(request, absolute(target), replace)
    out.print(f"dataset: {open_storage(url).place}")
