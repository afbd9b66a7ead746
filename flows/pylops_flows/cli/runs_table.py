"""Tables of runs."""

from __future__ import annotations

from dask.utils import format_bytes
from rich.console import Group
from rich.table import Table
from rich.text import Text

from pylops_distributed.storage.run import Run, Status, find_runs
from pylops_flows.runtime.formatting import duration


def runs_table(root: str) -> Group:
    """Return a table of the runs in a folder, and below it advice about them."""
    table = Table("run", "state", "progress", "cost", "misfit", "size", "age", box=None)
    notes = []
    for name, run in find_runs(root):
        try:
            if not isinstance(run, Run):
                raise run
            status = run.status()
            table.add_row(name, *_cells(run, status))
            notes += [f"{name}: {status.advice}"] if status.advice else []
        except Exception as error:  # one bad run must not hide the others
            table.add_row(name, "unreadable", *["-"] * 5)
            notes.append(f"{name}: {type(error).__name__}: {error}")
    return Group(table, *(Text(note, overflow="fold") for note in notes))


def _cells(run: Run, status: Status) -> tuple[str, ...]:
    cost, misfit = status.metrics.get("cost"), status.figures.get("misfit")
    outdated = status.state != "solved" and status.advice is not None
    of = f" (of {status.result_iteration})" if outdated else ""
    return (
        status.state, _progress(run, status), "-" if cost is None else f"{cost:.3e}",
        "-" if misfit is None else f"{100 * misfit:.2f} %{of}", format_bytes(status.size), duration(status.age),
    )  # fmt: skip


def _progress(run: Run, status: Status) -> str:
    """Return the iterations done, of those that were requested last."""
    solver = (run.attrs.get("params") or {}).get("solver") or {}
    niter, iteration = status.niter or solver.get("niter"), status.iteration
    if iteration is None:
        return "-"
    return str(iteration) if not niter else f"{iteration}/{max(niter, iteration)}"
