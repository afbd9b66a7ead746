"""Model data from a dataset and an operator."""

from __future__ import annotations

from prefect import flow

from pylops_distributed.problems.registry import ProblemChoice
from pylops_flows import tasks
from pylops_flows.runtime.heartbeat import heartbeat
from pylops_flows.runtime.task_runner import cluster, task_runner


@flow(name="forward", task_runner=task_runner())
def forward(dataset: str, problem: ProblemChoice, target: str) -> str:
    """Model the data of the dataset's model (its truth or background), lazily, chunk by chunk.

    Parameters
    ----------
    dataset : str
        URL of an ingested dataset.
    problem : Problem
        Problem whose operator models.
    target : str
        Folder or URL of the modelled data.

    Returns
    -------
    str
        URL of the modelled data.
    """
    with heartbeat(), cluster():
        return tasks.model_data(dataset, problem, target)
