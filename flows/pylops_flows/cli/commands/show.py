"""``pld show``: one run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dask.utils import format_bytes

from pylops_distributed.runs.reading import open_run
from pylops_distributed.runs.report import summary
from pylops_distributed.storage.run import Run
from pylops_distributed.vectors.types import Settings
from pylops_flows.cli.console import out, print_json
from pylops_flows.cli.options import Json, Root, RunPath
from pylops_flows.cli.run_names import find_run
from pylops_flows.cli.run_record import run_record
from pylops_flows.cli.tables import print_pairs

if TYPE_CHECKING:
    import xarray as xr

CHECKPOINTS = "/checkpoints"


def show_command(path: RunPath, root: Root = "runs", json: Json = False) -> None:
    """Show the state, quality and contents of a run.

    Only files are read: no server is needed.
    """
    run = Run.open(find_run(path, root))
    status, tree = run.status(), open_run(run.storage.url)
    report = None if run.report is None else f"{run.storage.place}/{run.report}"
    if json:
        about = {
            "settings": tree.attrs.get("params"),
            "provenance": tree.attrs,
            "contents": list(_contents(tree)),
        }
        print_json({**run_record(run, status), "report": report, **about})
        return
    rows = {
        "state": status.state,
        "reason": status.reason or "-",
        **({"result": status.advice} if status.advice else {}),
        "attempts": status.attempts,
        **summary(tree),
    }
    print_pairs(rows.items())
    print_pairs((entry["variable"], _described(entry)) for entry in _contents(tree))
    if report is not None:
        out.print(f"report: {report}", markup=False)
    out.print(f"run: {run.storage.place}", markup=False)


def _contents(tree: xr.DataTree) -> Iterator[Settings]:
    """Variables of a run, but for the solver's states."""
    for node in tree.subtree:
        if node.path.startswith(CHECKPOINTS):
            continue
        for name, array in node.data_vars.items():
            yield {
                "variable": f"{node.path.strip('/')}/{name}".strip("/"),
                "sizes": {str(dim): size for dim, size in array.sizes.items()},
                "type": str(array.dtype),
                "bytes": int(array.nbytes),
                "units": array.attrs.get("units"),
            }


def _described(entry: Settings) -> str:
    shape = ", ".join(f"{dim} {size}" for dim, size in entry["sizes"].items())
    units = f" {entry['units']}" if entry["units"] else ""
    return f"{entry['type']} ({shape}){units} {format_bytes(entry['bytes'])}"
