"""``pld rename``: another name for a run."""

from __future__ import annotations

from typing import Annotated

import typer

from pylops_distributed.runs.renaming import rename_run
from pylops_distributed.storage.run import Run
from pylops_flows.cli.console import out
from pylops_flows.cli.options import Root, RunPath
from pylops_flows.cli.run_names import find_run

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="New name; .zarr is added where the old name has it.")
]


def rename_command(path: RunPath, name: Name, root: Root = "runs") -> None:
    """Rename a run.

    `pld resume` continues it under its new name; `pld run` with the same settings makes a new run.
    """
    run = rename_run(Run.open(find_run(path, root)), name)
    out.print(f"run: {run.storage.place}", markup=False)
