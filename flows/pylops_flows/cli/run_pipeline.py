"""Run the pipeline for a command, and print a summary of its run."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pylops_distributed.errors import InterruptedBySignal
from pylops_distributed.storage.run import Run
from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.run_names import ordered_runs

if TYPE_CHECKING:
    from pylops_flows.cli.startup import Startup
    from pylops_flows.settings.pipeline import PipelineConfig


def run_pipeline(settings: PipelineConfig, startup: Startup) -> None:
    """Check the settings while a server starts, begin to start the cluster, and run the pipeline."""
    startup.start_server()
    out.print(f"disk: {import_late('preflight')(settings)}")
    startup.start_cluster(settings.cluster)
    startup.join()
    try:
        url = import_late("flow_result")(import_late("pipeline"), settings)
    except InterruptedBySignal as stop:
        raise InterruptedBySignal(_saved(settings) or str(stop)) from None
    _print_result(url)


def _saved(settings: PipelineConfig) -> str | None:
    """Return the iteration that this process has saved, with the command that resumes it; None if it saved none."""
    runs = [Run.open(settings.run)] if settings.run else [run for _, run in ordered_runs(settings.root)[:1]]
    for run in runs:
        if not isinstance(run, Run):
            return None
        status = run.status()
        if status.owner is None or status.owner.pid != os.getpid() or status.iteration is None:
            return None
        niter = f" of {status.niter}" if status.niter else ""
        return f"iteration {status.iteration}{niter} is saved; resume with: pld resume {_typed(run)}"
    return None


def _typed(run: Run) -> str:
    """Return a run as it is typed in the working folder: its name, or its place where that is not in ``runs``."""
    near = run.storage.folder == Path.cwd() / "runs" / run.name
    return shlex.quote(run.name if near else run.storage.place)


def _print_result(url: str) -> None:
    run = Run.open(url)
    for key, value in import_late("summary")(import_late("open_run")(url)).items():
        out.print(f"{key}: {value}")
    out.print(f"report: {run.storage.place}/{run.report}")
    out.print(f"run: {run.storage.place}")
