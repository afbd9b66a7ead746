"""``pld status``: the runs that are running."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from pylops_distributed.runs.progress import StoredProgress, stored_progress
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run, Status
from pylops_flows.cli.console import out, print_json
from pylops_flows.cli.options import Json, Root
from pylops_flows.cli.run_record import run_record
from pylops_flows.cli.runs_table import Row, find_rows
from pylops_flows.cli.tables import format_table, print_line
from pylops_flows.runtime.formatting import duration

Watch = Annotated[bool, typer.Option("--watch", "-w", help="Keep showing it, until Ctrl-C.")]
INTERVAL = 2.0  # seconds between two looks
COLUMNS = ("run", "iteration", "relative residual", "s/it", "left", "process", "seen")
DROP = ("process", "s/it", "seen", "relative residual", "left")


def status_command(root: Root = "runs", watch: Watch = False, json: Json = False) -> None:
    """Show the runs that are running: iteration, residual and time left.

    Only files are read: no server is needed. The figures are those of the newest checkpoint.
    """
    if json:
        if watch:
            raise ValueError("--json prints one document: leave --watch out")
        print_json([run_record(run, status) | asdict(p) for run, status, p in _running(find_rows(root))])
    elif watch:
        _watch(root)
    else:
        print_line(_text(root))


def _watch(root: str) -> None:
    """Show the status again and again; in place on a terminal, when it changes elsewhere."""
    before = ""
    with Live(console=out, auto_refresh=False) as live:
        try:
            while True:
                text = _text(root)
                if out.is_terminal:
                    live.update(Text(text, no_wrap=True, overflow="ignore"), refresh=True)
                elif text != before:
                    print_line(text)
                before = text
                time.sleep(INTERVAL)
        except KeyboardInterrupt:
            return


def _running(rows: list[Row]) -> list[tuple[Run, Status, StoredProgress]]:
    return [
        (row.run, row.status, stored_progress(row.run.storage, row.status))
        for row in rows
        if row.run is not None and row.status is not None and row.status.state == "running"
    ]


def _text(root: str) -> str:
    rows = find_rows(root)
    cells = [_cells(*running) for running in _running(rows)]
    if cells:
        return "\n".join(format_table(COLUMNS, cells, DROP))
    newest = next((row for row in rows if row.status is not None), None)
    where = open_storage(root).place
    if newest is None or newest.status is None:
        return f"nothing is running in {where}, and there are no runs"
    ago = duration(newest.status.age)
    return f"nothing is running in {where}; the newest run is {newest.name}: {newest.status.state}, {ago} ago"


def _cells(run: Run, status: Status, progress: StoredProgress) -> tuple[str, ...]:
    owner = status.owner
    iteration = "-" if progress.iteration is None else str(progress.iteration)
    return (
        run.name,
        f"{iteration}/{progress.niter}" if progress.niter else iteration,
        "-" if progress.relative_residual is None else f"{progress.relative_residual:.2e}",
        "-" if progress.seconds is None else f"{progress.seconds:.2f}",
        "-" if progress.left is None else duration(progress.left),
        f"{owner.pid} on {owner.host}" if owner is not None else "-",
        f"{duration(status.age)} ago",
    )
