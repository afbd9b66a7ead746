"""``pld rm``: deletion of runs."""

from __future__ import annotations

from typing import Annotated

import typer
from dask.utils import format_bytes

from pylops_distributed.errors import CorruptionError
from pylops_distributed.runs.pruning import delete_run
from pylops_distributed.runs.renaming import links_to
from pylops_distributed.storage.lease import ensure_free
from pylops_distributed.storage.object_store import Storage, open_storage
from pylops_distributed.storage.run import Run
from pylops_flows.cli.console import out
from pylops_flows.cli.options import Root, RunPaths
from pylops_flows.cli.run_names import find_run

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]


def rm_command(paths: RunPaths, root: Root = "runs", yes: Yes = False) -> None:
    """Delete runs.

    Runs that a process is working on are rejected. Datasets stay: see `pld discard`.
    """
    runs = {url: _attempts(url) for url in dict.fromkeys(find_run(path, root) for path in paths)}
    if not yes:
        for url in runs:
            storage = open_storage(url)
            size = format_bytes(sum(nbytes for _, nbytes in storage.sizes()))
            out.print(f"{storage.place}  {size}", markup=False)
        typer.confirm(f"Delete {'this run' if len(runs) == 1 else f'these {len(runs)} runs'}?", abort=True)
    for url, attempts in runs.items():
        storage = open_storage(url).pinned()
        links = list(links_to(storage))
        delete_run(storage, attempts)
        for link in links:
            link.unlink()
        out.print(f"deleted: {storage.place}", markup=False)


def _attempts(url: str) -> int:
    """Return the number of the newest attempt at a run that nobody works on.

    Raises
    ------
    RunBusyError
        If a process is working on it.
    FileNotFoundError, ValueError
        If it is no run.
    """
    storage: Storage = open_storage(url).pinned()
    last = ensure_free(storage, deletes=True)
    broken_off = last is not None and last.deletes
    try:
        Run.open(url)
    except (FileNotFoundError, CorruptionError):
        if last is None or not (broken_off or storage.exists("zarr.json")):
            raise
    return last.number if last is not None else 0
