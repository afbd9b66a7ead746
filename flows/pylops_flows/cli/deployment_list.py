"""The deployments on a server, with links to its UI."""

from __future__ import annotations

from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late


def print_deployments(url: str) -> None:
    """Print links to the UI of the server at ``url``, to its deployments and to its automations."""
    ui = url.removesuffix("/api")
    out.print(f"Prefect UI: {ui}")
    for deployment in import_late("list_deployments")():
        when = ", ".join(deployment.schedules) or "on demand"
        link = f"{ui}/deployments/deployment/{deployment.id}"
        out.print(f"deployment: {link}  {deployment.name}  {when}", markup=False)
    out.print(f"automations: {ui}/automations")
