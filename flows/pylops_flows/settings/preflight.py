"""Checks of a pipeline before a cluster is started, or a sample is read."""

from __future__ import annotations

import logging
import shutil
from typing import TYPE_CHECKING

from dask.utils import format_bytes

from pylops_distributed import tuning
from pylops_distributed.clusters.client import check_hardware
from pylops_distributed.ingest import open_dataset, open_sources
from pylops_distributed.inversion.assembly import complete
from pylops_distributed.inversion.disk_usage import DiskUse, disk_use
from pylops_distributed.inversion.inversion import begin
from pylops_distributed.inversion.sense_checks import memory_warnings, settings_warnings
from pylops_distributed.storage.lease import ensure_free
from pylops_distributed.storage.run import Run
from pylops_flows.settings.dataset_url import dataset_url
from pylops_flows.settings.paths import existing_folder

if TYPE_CHECKING:
    import xarray as xr

    from pylops_flows.settings.pipeline import PipelineConfig


log = logging.getLogger("pylops_distributed.preflight")


def preflight(config: PipelineConfig) -> str:
    """Reject a pipeline that cannot work, warn of one that makes no sense, and return its disk use as text.

    Raises
    ------
    FileNotFoundError, ValueError
        If a source or dataset does not exist, is not what it claims to be, or does not fit the problem, or the
        problem lacks what the solver needs, or the cluster's options are invalid, or the disk is too small.
    ImportError
        If a kind of cluster needs a package that is not installed.
    RunMismatchError
        If the requested run is of another problem, other data or another solver.
    RunBusyError
        If another process is working on it.

    Returns
    -------
    str
        Bytes of dataset, checkpoints and result at most, and free bytes.
    """
    tuning.check()
    check_hardware(config.cluster.hardware, config.cluster.filled)
    ds = inputs(config)
    config.problem.check(ds)
    complete(config.problem, ds, config.solver)
    if config.run is not None:
        _check_run(config, config.run)
    use = disk_use(config.problem, ds, config.solver, config.checkpoint.retention)
    warnings = settings_warnings(config.problem, ds, config.solver.name)
    for warning in (*warnings, *(memory_warnings(use) if config.cluster.hardware == "single" else ())):
        log.warning("%s", warning)
    return _disk(config, use)


def inputs(config: PipelineConfig) -> xr.Dataset:
    """Return the dataset, or what the headers of the sources say it will be."""
    return open_sources(config.sources, checksum=False) if config.sources else open_dataset(config.target)


def _check_run(config: PipelineConfig, url: str) -> None:
    try:
        run = Run.open(url)
    except FileNotFoundError:
        return
    ensure_free(run.storage)
    try:
        begin(config.root, dataset_url(config), config.problem, config.solver, name=config.name, url=url)
    except FileNotFoundError:
        return  # its data are not ingested yet


def _disk(config: PipelineConfig, use: DiskUse) -> str:
    data = f"{format_bytes(use.dataset)} for data, " if config.sources else ""
    result = f"{format_bytes(use.result)} for the result"
    need = f"up to {data}{use.checkpoints} checkpoints of {format_bytes(use.state)}, {result}"
    if "://" in config.root:
        return need
    folder = existing_folder(config.root)
    free = shutil.disk_usage(folder).free
    # A resumed run has its checkpoints already: only runs that could not even start are rejected.
    if use.state + use.result > free:
        raise ValueError(f"not enough disk space at {folder}: {need}, and {format_bytes(free)} are free")
    return f"{need}; {format_bytes(free)} free" + (
        ", which may not be enough" if use.dataset + use.run > free else ""
    )
