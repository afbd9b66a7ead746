"""``pld new problem``: a module to start your own problem from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pylops_flows.cli.console import out
from pylops_flows.cli.new_problem import write_problem

Kind = Annotated[str, typer.Argument(metavar="problem", help="What to write: problem.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the new Python module.")]


def new_command(kind: Kind, name: Name) -> None:
    """Write a module with a working problem, to start your own from."""
    if kind != "problem":
        raise ValueError(f"cannot write a new {kind!r}: expected `pld new problem {name}`")
    path, problem = write_problem(name, Path.cwd())
    out.print(f"wrote {path}; next: pld check {path.name}, pld demo {problem}")
