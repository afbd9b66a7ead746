"""A run for each combination of listed values, side by side on the cluster, and an L-curve."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from prefect import flow, unmapped
from prefect_dask import DaskTaskRunner

from pylops_distributed.clusters.client import dask
from pylops_distributed.runs.lcurve import lcurve_table, plot_lcurve
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.provenance import fingerprint
from pylops_flows import tasks
from pylops_flows.ingest import ingest_sources
from pylops_flows.runtime.flow_run_names import name_from
from pylops_flows.runtime.stages import run_stage, stop_as_resumable
from pylops_flows.runtime.task_runner import preimport_on_workers
from pylops_flows.runtime.upload_module import upload_module
from pylops_flows.settings.pipeline import PipelineConfig
from pylops_flows.settings.sweep_grid import TABLE, combination_label, combinations, configs

if TYPE_CHECKING:
    import xarray as xr

PICTURE = "lcurve.png"


@flow(name="sweep", flow_run_name=name_from("sweep {config.name}"))
def sweep(config: PipelineConfig, values: dict[str, list[object]]) -> str:
    """Invert once for each combination of values, each run on one worker, and draw the L-curve.

    Runs are those of ``pld run`` with the same settings: finished ones are kept, stopped ones are resumed.

    Parameters
    ----------
    config : PipelineConfig
        Settings common to all runs.
    values : dict of str to list
        Values of each swept setting, by dotted names such as ``solver.damp``.

    Returns
    -------
    str
        Folder or URL with ``sweep.csv`` and ``lcurve.png``.
    """
    return stop_as_resumable(_stages, config, values)


def _stages(config: PipelineConfig, values: dict[str, list[object]]) -> str:
    with dask(config.cluster.hardware, **config.cluster.filled) as client:
        upload_module(config.problem, client)
        preimport_on_workers(client)
        runner = DaskTaskRunner(address=client.scheduler.address, client_kwargs={"security": client.security})
        dataset = config.target
        if config.sources:
            dataset = run_stage(ingest_sources, config.sources, dataset, task_runner=runner)
        folder: str = run_stage(runs, dataset, config, values, task_runner=runner)
        return folder


@flow(name="runs of a sweep", flow_run_name="runs of {config.name}")
def runs(dataset: str, config: PipelineConfig, values: dict[str, list[object]]) -> str:
    """Run all combinations on an ingested dataset, see :func:`sweep`."""
    one_each = [c.model_copy(update={"run": None}) for c in configs(config, values)]
    urls = tasks.solve_alone.map(unmapped(dataset), one_each).result()
    points = tasks.measure_alone.map(urls).result()
    return _write(
        config, values, lcurve_table(urls, list(map(combination_label, combinations(values))), points)
    )


def _write(config: PipelineConfig, values: dict[str, list[object]], table: xr.Dataset) -> str:
    key = fingerprint({"config": config.model_dump(mode="json"), "values": values})[:8]
    storage = open_storage(f"{config.root.rstrip('/')}/{config.name}-sweep-{key}")
    storage.put(TABLE, table.to_dataframe().to_csv(index=False).encode())
    picture = io.BytesIO()
    plot_lcurve(table).savefig(picture, format="png", dpi=120)
    storage.put(PICTURE, picture.getvalue())
    return storage.url
