"""Progress of a solve in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pylops_distributed.inversion.inversion import Progress as SolveProgress
from pylops_distributed.runs.plots import relative_cost

if TYPE_CHECKING:
    from rich.console import Console

Listener = Callable[[SolveProgress], None]


@contextmanager
def progress_line(console: Console) -> Iterator[Listener]:
    """Yield a function that shows progress: a bar on a terminal, a line for every tenth elsewhere."""
    if not console.is_terminal:
        yield _line_printer(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[message]}"),
    )
    with Progress(*columns, console=console) as bar:
        yield _bar_updater(bar)


def _bar_updater(bar: Progress) -> Listener:
    task = bar.add_task("solve", total=None, message="", visible=False)

    def update(progress: SolveProgress) -> None:
        message = _message(progress)
        bar.update(task, total=progress.niter, completed=progress.iteration, message=message, visible=True)

    return update


def _line_printer(console: Console) -> Listener:
    printed = -1

    def update(progress: SolveProgress) -> None:
        nonlocal printed
        tenth = int(10 * progress.fraction)
        if tenth != printed:
            printed = tenth
            line = f"iteration {progress.iteration}/{progress.niter}  {_message(progress)}"
            console.print(line, markup=False)

    return update


def _message(progress: SolveProgress) -> str:
    return (
        f"relative residual {relative_cost(progress.cost)[-1]:.2e}  {progress.seconds:.2f} s/it  "
        f"{progress.left:.0f} s left"
    )
