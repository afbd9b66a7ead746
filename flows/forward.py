"""Dataset and operator to modelled data."""

from __future__ import annotations

from prefect import flow

from flows import tasks
from flows.alive import alive
from flows.runner import cluster, task_runner
from pylops_distributed.problems import ProblemChoice


@flow(name="forward", task_runner=task_runner())
def forward(dataset: str, problem: ProblemChoice, target: str) -> str:
    """Model the data of the dataset's model (its truth, or its background), lazily, chunk by chunk.

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
    with alive(), cluster():
        return tasks.model_data(dataset, problem, target)
