"""``pld runs``: the list of runs."""

from __future__ import annotations

from typing import Annotated

import typer
from dask.utils import format_bytes

from pylops_flows.cli.console import out, print_json
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Json, Root
from pylops_flows.cli.runs_table import print_runs, runs_records

Prune = Annotated[bool, typer.Option("--prune", help="List what can be deleted; --yes deletes it.")]
Days = Annotated[float, typer.Option("--days", help="Age at which an unfinished run can be deleted.")]
Yes = Annotated[bool, typer.Option("--yes", help="Delete it.")]


def runs_command(
    root: Root = "runs", prune: Prune = False, days: Days = 30.0, yes: Yes = False, json: Json = False
) -> None:
    """List the runs in a folder, or free their disk space.

    Newest first. Only files are read: no server is needed.
    """
    if prune and json:
        raise ValueError("--json is for the list of runs: leave --prune out")
    if prune:
        _prune(root, days, yes)
    elif json:
        print_json(runs_records(root))
    else:
        print_runs(root)


def _prune(root: str, days: float, delete: bool) -> None:
    total = 0
    for removable in import_late("find_removable")(root, days):
        name = removable.run.name
        out.print(f"{name}/{removable.path}: {format_bytes(removable.size)}, {removable.words}", markup=False)
        total += removable.size
        if delete:
            removable.delete()
    out.print(f"{format_bytes(total)} {'deleted' if delete else 'can be deleted: add --yes'}")
