"""The pipeline that is deployed and scheduled: ingest, invert and postprocess, on one cluster."""

from __future__ import annotations

from typing import cast

from prefect import flow, get_run_logger
from prefect.states import Completed
from prefect_dask import DaskTaskRunner

from pylops_distributed.storage.object_store import open_storage
from pylops_flows.ingest import ingest_sources
from pylops_flows.invert import invert
from pylops_flows.postprocess import postprocess
from pylops_flows.runtime.artifacts import outcome
from pylops_flows.runtime.cluster_prestart import take_cluster
from pylops_flows.runtime.flow_run_names import name_from
from pylops_flows.runtime.monitor import final_artifacts
from pylops_flows.runtime.stages import run_stage, stop_as_resumable
from pylops_flows.runtime.upload_module import upload_module
from pylops_flows.settings.pipeline import PipelineConfig
from pylops_flows.settings.up_to_date import up_to_date


@flow(name="pipeline", flow_run_name=name_from("pipeline {config.name}"))
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
    times, log = config.timeouts, get_run_logger()
    with take_cluster(config.cluster) as client:
        upload_module(config.problem, client)
        runner = DaskTaskRunner(address=client.scheduler.address, client_kwargs={"security": client.security})
        dataset = config.target
        if config.sources:
            log.info("stage 1 of 3, ingest: %s", ", ".join(config.sources))
            dataset = run_stage(
                ingest_sources, config.sources, dataset, task_runner=runner, timeout_seconds=times.ingest
            )
        log.info("stage 2 of 3, invert: dataset %s", open_storage(dataset).place)
        with final_artifacts():
            run: str = run_stage(invert, dataset, config, task_runner=runner, timeout_seconds=times.invert)
            log.info("stage 3 of 3, postprocess: %s", outcome(run))
            run_stage(postprocess, run, task_runner=runner, timeout_seconds=times.postprocess)
    log.info("finished: %s", words := outcome(run))
    return cast("str", Completed(message=words, data=run))
