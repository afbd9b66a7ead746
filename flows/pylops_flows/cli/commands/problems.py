"""``pld problems``: the list of problems."""

from __future__ import annotations

import inspect

from pylops_distributed.problems.registry import PROBLEMS
from pylops_flows.cli.console import print_json
from pylops_flows.cli.options import Json
from pylops_flows.cli.tables import print_table

COLUMNS = ("problem", "description")


def problems_command(json: Json = False) -> None:
    """List the built-in problems."""
    rows = [(name, (inspect.getdoc(problem) or "").partition("\n")[0]) for name, problem in PROBLEMS.items()]
    if json:
        print_json([{"name": name, "description": description} for name, description in rows])
    else:
        print_table(COLUMNS, rows)
