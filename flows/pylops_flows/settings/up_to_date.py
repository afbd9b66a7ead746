"""Whether a pipeline has anything to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylops_distributed.ingest import read_ref
from pylops_distributed.inversion.result import needs_result
from pylops_distributed.inversion.run_identity import identity, run_url
from pylops_distributed.inversion.warm_start import find_warm_start
from pylops_distributed.settings.solver_settings import max_steps_of
from pylops_distributed.storage.run import Run, list_runs
from pylops_flows.settings.dataset_url import dataset_url

if TYPE_CHECKING:
    from pylops_flows.settings.pipeline import PipelineConfig


def up_to_date(config: PipelineConfig) -> str | None:
    """Return the finished run of a pipeline with the same data and settings, or None.

    Data count by their contents: the files are read for their checksums, and nothing else is done.

    Parameters
    ----------
    config : PipelineConfig
        Settings of the pipeline.
    """
    if not any(run.attrs.get("name") == config.name for run in list_runs(config.root)) and config.run is None:
        return None  # without reading the data, which may take long
    try:
        wanted = identity(config.problem, read_ref(dataset_url(config)).fingerprint, config.solver)
        if config.warm_start:
            wanted, _ = find_warm_start(config.root, config.name, wanted)
        run = Run.open(config.run or run_url(config.root, config.name, wanted))
    except FileNotFoundError:
        return None
    status = run.status()
    complete = status.state == "finished" and (status.iteration or 0) >= max_steps_of(config.solver)
    if not complete or run.attrs["identity"] != wanted or needs_result(run) or run.report is None:
        return None
    return run.storage.url
