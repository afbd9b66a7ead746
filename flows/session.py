"""What a command needs around its flows: a quiet Prefect, one server, and progress in the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from flows.imports import quickly
from pylops_distributed.plots import relative_cost


@contextmanager
def prefect_session(verbose: bool, console: Console) -> Iterator[None]:
    """Settings for people at a terminal, the server, and a progress line while an inversion runs."""
    # Prefect reads these when it is first imported.
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO" if verbose else "WARNING")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    quickly("flows.server")
    from flows.server import ensure_server

    with ensure_server(meanwhile=partial(quickly, "flows.pipeline")) as url, _progress(console) as listener:
        from flows.monitor import listeners

        console.print(f"Prefect UI: {url.removesuffix('/api')}")
        listeners.append(listener)
        try:
            yield
        finally:
            listeners.remove(listener)


@contextmanager
def _progress(console: Console) -> Iterator[Any]:
    """A bar on a terminal, a line now and then elsewhere."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[words]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task: list[Any] = []
        told = -1

        def listener(progress: Any) -> None:
            nonlocal told
            relative = relative_cost(progress.cost)[-1]
            words = f"cost/first {relative:.2e}  {progress.seconds:.2f} s/it  {progress.left:.0f} s left"
            if console.is_terminal:
                if not task:
                    task.append(bar.add_task("solve", total=progress.niter, words=""))
                bar.update(task[0], completed=progress.iteration, words=words)
            elif int(10 * progress.fraction) != told:
                told = int(10 * progress.fraction)
                console.print(f"iteration {progress.iteration}/{progress.niter}  {words}", markup=False)

        yield listener
