"""The pipeline that is deployed and scheduled: ingest, invert and postprocess, on one cluster."""

from __future__ import annotations

from typing import cast

from prefect import flow
from prefect.states import Completed
from prefect_dask import DaskTaskRunner

from pylops_flows.ingest import ingest_sources
from pylops_flows.invert import invert
from pylops_flows.postprocess import postprocess
from pylops_flows.runtime.cluster_prestart import take_cluster
from pylops_flows.runtime.monitor import final_artifacts
from pylops_flows.runtime.stages import run_stage, stop_as_resumable
from pylops_flows.runtime.upload_module import upload_module
from pylops_flows.settings.pipeline import PipelineConfig
from pylops_flows.settings.up_to_date import up_to_date


@flow(name="pipeline", flow_run_name="pipeline {config.name}")
def pipeline(config: PipelineConfig) -> str:
    """Run the whole pipeline; finished stages are kept.

    Parameters
    ----------
    config : PipelineConfig
        Settings of the pipeline.

    Returns
    -------
    str
        URL of the run.
    """
    if (run := up_to_date(config)) is not None:
        return cast(
            "str", Completed(name="Unchanged", message="data and settings have not changed", data=run)
        )
    return stop_as_resumable(_stages, config)


def _stages(config: PipelineConfig) -> str:
    times = config.timeouts
    with take_cluster(config.cluster) as client:
        upload_module(config.problem, client)
        runner = DaskTaskRunner(address=client.scheduler.address, client_kwargs={"security": client.security})
        dataset = config.target
        if config.sources:
            dataset = run_stage(
                ingest_sources, config.sources, dataset, task_runner=runner, timeout_seconds=times.ingest
            )
        with final_artifacts():
            run: str = run_stage(invert, dataset, config, task_runner=runner, timeout_seconds=times.invert)
            run_stage(postprocess, run, task_runner=runner, timeout_seconds=times.postprocess)
    return run
