"""What a command needs around its flows: a quiet Prefect, one server, and progress in the terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pylops_flows.server.fast_import import import_without_gc

T = TypeVar("T")


@contextmanager
def prefect_session(verbose: bool, console: Console, prepare: Callable[[], T]) -> Iterator[T]:
    """Settings for people at a terminal, the server, and a progress line while an inversion runs.

    Parameters
    ----------
    verbose : bool
        Show Prefect's own log, too.
    console : rich.console.Console
        Where to tell progress.
    prepare : callable
        What comes before the first flow; gives what the context gives. Done while an embedded server starts, or,
        without one, before Prefect is imported, so that a cluster it begins starts meanwhile.
    """
    # Prefect reads these when it is first imported.
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO" if verbose else "WARNING")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    found = [prepare()] if "PREFECT_API_URL" in os.environ else []
    import_without_gc("pylops_flows.server.embedded")
    from pylops_flows.server.embedded import ensure_server

    def meanwhile() -> None:
        import_without_gc("pylops_flows.pipeline")
        if not found:
            found.append(prepare())

    with ensure_server(meanwhile=meanwhile) as url, progress_line(console) as listener:
        from pylops_flows.runtime.monitor import listeners

        console.print(f"Prefect UI: {url.removesuffix('/api')}")
        listeners.append(listener)
        try:
            yield found[0]
        finally:
            listeners.remove(listener)


@contextmanager
def progress_line(console: Console) -> Iterator[Any]:
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
            from pylops_distributed.runs.plots import relative_cost

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
