"""Start and delete deployments on a Prefect server."""

from __future__ import annotations

from difflib import get_close_matches
from uuid import UUID

from prefect.client.orchestration import get_client

from pylops_flows.deploy.deployments import Deployment, list_deployments


def start_deployment(deployment: UUID) -> UUID:
    """Create a flow run of a deployment, for a worker to start; return its id."""
    with get_client(sync_client=True) as client:
        return client.create_flow_run_from_deployment(deployment).id


def delete_deployment(name: str) -> Deployment:
    """Delete a deployment; its flow runs stay on the server.

    Parameters
    ----------
    name : str
        ``flow/deployment``, or the deployment's own name where one flow alone has it.

    Returns
    -------
    Deployment
        The deleted deployment.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If several flows have one of that name.
    """
    deployments = list_deployments()
    found = [one for one in deployments if name in (one.name, one.name.partition("/")[2])]
    if not found:
        near = get_close_matches(name, _names(deployments), 3, 0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "`pld deployments` lists those there are"
        raise FileNotFoundError(f"there is no deployment {name!r} on the server: {hint}")
    if len(found) > 1:
        raise ValueError(
            f"{name!r} is a deployment of several flows: give one of {', '.join(d.name for d in found)}"
        )
    with get_client(sync_client=True) as client:
        client.delete_deployment(UUID(found[0].id))
    return found[0]


def _names(deployments: list[Deployment]) -> list[str]:
    """Names with and without their flows."""
    return [name for one in deployments for name in (one.name, one.name.partition("/")[2])]
