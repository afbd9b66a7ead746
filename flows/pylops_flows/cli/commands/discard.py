"""``pld discard``: deletion of a dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from pylops_distributed.ingest import discard
from pylops_distributed.ingest.discarding import dataset_state
from pylops_distributed.storage.object_store import open_storage
from pylops_flows.cli.console import out
from pylops_flows.settings.paths import absolute

Dataset = Annotated[str, typer.Argument(metavar="DATASET.zarr", help="Folder or URL of the dataset.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]


def discard_command(dataset: Dataset, yes: Yes = False) -> None:
    """Delete a dataset, or an ingest that was not finished.

    Runs on that dataset can no longer be resumed.
    """
    url = absolute(dataset)
    place = open_storage(url).place
    if dataset_state(open_storage(url)) == "sealed" and not yes:
        typer.confirm(f"Delete the dataset {place}? Runs on it can no longer be resumed.", abort=True)
    discard(url, sealed=True)
    out.print(f"deleted: {place}", markup=False)
