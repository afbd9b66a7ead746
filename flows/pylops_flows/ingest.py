"""Raw files to a labelled, chunked, sealed Zarr dataset."""

from __future__ import annotations

from prefect import flow, unmapped
from prefect.events import emit_event
from prefect.runtime import flow_run

from pylops_distributed import tuning
from pylops_distributed.ingest import BlockReport, Plan, Source
from pylops_flows import tasks
from pylops_flows.events import DATASET_SEALED
from pylops_flows.runtime.flow_run_names import name_from
from pylops_flows.runtime.heartbeat import heartbeat
from pylops_flows.runtime.task_runner import task_runner


@flow(name="ingest", task_runner=task_runner(), flow_run_name=name_from("ingest {target}"))
def ingest_sources(sources: dict[str, Source] | Source, target: str, replace: bool = False) -> str:
    """Copy raw files into a dataset, block by block on the cluster; an existing dataset of the same files is kept.

    Parameters
    ----------
    sources : Source or dict of str to Source
        Raw file, or one for each variable, on the same grid.
    target : str
        Folder or URL of the dataset.
    replace : bool, optional
        Whether another dataset there is replaced.

    Returns
    -------
    str
        URL of the dataset.
    """
    with heartbeat():
        plan = tasks.plan_ingest(sources, target, replace)
        reports = [] if plan.sealed else _write(plan)
        url = tasks.seal_dataset(plan, reports).url
    if flow_run.parent_flow_run_id is None:  # of a stage, the pipeline continues
        resource = {"prefect.resource.id": f"pylops-distributed.dataset.{url}"}
        emit_event(DATASET_SEALED, resource, payload={"url": url})
    return url


def _write(plan: Plan) -> list[BlockReport]:
    blocks = range(plan.blocks)
    if plan.nbytes > tuning.nbytes("pipelines.driver-ingest"):
        return tasks.write_ingest_block.map(unmapped(plan), blocks).result()
    return [tasks.write_ingest_block(plan, block) for block in blocks]
