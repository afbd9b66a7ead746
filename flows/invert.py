"""Dataset to solution: every solve is a resume."""

from __future__ import annotations

from prefect import flow

from flows import tasks
from flows.config import PipelineConfig
from flows.monitor import Monitor
from flows.runner import cluster, task_runner
from flows.ship import ship


@flow(name="invert", task_runner=task_runner(), flow_run_name="invert {config.name}")
def invert(dataset: str, config: PipelineConfig) -> str:
    """Solve the problem on a dataset, from the newest checkpoint of its run if there is one.

    Parameters
    ----------
    dataset : str
        URL of an ingested dataset.
    config : PipelineConfig
        Problem, solver, checkpoints, and where runs live.

    Returns
    -------
    str
        URL of the run.
    """
    with cluster() as client:
        ship(config.problem, client)
        run = tasks.begin_run(dataset, config)
        with tasks.open_inversion(run, config, client) as inversion, Monitor(run) as monitor:
            while inversion.progress.reason is None:
                tasks.solve_segment(inversion, monitor)
    return run
