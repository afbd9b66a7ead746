"""``pld doctor``: the installation."""

from __future__ import annotations

import typer

from pylops_distributed.errors import ExitCode
from pylops_flows.cli.console import print_check
from pylops_flows.cli.installation_checks import check_installation
from pylops_flows.cli.options import Root


def doctor_command(root: Root = "runs") -> None:
    """Check versions, disk, ports, server and workers."""
    passed = True
    for name, good, message in check_installation(root):
        print_check(name, good, message)
        passed &= good
    if not passed:
        raise typer.Exit(ExitCode.FAILED)
