"""``pld problems``: the list of problems."""

from __future__ import annotations

import inspect

from rich.table import Table

from pylops_distributed.problems.registry import PROBLEMS
from pylops_flows.cli.console import out


def problems_command() -> None:
    """List the built-in problems."""
    table = Table("problem", "description", box=None)
    for name, problem in PROBLEMS.items():
        table.add_row(name, (inspect.getdoc(problem) or "").partition("\n")[0])
    out.print(table)
