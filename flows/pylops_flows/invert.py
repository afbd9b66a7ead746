"""Solve on a dataset; every solve is a resume."""

from __future__ import annotations

from prefect import flow

from pylops_distributed.errors import StageStoppedError
from pylops_flows import tasks
from pylops_flows.runtime.flow_run_names import name_from
from pylops_flows.runtime.monitor import Monitor
from pylops_flows.runtime.stages import stop_as_resumable
from pylops_flows.runtime.task_runner import cluster, task_runner
from pylops_flows.runtime.upload_module import upload_module
from pylops_flows.settings.pipeline import PipelineConfig


@flow(name="invert", task_runner=task_runner(), flow_run_name=name_from("invert {config.name}"))
def invert(dataset: str, config: PipelineConfig) -> str:
    """Solve the problem on a dataset, from the newest checkpoint of its run if there is one.

    A signal, or *Pause* or *Cancel* in the Prefect UI, ends it after a last checkpoint.

    Parameters
    ----------
    dataset : str
        URL of an ingested dataset.
    config : PipelineConfig
        Settings of the pipeline.

    Returns
    -------
    str
        URL of the run.
    """
    return stop_as_resumable(_invert, dataset, config)


def _invert(dataset: str, config: PipelineConfig) -> str:
    with cluster() as client:
        upload_module(config.problem, client)
        run = tasks.begin_run(dataset, config)
        with (  # the monitor ends last: it shows the last checkpoint
            Monitor(run, config, client.dashboard_link) as monitor,
            tasks.open_inversion(run, config, client) as inversion,
        ):
            while inversion.progress.reason is None and not monitor.request:
                tasks.solve_segment(inversion, monitor)
            inversion.check()
            iteration, reason = inversion.progress.iteration, inversion.progress.reason
    if reason is None:
        raise StageStoppedError(f"{monitor.request} at iteration {iteration}, which is saved")
    return run
