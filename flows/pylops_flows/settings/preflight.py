"""What can be known to be wrong before a cluster is started, or a sample is read."""

from __future__ import annotations

import shutil
from pathlib import Path

import xarray as xr
from dask.utils import format_bytes

from pylops_distributed.clusters.client import check
from pylops_distributed.ingest import open_dataset, open_sources
from pylops_distributed.inversion.assembly import complete
from pylops_distributed.inversion.disk_usage import disk_use
from pylops_distributed.inversion.inversion import begin
from pylops_distributed.storage.lease import ensure_free
from pylops_distributed.storage.run import Run
from pylops_flows.settings.pipeline import PipelineConfig


def preflight(config: PipelineConfig) -> str:
    """Refuse a pipeline that cannot work; tell what it takes on disk.

    Raises
    ------
    FileNotFoundError, ValueError
        If a source or dataset is absent, is not what it claims to be, or does not fit the problem, or the
        solver needs what the problem does not have, or the cluster cannot be started so, or there is no room.
    ImportError
        If a kind of cluster needs a package that is not installed.
    RunMismatchError
        If the run that is asked for is of another problem, other data or another solver.
    RunBusyError
        If another process is working on it.

    Returns
    -------
    str
        Bytes of dataset, checkpoints and result at most, and what is free.
    """
    check(config.cluster.hardware, config.cluster.filled)
    ds = inputs(config)
    config.problem.check(ds)
    complete(config.problem, ds, config.solver)
    if config.run is not None:
        _check_run(config, config.run)
    return _disk(config, ds)


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


def _disk(config: PipelineConfig, ds: xr.Dataset) -> str:
    use = disk_use(config.problem, ds, config.solver, config.checkpoint.retention)
    data = f"{format_bytes(use.dataset)} for data, " if config.sources else ""
    result = f"{format_bytes(use.result)} for the result"
    told = f"up to {data}{use.checkpoints} checkpoints of {format_bytes(use.state)}, {result}"
    if "://" in config.root:
        return told
    folder = existing(config.root)
    free = shutil.disk_usage(folder).free
    # A run that goes on has its checkpoints already: only what could not even be begun is refused.
    if use.state + use.result > free:
        raise ValueError(f"there is no room at {folder}: {told}, and {format_bytes(free)} are free")
    return f"{told}; {format_bytes(free)} free" + (
        ", which may not be enough" if use.dataset + use.run > free else ""
    )


def existing(root: str) -> Path:
    """The folder, or the one above it that is there."""
    folder = Path(root).absolute()
    while not folder.exists():
        folder = folder.parent
    return folder
