"""Progress of a solve on the terminal or in a notebook: a bar, or plain lines where nothing is redrawn."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from pylops_distributed import tuning
from pylops_distributed.registry import import_on_use

if TYPE_CHECKING:
    from pylops_distributed.optimization.session import AnySession

    pass

PLAIN_SECONDS = 10.0  # between two plain lines


class ProgressBar:
    """Progress of one solve, redrawn between batches of steps. A context manager.

    Parameters
    ----------
    name : str
        Name of the solver.
    most : int
        Steps at most; 0 where that is not known.
    shown : bool, optional
        Whether to show it; by default on terminals and in notebooks, once the solve has taken some seconds.
    """

    def __init__(self, name: str, most: int, shown: bool | None = None) -> None:
        self._name, self._most, self._wanted = name, most, shown
        self._begun = self._drawn = time.monotonic()
        self._wait = 0.0 if shown else tuning.seconds("solving.progress-delay")
        self._off = shown is False
        self._bar: Any = None  # of rich
        self._task: Any = None
        self._plain = False

    def watch(self, session: AnySession) -> None:
        """Show how a solve stands, unless that was done a moment ago."""
        if self._off:
            return
        now = time.monotonic()
        if now - self._begun < self._wait:
            return
        if self._bar is None and not self._plain:
            self._open()
        pause = PLAIN_SECONDS if self._plain else tuning.seconds("execution.report-interval")
        if now - self._drawn >= pause:
            self._draw(session, now)

    def finish(self, session: AnySession) -> None:
        """Show how a solve ended, if its progress was shown."""
        if self._wanted and self._bar is None and not self._plain:
            self._open()
        if self._bar is not None or self._plain:
            self._draw(session, time.monotonic())

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _open(self) -> None:
        """Choose between a bar, plain lines and nothing; rich is imported no sooner than it is needed."""
        rich = import_on_use("rich.progress")
        console = import_on_use("rich.console").Console(stderr=True)
        if not (console.is_terminal or console.is_jupyter):
            self._plain, self._off = bool(self._wanted), not self._wanted
            return
        self._bar = rich.Progress(
            "{task.description}", rich.BarColumn(), rich.MofNCompleteColumn(), "{task.fields[cost]}",
            rich.TimeElapsedColumn(), rich.TimeRemainingColumn(),
            console=console, auto_refresh=False,
        )  # fmt: skip
        self._bar.start()
        self._task = self._bar.add_task(self._name, total=self._most or None, cost="")

    def _draw(self, session: AnySession, now: float) -> None:
        self._drawn = now
        cost = _cost(session)
        if self._bar is not None:
            done = session.reason is not None
            total = session.iteration if done else self._most or None
            self._bar.update(self._task, completed=session.iteration, total=total, cost=cost, refresh=True)
        elif self._plain:
            most = f" of at most {self._most}" if self._most else ""
            words = f"{self._name}: step {session.iteration}{most}, {cost}, {now - self._begun:.1f} s"
            end = f": {session.reason}" if session.reason else ""
            print(words + end, file=sys.stderr, flush=True)


def _cost(session: AnySession) -> str:
    costs = session.history.get("cost")
    return f"cost {float(costs[-1]):.4g}" if costs is not None and costs.size else ""
