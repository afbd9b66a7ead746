"""Ingest, invert and postprocess in a row, on one cluster: what is deployed and scheduled."""

from __future__ import annotations

from prefect import flow
from prefect.states import Completed
from prefect_dask import DaskTaskRunner

from flows.config import PipelineConfig
from flows.early import started
from flows.ingest import ingest
from flows.invert import invert
from flows.monitor import last_words
from flows.postprocess import postprocess
from flows.ship import ship
from flows.stopping import stage, unless_stopped
from flows.unchanged import unchanged


@flow(name="pipeline", flow_run_name="pipeline {config.name}")
def pipeline(config: PipelineConfig) -> str:
    """Run the whole pipeline; what is done already is found and kept.

    Parameters
    ----------
    config : PipelineConfig
        All there is to say.

    Returns
    -------
    str
        URL of the run.
    """
    if (run := unchanged(config)) is not None:
        return Completed(name="Unchanged", message="data and settings are as before", data=run)  # type: ignore
    return unless_stopped(_stages, config)  # type: ignore[no-any-return]


def _stages(config: PipelineConfig) -> str:
    times = config.timeouts
    with started(config.cluster) as client:
        ship(config.problem, client)
        runner = DaskTaskRunner(address=client.scheduler.address, client_kwargs={"security": client.security})
        dataset = config.target
        if config.sources:
            dataset = stage(ingest, config.sources, dataset, task_runner=runner, timeout_seconds=times.ingest)
        with last_words():
            run: str = stage(invert, dataset, config, task_runner=runner, timeout_seconds=times.invert)
            stage(postprocess, run, task_runner=runner, timeout_seconds=times.postprocess)
    return run
