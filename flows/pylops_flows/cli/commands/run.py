"""``pld run``: a whole pipeline."""

from __future__ import annotations

from typing import Annotated

import typer

from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Config, Root, Set, Verbose, parse_settings
from pylops_flows.cli.run_pipeline import run_pipeline
from pylops_flows.cli.startup import Startup
from pylops_flows.cli.tables import print_pairs
from pylops_flows.settings.pipeline import load

Into = Annotated[str | None, typer.Option("--into", metavar="RUN", help="Folder or URL of the run.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Only show what would be done, and what it needs.")
]


def run_command(
    config: Config,
    root: Root = "runs",
    set_: Set = None,
    into: Into = None,
    verbose: Verbose = False,
    dry_run: DryRun = False,
) -> None:
    """Run a pipeline: ingest, invert, postprocess.

    The same command resumes a run that was stopped, and keeps finished stages.
    """
    settings = load(config, {"root": root, **parse_settings(set_), **({"run": into} if into else {})})
    if dry_run:
        print_pairs(import_late("pipeline_plan")(settings))
        return
    with Startup(verbose) as startup:
        run_pipeline(settings, startup)
