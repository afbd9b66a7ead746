"""The deployments on a server, with links to its UI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late

if TYPE_CHECKING:
    from pylops_flows.deploy.deployments import Deployment


def use_server() -> str:
    """Return the URL of the Prefect server, and use it from now on.

    Raises
    ------
    ValueError
        If none answers.
    """
    url: str | None = import_late("find_server")()
    if url is None:
        raise ValueError(
            "no Prefect server answers: start one with `pld up`, and set PREFECT_API_URL to the address it prints"
        )
    import_late("set_api_url")(url)
    return url


def print_deployments(url: str) -> None:
    """Print links to the UI of the server at ``url``, to its deployments and to its automations."""
    ui = _ui(url)
    out.print(f"Prefect UI: {ui}")
    for deployment in import_late("list_deployments")():
        print_deployment(url, deployment)
    out.print(f"automations: {ui}/automations")


def print_deployment(url: str, deployment: Deployment) -> None:
    """Print a deployment with a link to the UI of the server at ``url``."""
    when = ", ".join(deployment.schedules) or "on demand"
    out.print(f"deployment: {_link(url, deployment)}  {deployment.name}  {when}", markup=False)


def records(url: str) -> list[dict[str, object]]:
    """Return the deployments on the server at ``url`` as JSON values."""
    return [
        {"name": one.name, "id": one.id, "schedules": one.schedules, "ui": _link(url, one)}
        for one in import_late("list_deployments")()
    ]


def _ui(url: str) -> str:
    return url.removesuffix("/api")


def _link(url: str, deployment: Deployment) -> str:
    return f"{_ui(url)}/deployments/deployment/{deployment.id}"
