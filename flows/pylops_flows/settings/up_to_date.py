"""Whether there is anything to do."""

from __future__ import annotations

from pylops_distributed.ingest import read_ref
from pylops_distributed.inversion.assembly import identity, run_url
from pylops_distributed.inversion.result import needs_result
from pylops_distributed.inversion.warm_start import find_warm_start
from pylops_distributed.settings.solver_settings import max_steps_of
from pylops_distributed.storage.run import Run, list_runs
from pylops_flows.settings.pipeline import PipelineConfig


def up_to_date(config: PipelineConfig) -> str | None:
    """The run of a pipeline that has been through with these data and settings already, or None.

    Data count by their contents: the files are read for their checksums, and nothing else is done.

    Parameters
    ----------
    config : PipelineConfig
        All there is to say.
    """
    if not any(run.attrs.get("name") == config.name for run in list_runs(config.root)) and config.run is None:
        return None  # without a look at the data, which may take its time
    try:
        what = identity(config.problem, read_ref(config.located).fingerprint, config.solver)
        if config.warm_start:
            what, _ = find_warm_start(config.root, config.name, what)
        run = Run.open(config.run or run_url(config.root, config.name, what))
    except FileNotFoundError:
        return None
    status = run.status()
    through = status.state == "finished" and (status.iteration or 0) >= max_steps_of(config.solver)
    if not through or run.attrs["identity"] != what or needs_result(run) or run.report is None:
        return None
    return run.storage.url
