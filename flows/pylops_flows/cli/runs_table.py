"""The list of runs."""

from __future__ import annotations

from dataclasses import dataclass

from dask.utils import format_bytes

from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run, Status
from pylops_flows.cli.console import describe_error, err, out
from pylops_flows.cli.run_names import ordered_runs
from pylops_flows.cli.run_record import run_record
from pylops_flows.cli.tables import print_table
from pylops_flows.runtime.formatting import duration

COLUMNS = ("", "run", "state", "progress", "cost", "misfit", "size", "age")
# Left out first where the terminal is narrow; name and number are never.
DROP = ("cost", "size", "age", "misfit", "progress", "state")


@dataclass(frozen=True)
class Row:
    """One run of the list.

    Attributes
    ----------
    name : str
        Its name.
    run : Run or None
        The run; None if it cannot be opened.
    status : Status or None
        How it stands; None if it cannot be read.
    note : str or None
        Advice, or why it cannot be read.
    """

    name: str
    run: Run | None
    status: Status | None
    note: str | None


def find_rows(root: str) -> list[Row]:
    """Return the runs in a folder, newest first."""
    return [_row(name, run) for name, run in ordered_runs(root)]


def print_runs(root: str) -> None:
    """Print a table of the runs in a folder, and below it advice about them."""
    rows = find_rows(root)
    if not rows:
        err.print(f"no runs in {open_storage(root).place}: give another folder with --root", markup=False)
    else:
        print_table(COLUMNS, [[str(n), row.name, *_cells(row)] for n, row in enumerate(rows, 1)], DROP)
    for row in rows:
        if row.note:
            (out if out.is_terminal else err).print(f"{row.name}: {row.note}", markup=False)


def runs_records(root: str) -> list[dict[str, object]]:
    """Return the runs in a folder as JSON values, newest first."""
    return [
        {"number": n, "name": row.name, "note": row.note}
        | (run_record(row.run, row.status) if row.run and row.status else {"state": "unreadable"})
        for n, row in enumerate(find_rows(root), 1)
    ]


def _row(name: str, run: Run | Exception) -> Row:
    try:
        if not isinstance(run, Run):
            raise run
        status = run.status()
    except Exception as error:  # one bad run must not hide the others
        return Row(name, None, None, describe_error(error))
    return Row(name, run, status, status.advice)


def _cells(row: Row) -> tuple[str, ...]:
    if row.run is None or row.status is None:
        return ("unreadable", *["-"] * 5)
    status = row.status
    cost, misfit = status.metrics.get("cost"), status.figures.get("misfit")
    outdated = status.state != "solved" and status.advice is not None
    of = f" (of {status.result_iteration})" if outdated else ""
    return (
        status.state, _progress(row.run, status), "-" if cost is None else f"{cost:.3e}",
        "-" if misfit is None else f"{100 * misfit:.2f} %{of}", format_bytes(status.size), duration(status.age),
    )  # fmt: skip


def _progress(run: Run, status: Status) -> str:
    """Return the iterations done, of those that were requested last."""
    niter = run_record(run, status)["niter"]
    if status.iteration is None:
        return "-"
    return f"{status.iteration}/{niter}" if niter else str(status.iteration)
