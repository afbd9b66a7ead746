"""Run the pipeline for a command, and print a summary of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late

if TYPE_CHECKING:
    from pylops_flows.cli.startup import Startup
    from pylops_flows.settings.pipeline import PipelineConfig


def run_pipeline(settings: PipelineConfig, startup: Startup) -> None:
    """Check the settings while a server starts, begin to start the cluster, and run the pipeline."""
    startup.start_server()
    out.print(f"disk: {import_late('preflight')(settings)}")
    startup.start_cluster(settings.cluster)
    startup.join()
    _print_result(import_late("flow_result")(import_late("pipeline"), settings))


def _print_result(url: str) -> None:
    run: Any = import_late("Run").open(url)
    for key, value in import_late("summary")(import_late("open_run")(url)).items():
        out.print(f"{key}: {value}")
    out.print(f"report: {run.storage.place}/{run.report}")
    out.print(f"run: {run.storage.place}")
