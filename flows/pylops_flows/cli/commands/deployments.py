"""``pld deployments``: the deployments on a Prefect server."""

from __future__ import annotations

from pylops_flows.cli.console import print_json
from pylops_flows.cli.deployment_list import print_deployments, records, use_server
from pylops_flows.cli.options import Json


def deployments_command(json: Json = False) -> None:
    """List the deployments on the Prefect server, with their schedules."""
    url = use_server()
    if json:
        print_json(records(url))
    else:
        print_deployments(url)
