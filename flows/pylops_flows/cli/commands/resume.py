"""``pld resume``: a run from its newest checkpoint."""

from __future__ import annotations

from pylops_distributed.storage.run import Run
from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Root, RunPath, Set, Verbose, parse_settings
from pylops_flows.cli.run_names import find_run
from pylops_flows.cli.run_pipeline import run_pipeline
from pylops_flows.cli.startup import Startup
from pylops_flows.settings.nested import merge
from pylops_flows.settings.pipeline import PipelineConfig, validate
from pylops_flows.settings.stored import settings_of


def resume_command(path: RunPath, set_: Set = None, root: Root = "runs", verbose: Verbose = False) -> None:
    """Resume a run from its newest checkpoint.

    --set solver.niter=N extends a finished run. A run that was paused in a deployment is resumed there, by a worker.
    """
    url = find_run(path, root)
    run = Run.open(url)
    with Startup(verbose) as startup:
        unchanged = not set_ and run.status().state == "interrupted"
        if unchanged and (flow_run := import_late("resume_flow_run")(run)):
            out.print(f"a worker resumes it: flow run {flow_run}")
            return
        run_pipeline(_settings(run, url, parse_settings(set_), path), startup)


def _settings(run: Run, url: str, changes: dict[str, object], path: str) -> PipelineConfig:
    stored = settings_of(run) | {"sources": {}, "dataset": run.attrs["dataset"], "run": url}
    return validate(merge(stored, changes), f"the settings of {path}", changes)
