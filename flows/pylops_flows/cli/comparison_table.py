"""Runs side by side in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pylops_flows.cli.console import err, out
from pylops_flows.cli.tables import print_table, table_width

if TYPE_CHECKING:
    import xarray as xr


def print_comparison(tree: xr.DataTree) -> None:
    """Print settings that differ, and metrics, of runs: a column for each, or a line where the terminal is narrow."""
    names = [str(name) for name in tree["settings"].to_dataset()["run"].values]
    rows = list(_rows(tree))
    if (
        out.is_terminal
        and table_width([["", *names], *([name, *values] for name, values in rows)]) > out.width
    ):
        for name, values in rows:
            out.print(name, markup=False)
            for run, value in zip(names, values, strict=True):
                out.print(f"  {run}  {value}", markup=False)
    else:
        print_table(["", *names], [[name, *values] for name, values in rows])
    if note := tree.attrs.get("models"):
        err.print(f"models: {note}", markup=False)


def shorten(values: Sequence[str]) -> list[str]:
    """Return paths without the folders that all have at their beginning; other values as they are."""
    if not all("/" in value for value in values):
        return list(values)
    parts = [value.split("/") for value in values]
    same = 0
    while all(len(p) > same + 1 for p in parts) and len({p[same] for p in parts}) == 1:
        same += 1
    return ["…/" + "/".join(p[same:]) for p in parts] if same > 1 else list(values)


def _rows(tree: xr.DataTree) -> Iterator[tuple[str, list[str]]]:
    for name, array in tree["settings"].to_dataset().data_vars.items():
        yield str(name), shorten([str(value) for value in array.values])
    for name, array in tree["metrics"].to_dataset().data_vars.items():
        yield str(name), [f"{float(value):.4g}" for value in array.values]
