"""``pld deploy``: pipelines on a Prefect server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pylops_flows.cli.console import out
from pylops_flows.cli.deployment_list import print_deployment, print_deployments, use_server
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
Run = Annotated[bool, typer.Option("--run", help="Also run it once, now: a worker of the pool starts it.")]


def deploy_command(
    config: Config = None,
    name: Name = None,
    cron: Cron = None,
    every: Every = None,
    set_: Set = None,
    root: Root = "runs",
    pool: Pool = "local",
    file: Deployments = Path("prefect.yaml"),
    run: Run = False,
) -> None:
    """Register pipelines with the Prefect server.

    They run on schedules, on events and from the UI of the server at PREFECT_API_URL.
    """
    if run and config is None:
        raise ValueError("--run runs one deployment: give its CONFIG.yaml")
    settings = None if config is None else load(config, {"root": root, **parse_settings(set_)})
    url = use_server()
    import_late("ensure_pool")(pool)
    import_late("ensure_automation")()
    if settings is None:
        import_late("deploy_file")(file)
        print_deployments(url)
        return
    deployed = import_late("deploy_config")(settings, name, cron, every, pool)
    (deployment,) = (one for one in import_late("list_deployments")() if one.id == str(deployed))
    print_deployment(url, deployment)
    if run:
        flow_run = import_late("start_deployment")(deployed)
        out.print(f"flow run: {url.removesuffix('/api')}/runs/flow-run/{flow_run}")
