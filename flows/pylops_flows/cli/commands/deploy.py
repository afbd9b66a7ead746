"""``pld deploy``: pipelines on a Prefect server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pylops_flows.cli.deployment_list import print_deployments
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Deployments, Pool, Root, Set, parse_settings
from pylops_flows.settings.pipeline import load

Config = Annotated[
    str | None,
    typer.Argument(metavar="[CONFIG.yaml]", help="Settings to deploy; default: all of prefect.yaml."),
]
Name = Annotated[str | None, typer.Option("--name", help="Name of the deployment.")]
Cron = Annotated[str | None, typer.Option("--cron", help='When to run, e.g. "0 2 * * *".')]
Every = Annotated[float | None, typer.Option("--every", help="Seconds between two runs.")]


def deploy_command(
    config: Config = None,
    name: Name = None,
    cron: Cron = None,
    every: Every = None,
    set_: Set = None,
    root: Root = "runs",
    pool: Pool = "local",
    file: Deployments = Path("prefect.yaml"),
) -> None:
    """Register pipelines with the Prefect server.

    They run on schedules, on events and from the UI of the server at PREFECT_API_URL.
    """
    settings = None if config is None else load(config, {"root": root, **parse_settings(set_)})
    url = _use_server()
    import_late("ensure_pool")(pool)
    import_late("ensure_automation")()
    if settings is None:
        import_late("deploy_file")(file)
    else:
        import_late("deploy_config")(settings, name, cron, every, pool)
    print_deployments(url)


def _use_server() -> str:
    url: str | None = import_late("find_server")()
    if url is None:
        raise ValueError(
            "no Prefect server answers: start one with `pld up`, and set PREFECT_API_URL to the address it prints"
        )
    import_late("set_api_url")(url)
    return url
