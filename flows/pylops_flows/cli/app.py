"""The application: its help, its commands, and its exit codes."""

from __future__ import annotations

import typer

from pylops_distributed.errors import ExitCode
from pylops_flows.cli.command_table import COMMANDS
from pylops_flows.cli.lazy_commands import lazy_group

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    epilog="Exit codes: " + ", ".join(f"{code.value} {code.meaning}" for code in ExitCode) + ".",
)


@app.callback()
def pld() -> None:
    """Large linear inverse problems as pipelines that can be stopped, killed and resumed. Start with: pld demo."""
