"""Raw files to a labelled, chunked, sealed Zarr dataset."""

from __future__ import annotations

from prefect import flow, unmapped

from flows import tasks
from flows.runner import task_runner
from pylops_distributed.ingest import Source


@flow(name="ingest", task_runner=task_runner())
def ingest(sources: dict[str, Source] | Source, target: str) -> str:
    """Copy raw files into a dataset, block by block on the cluster; a sealed one of the same files is kept.

    Parameters
    ----------
    sources : Source or dict of str to Source
        Raw file, or one a variable on the same grid.
    target : str
        Folder or URL of the dataset.

    Returns
    -------
    str
        URL of the dataset.
    """
    plan = tasks.plan_ingest(sources, target)
    reports = [] if plan.sealed else tasks.write_block.map(unmapped(plan), range(plan.blocks)).result()
    return tasks.seal_dataset(plan, reports).url
