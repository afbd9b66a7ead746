"""What all commands share: the application, the words of its options, and how errors are told."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pylops_flows.runtime.interrupts import InterruptedBySignal
from pylops_flows.settings.bounded import DEPTH, read_yaml

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Large linear inverse problems as pipelines that can be stopped, killed and resumed. Start with: pld demo",
    epilog="Exit codes: 0 done, 1 failed, 2 bad input, 3 the run is being worked on by another process, "
    "4 interrupted (pld resume RUN goes on).",
)
# Paths are printed whole on one line, however narrow the terminal: scripts read them.
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

Root = Annotated[str, typer.Option("--root", metavar="DIR", help="Folder or s3:// URL where runs live.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show Prefect's own log, too.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, e.g. solver.niter=100."),
]
RunPath = Annotated[
    str, typer.Argument(metavar="RUN", help="Folder or URL of a run, as `pld runs` lists it.")
]

# Errors of the operating system that are about what was given; of others, such as a full disk, 1 is told.
PATHS = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError)


def report_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors into one clear message and an exit code."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            command(*args, **kwargs)
        except typer.Exit:
            raise
        except (InterruptedBySignal, KeyboardInterrupt) as stop:
            err.print(
                f"interrupted: {stop or 'what is done is saved; the same command goes on'}", markup=False
            )
            raise typer.Exit(4) from None
        except Exception as error:
            logging.getLogger(__name__).debug("the whole story:", exc_info=error)
            err.print(f"[red]error:[/red] {type(error).__name__}:", end=" ")
            err.print(str(error), markup=False)
            raise typer.Exit(_code(error)) from None

    return guarded


def _interrupt(*_: Any) -> None:
    raise InterruptedBySignal


def _code(error: Exception) -> int:
    """The exit code that tells an error."""
    from pylops_distributed.storage.lease import RunBusyError, SupersededError

    if isinstance(error, (RunBusyError, SupersededError)):
        return 3
    return 2 if isinstance(error, (ValueError, TypeError, *PATHS)) else 1


def prefect(verbose: bool, prepare: Callable[[], Any] = lambda: None) -> Any:
    """See :func:`pylops_flows.cli.session.prefect_session`."""
    from pylops_flows.cli.session import prefect_session

    return prefect_session(verbose, out, prepare)


def parse_settings(settings: list[str] | None) -> dict[str, Any]:
    """Nested values from ``a.b=value`` words; values are read as YAML."""
    changes: dict[str, Any] = {}
    for setting in settings or []:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"{setting!r} is no setting: write KEY=VALUE, such as solver.niter=100")
        *path, last = key.split(".")
        if len(path) >= DEPTH:
            raise ValueError(f"{key[:40]!r}... names a setting more than {DEPTH} deep")
        place = changes
        for part in path:
            place = place.setdefault(part, {})
        place[last] = read_yaml(value)
    return changes


def find_run(path: str, root: str) -> str:
    """A run by its place, or by its name below the root."""
    from pylops_flows.settings.pipeline import absolute

    below = Path(root) / path
    return (
        absolute(str(below))
        if "://" not in path and not Path(path).exists() and below.exists()
        else absolute(path)
    )


def as_path(url: str) -> str:
    """A URL as people write it: a local one as a path, with nothing quoted."""
    from pylops_distributed.storage.object_store import open_storage

    return open_storage(url).place
