"""The application: its help, its commands, and its exit codes."""

from __future__ import annotations

from typing import Annotated

import typer

import pylops_distributed
from pylops_distributed.errors import ExitCode
from pylops_flows.cli.command_table import COMMANDS
from pylops_flows.cli.lazy_commands import lazy_group

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Exit codes: " + ", ".join(f"{code.value} {code.meaning}" for code in ExitCode) + ".",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pylops-distributed {pylops_distributed.__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
]


@app.callback()
def pld(version: Version = False) -> None:
    """Large linear inverse problems as pipelines that can be stopped, killed and resumed. Start with: pld demo."""
