"""``pld check``: a problem, before a long run."""

from __future__ import annotations

from typing import Annotated

import typer

from pylops_distributed.errors import ExitCode
from pylops_flows.cli.console import print_check
from pylops_flows.cli.new_problem import check_problem
from pylops_flows.cli.options import Root, Set, parse_settings

Checked = Annotated[
    str, typer.Argument(metavar="TARGET", help="problem.py, module:Class, or CONFIG.yaml with data.")
]


def check_command(target: Checked, set_: Set = None, root: Root = "runs") -> None:
    """Check a problem before a long run.

    That is the dot test, chunks, memory and disk; on the problem's demo unless a CONFIG.yaml names data.
    """
    passed = True
    for name, good, message in check_problem(target, {"root": root, **parse_settings(set_)}):
        print_check(name, good, message)
        passed &= good
    if not passed:
        raise typer.Exit(ExitCode.FAILED)
