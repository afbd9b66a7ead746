"""What can be known to be wrong before a server or a cluster is started, or a sample is read."""

from __future__ import annotations

import xarray as xr

from flows.config import PipelineConfig
from pylops_distributed.assembly import complete
from pylops_distributed.ingest import open_dataset, open_sources
from pylops_distributed.inversion import begin
from pylops_distributed.store.lease import ensure_free
from pylops_distributed.store.run import Run
from pylops_distributed.utils.backend import starter


def preflight(config: PipelineConfig) -> None:
    """Refuse a pipeline that cannot work.

    Raises
    ------
    FileNotFoundError, ValueError
        If a source or dataset is absent, is not what it claims to be, or does not fit the problem, or the
        solver needs what the problem does not have, or the kind of cluster is unknown.
    RunMismatch
        If the run that is asked for is of another problem, other data or another solver.
    RunBusy
        If another process is working on it.
    """
    if "://" not in config.cluster.hardware:
        starter(config.cluster.hardware)
    ds = inputs(config)
    config.problem.check(ds)
    complete(config.problem, ds, config.solver)
    if config.run is not None:
        _check_run(config, config.run)


def inputs(config: PipelineConfig) -> xr.Dataset:
    """The dataset, or what the headers of the sources say it will be."""
    return open_sources(config.sources, checksum=False) if config.sources else open_dataset(config.target)


def _check_run(config: PipelineConfig, place: str) -> None:
    try:
        run = Run.open(place)
    except FileNotFoundError:
        return
    ensure_free(run.storage)
    try:
        begin(config.root, config.located, config.problem, config.solver, name=config.name, url=place)
    except FileNotFoundError:
        return  # its data are still to be ingested
