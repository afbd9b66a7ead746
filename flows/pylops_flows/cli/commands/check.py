"""``pld check``: a problem, before a long run."""

from __future__ import annotations

from typing import Annotated

import typer

from pylops_distributed.errors import ExitCode
from pylops_flows.cli.console import print_checks
from pylops_flows.cli.new_problem import check_problem
from pylops_flows.cli.options import Json, Root, Set, parse_settings

Checked = Annotated[
    str, typer.Argument(metavar="TARGET", help="problem.py, module:Class, or CONFIG.yaml with data.")
]


def check_command(target: Checked, set_: Set = None, root: Root = "runs", json: Json = False) -> None:
    """Check a problem before a long run.

    That is the dot test, chunks, memory and disk; on the problem's demo unless a CONFIG.yaml names data.
    """
    if not print_checks(check_problem(target, {"root": root, **parse_settings(set_)}), json):
        raise typer.Exit(ExitCode.FAILED)
