"""Other libraries' scripts, run by an interpreter of theirs: what the benchmarks share.

The original PyLops-distributed (0.2, of 2020) runs on Python 3.10 with dask and distributed 2026.8.0 (without the
array extra), numpy 1.22.4, scipy 1.7.3, pylops 1.18.3, numba 0.58.1 and setuptools below 70.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def add_original(parser: argparse.ArgumentParser) -> None:
    """The option that says where the original is."""
    parser.add_argument(
        "--original", nargs=2, metavar=("PYTHON", "CHECKOUT"), help="the original: see peers/processes.py"
    )


def environment(checkout: str | None = None) -> dict[str, str]:
    """One BLAS thread a task, as this library has it, and a checkout to import from."""
    more = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return os.environ | more | ({"PYTHONPATH": checkout} if checkout else {})


def number(command: list[str], checkout: str | None = None) -> float:
    """The number that a script prints last."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment(checkout))
    return float(done.stdout.split()[-1])


def on_ranks(count: int, command: list[str]) -> list[str]:
    """The command that runs another on so many ranks, of the MPI that its interpreter, the first word, comes with."""
    own = Path(command[0]).with_name("mpiexec")
    launcher = str(own) if own.exists() else "mpiexec"
    version = subprocess.run([launcher, "--version"], capture_output=True, text=True, check=True).stdout
    # Open MPI needs options to run as root, and to run more ranks than processors; MPICH has neither of them.
    more = ["--allow-run-as-root", "--oversubscribe"] if "Open MPI" in version or "OpenRTE" in version else []
    return [launcher, *more, "-n", str(count), *command]


def original(where: tuple[str, str], script: str, *arguments: str) -> tuple[list[str], str]:
    """The command that runs a script of this folder with the original, and its checkout."""
    python, checkout = where
    return [python, "-W", "ignore", str(HERE / script), *arguments], checkout


class Conversation:
    """A script that stays: for each word it is sent it answers with a line of JSON."""

    def __init__(self, command: list[str], checkout: str | None = None) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(checkout)
        )

    def ask(self, word: str) -> Any:
        """The answer to a word."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} ended with {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """End the script."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
