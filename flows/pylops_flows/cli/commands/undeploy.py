"""``pld undeploy``: deletion of a deployment."""

from __future__ import annotations

from typing import Annotated

import typer

from pylops_flows.cli.console import out
from pylops_flows.cli.deployment_list import use_server
from pylops_flows.cli.late_binding import import_late

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the deployment, as `pld deployments` lists it.")
]


def undeploy_command(name: Name) -> None:
    """Delete a deployment from the Prefect server.

    Its schedules end; its runs, and flow runs that have begun, stay.
    """
    use_server()
    out.print(f"deleted deployment: {import_late('delete_deployment')(name).name}", markup=False)
