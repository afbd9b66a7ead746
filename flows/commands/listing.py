"""Tables of runs."""

from __future__ import annotations

from dask.utils import format_bytes
from rich.table import Table

from flows.showing import duration
from pylops_distributed.store.run import Run, list_runs


def runs_table(root: str) -> Table:
    """The runs below a folder: how far they are, how good, how large and how old."""
    table = Table("run", "state", "progress", "cost", "misfit", "size", "age", box=None)
    for found in list_runs(root):
        s = found.status()
        cost, misfit = s.metrics.get("cost"), s.figures.get("misfit")
        table.add_row(
            s.url.rsplit("/", 1)[-1], s.state, progress(found, s.iteration), "-" if cost is None else f"{cost:.3e}",
            "-" if misfit is None else f"{100 * misfit:.2f} %", format_bytes(s.size), duration(s.age),
        )  # fmt: skip
    return table


def progress(run: Run, iteration: int | None) -> str:
    """Iterations done, of those that were asked for when the run was begun."""
    niter = run.attrs["params"].get("solver", {}).get("niter")
    if iteration is None:
        return "-"
    return str(iteration) if niter is None else f"{iteration}/{max(niter, iteration)}"
