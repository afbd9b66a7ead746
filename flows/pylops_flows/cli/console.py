"""Output of commands: consoles, and how errors become messages and exit codes."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import wraps

import typer
from rich.console import Console

from pylops_distributed.errors import INPUT_ERRORS, InterruptedBySignal, PylopsDistributedError, exit_code_of

# Paths are printed whole on one line, however narrow the terminal: scripts read them.
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

# Errors whose words are for the user; those of any other kind are faults.
FORESEEN = (
    PylopsDistributedError,
    *INPUT_ERRORS,
    OSError,
    RuntimeError,
    ImportError,
    MemoryError,
    ArithmeticError,
)
TRACEBACK = "PLD_TRACEBACK"  # environment variable that has tracebacks printed


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
            if os.environ.get(TRACEBACK):
                traceback.print_exception(error)
            err.print("[red]error:[/red]", end=" ")
            err.print(describe_error(error), markup=False)
            raise typer.Exit(exit_code_of(error)) from None

    return guarded


def describe_error(error: BaseException) -> str:
    """Return the words of an error; of one that nobody foresaw, its kind and the way to its traceback, too."""
    if isinstance(error, OSError) and error.strerror and error.errno is not None:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    if isinstance(error, FORESEEN) and str(error):
        return str(error)
    return f"{error} ({type(error).__name__}, not foreseen: {TRACEBACK}=1 shows where)"


def print_json(value: object) -> None:
    """Print one JSON document; numbers that JSON has not, such as NaN, become null."""
    sys.stdout.write(json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _plain(value: object) -> object:
    """Return a value of JSON's types."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy's
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def print_check(name: str, passed: bool, message: str) -> None:
    """Print the result of one check."""
    out.print(f"[{'green' if passed else 'red'}]{'ok  ' if passed else 'FAIL'}[/] {name}: ", end="")
    out.print(message, markup=False)


def print_checks(checks: Iterable[tuple[str, bool, str]], as_json: bool) -> bool:
    """Print the names, results and messages of checks, each as it comes or all as JSON; return whether all passed."""
    records: list[dict[str, object]] = []
    for name, passed, message in checks:
        records.append({"name": name, "passed": passed, "message": message})
        if not as_json:
            print_check(name, passed, message)
    if as_json:
        print_json(records)
    return all(record["passed"] for record in records)


def _interrupt(*_: object) -> None:
    raise InterruptedBySignal
