"""``pld up``: everything that scheduled runs need."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pylops_distributed.errors import InterruptedBySignal
from pylops_flows.cli.console import out
from pylops_flows.cli.deployment_list import print_deployments
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Deployments, Pool

Database = Annotated[
    str | None,
    typer.Option(
        "--database", metavar="postgres|URL", help="PostgreSQL instead of SQLite: many runs at a time."
    ),
]
Port = Annotated[int, typer.Option("--port", help="Port of the server on 127.0.0.1.")]


def up_command(
    port: Port = 4200,
    pool: Pool = "local",
    file: Deployments = Path("prefect.yaml"),
    database: Database = None,
) -> None:
    """Start server, work pool, deployments and worker.

    Everything stops with Ctrl-C, after runs have saved their state.
    """
    out.print("starting; the first time takes half a minute")
    stack = import_late("running_stack")(
        file if file.is_file() else None, pool, port, partial(out.print, markup=False), database
    )
    with suppress(InterruptedBySignal, KeyboardInterrupt), stack as (url, services):
        print_deployments(url)
        out.print(f"ready: deploy more with PREFECT_API_URL={url} pld deploy CONFIG.yaml --cron ...")
        out.print("Ctrl-C stops everything, after runs have saved their state")
        services.keep_running()
    out.print("stopped; saved runs resume with the next run of their deployment")
