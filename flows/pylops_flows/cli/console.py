"""Output of commands: consoles, and how errors become messages and exit codes."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from functools import wraps

import typer
from rich.console import Console

from pylops_distributed.errors import InterruptedBySignal, exit_code_of

# Paths are printed whole on one line, however narrow the terminal: scripts read them.
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def report_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors of a command into one message and the exit code of the error."""

    @wraps(command)
    def guarded(*args: object, **kwargs: object) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            command(*args, **kwargs)
        except (typer.Abort, typer.Exit):  # a question answered with no, or with nothing
            raise
        except (InterruptedBySignal, KeyboardInterrupt) as stop:
            message = stop or "finished work is saved; the same command resumes"
            err.print(f"interrupted: {message}", markup=False)
            raise typer.Exit(exit_code_of(stop)) from None
        except Exception as error:
            logging.getLogger(__name__).debug("traceback of the error:", exc_info=error)
            err.print(f"[red]error:[/red] {type(error).__name__}:", end=" ")
            err.print(str(error), markup=False)
            raise typer.Exit(exit_code_of(error)) from None

    return guarded


def print_check(name: str, passed: bool, message: str) -> None:
    """Print the result of one check."""
    out.print(f"[{'green' if passed else 'red'}]{'ok  ' if passed else 'FAIL'}[/] {name}: ", end="")
    out.print(message, markup=False)


def _interrupt(*_: object) -> None:
    raise InterruptedBySignal
