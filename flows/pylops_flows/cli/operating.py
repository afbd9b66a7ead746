"""Commands for pipelines that run by themselves."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from pylops_flows.cli.app import Root, RunPath, Set, app, find_run, out, parse_settings, report_errors
from pylops_flows.runtime.interrupts import InterruptedBySignal

File = Annotated[Path, typer.Option("--file", metavar="FILE", help="The deployments of a project.")]
Pool = Annotated[str, typer.Option("--pool", help="Work pool; made if it is not there.")]


@app.command()
@report_errors
def deploy(
    config: Annotated[
        str | None,
        typer.Argument(metavar="[CONFIG.yaml]", help="Settings to deploy; all of prefect.yaml if not given."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the deployment.")] = None,
    cron: Annotated[str | None, typer.Option("--cron", help='When to run, e.g. "0 2 * * *".')] = None,
    every: Annotated[float | None, typer.Option("--every", help="Seconds between two runs.")] = None,
    set_: Set = None,
    root: Root = "runs",
    pool: Pool = "local",
    file: File = Path("prefect.yaml"),
) -> None:
    """Hand pipelines to the Prefect server at PREFECT_API_URL, to run on schedules, on events and from its UI."""
    from pylops_flows.settings.pipeline import load

    settings = None if config is None else load(config, {"root": root, **parse_settings(set_)})
    _needs_server()
    from pylops_flows.deploy import deployments as deploying

    deploying.ensure_pool(pool)
    deploying.ensure_automation()
    if settings is None:
        deploying.deploy_file(file)
    else:
        deploying.deploy_config(settings, name, cron, every, pool)
    _tell(_needs_server())


@app.command()
@report_errors
def up(
    port: Annotated[int, typer.Option("--port", help="Port of the server on 127.0.0.1.")] = 4200,
    pool: Pool = "local",
    file: File = Path("prefect.yaml"),
) -> None:
    """Start all that scheduled runs need: server, work pool, the deployments of prefect.yaml, a worker."""
    from pylops_flows.deploy.stack import serving

    out.print("starting; the first time takes half a minute")
    project = file if file.is_file() else None
    with suppress(InterruptedBySignal, KeyboardInterrupt), serving(project, pool, port) as (url, worker):
        _tell(url)
        out.print(f"ready: deploy more with PREFECT_API_URL={url} pld deploy CONFIG.yaml --cron ...")
        out.print("Ctrl-C ends all; what is running is saved first")
        worker.keep()
    out.print("stopped; what was running is saved, and goes on with the next run of its deployment")


@app.command()
@report_errors
def pause(path: RunPath, root: Root = "runs") -> None:
    """Stop whoever works on a run after a last checkpoint; `pld resume`, or Resume in the Prefect UI, goes on."""
    from pylops_distributed.storage.run import Run
    from pylops_flows.runtime.pause import pause as stop

    iteration = stop(Run.open(find_run(path, root)))
    out.print(f"paused at iteration {iteration}; pld resume {path} goes on")


def _needs_server() -> str:
    """The address of the server, see :func:`pylops_flows.server.embedded.reach`, which all that follows uses.

    Raises
    ------
    ValueError
        If none answers.
    """
    from pylops_flows.server.embedded import configure, reach

    url = reach()
    if url is None:
        raise ValueError(
            "no Prefect server answers: start one with `pld up`, and set PREFECT_API_URL to what it prints"
        )
    configure(url)
    return url


def _tell(url: str) -> None:
    """Links to all there is."""
    from pylops_flows.deploy.deployments import deployed

    ui = url.removesuffix("/api")
    out.print(f"Prefect UI: {ui}")
    for one in deployed():
        when = ", ".join(one.schedules) or "on demand"
        out.print(f"deployment: {ui}/deployments/deployment/{one.id}  {one.name}  {when}", markup=False)
    out.print(f"automations: {ui}/automations")
