"""``pld show``: one run."""

from __future__ import annotations

from rich.table import Table

from pylops_distributed.runs.reading import open_run
from pylops_distributed.runs.report import summary
from pylops_distributed.storage.run import Run
from pylops_flows.cli.console import out
from pylops_flows.cli.options import Root, RunPath, find_run


def show_command(path: RunPath, root: Root = "runs") -> None:
    """Show the state, quality and contents of a run.

    Only files are read: no server is needed.
    """
    run = Run.open(find_run(path, root))
    status, tree = run.status(), open_run(run.storage.url)
    rows = {
        "state": status.state,
        "reason": status.reason or "-",
        **({"result": status.advice} if status.advice else {}),
        "attempts": status.attempts,
        **summary(tree),
    }
    table = Table(box=None, show_header=False)
    for key, value in rows.items():
        table.add_row(key, str(value))
    out.print(table)
    out.print(str(tree if tree.children else tree.to_dataset()), markup=False)
    if (report := run.report) is not None:
        out.print(f"report: {run.storage.place}/{report}")
    out.print(f"run: {run.storage.place}")
