"""``pld doctor``: the installation."""

from __future__ import annotations

import typer

from pylops_distributed.errors import ExitCode
from pylops_flows.cli.console import print_checks
from pylops_flows.cli.installation_checks import check_installation
from pylops_flows.cli.options import Json, Root


def doctor_command(root: Root = "runs", json: Json = False) -> None:
    """Check versions, disk, ports, server and workers."""
    if not print_checks(check_installation(root), json):
        raise typer.Exit(ExitCode.FAILED)
