"""Second step of an ingest: the data, block by block, in any process."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import xarray as xr
import zarr

from pylops_distributed.ingest.merge import mask_name, open_sources
from pylops_distributed.ingest.notes import WORK, Notes, read_notes
from pylops_distributed.ingest.values import BlockReport, Plan, Statistics
from pylops_distributed.storage import CONFIG, Array, Storage, open_array, open_storage


def write_block(plan: Plan, index: int) -> BlockReport:
    """Write one block of whole chunks; safe to repeat, in any process and any order.

    What an earlier run wrote is read back, and kept if it is what that run reported.

    Parameters
    ----------
    plan : Plan
        From :func:`plan`.
    index : int
        Number of the block.

    Returns
    -------
    BlockReport
        Statistics of each chunk.

    Raises
    ------
    ValueError
        If the source changed since it was planned.
    """
    storage = open_storage(plan.url)
    notes = read_notes(storage)
    if notes.fingerprint != plan.fingerprint:
        raise ValueError(f"{plan.url!r} was planned anew meanwhile: plan again.")
    for name, source in notes.sources.items():
        if source.stamp() != notes.stamps[name]:
            raise ValueError(
                f"{source.path!r} changed since the ingest into {plan.url!r} was planned: plan it again."
            )
    ds = _opened(notes.model_dump_json())
    block, key = notes.blocks[index], f"{WORK}/blocks/{index}.json"
    layout, lazy = notes.arrays[block.variable], ds[block.variable].data
    if storage.exists(key):
        report = BlockReport.model_validate_json(storage.get(key))
        if report == _read_back(storage, notes, ds, index):
            return report
    array = open_writable(storage, block.variable)
    chunks = []
    for number in range(block.start, block.stop):
        region = layout.region(number)
        values = np.asarray(lazy[region].compute(scheduler="synchronous"))
        array[region] = values
        chunks.append(Statistics.of(values, _holes(ds, block.variable, region)))
    report = BlockReport(index=index, variable=block.variable, chunks=tuple(chunks))
    storage.put(key, report.model_dump_json().encode())
    return report


def open_writable(storage: Storage, name: str) -> Array:
    """An array of the unfinished dataset, to be written by whole chunks."""
    array: Array = zarr.open_array(storage.zarr(name), mode="r+", zarr_format=3)
    return array.with_config(CONFIG)


@lru_cache(maxsize=4)
def _opened(notes: str) -> xr.Dataset:
    """Open sources, once per process: headers are not scanned again for each block."""
    return open_sources(Notes.model_validate_json(notes).sources, checksum=False)


def _read_back(storage: Storage, notes: Notes, ds: xr.Dataset, index: int) -> BlockReport | None:
    """Report of what is stored now, or None if it cannot be read."""
    block = notes.blocks[index]
    layout, array = notes.arrays[block.variable], open_array(storage, block.variable)
    chunks = []
    for region in map(layout.region, range(block.start, block.stop)):
        try:
            chunks.append(Statistics.of(np.asarray(array[region]), _holes(ds, block.variable, region)))
        except (ValueError, RuntimeError):  # how Zarr and its codecs report damage
            return None
    return BlockReport(index=index, variable=block.variable, chunks=tuple(chunks))


def _holes(ds: xr.Dataset, variable: str, region: tuple[slice, ...]) -> int:
    """Number of samples in a region that have no trace."""
    name = mask_name(ds, variable)
    if name is None:
        return 0
    over = dict(zip(ds[variable].dims, region, strict=True))
    mask = ds[name].isel({dim: over[dim] for dim in ds[name].dims})
    depth = math.prod(part.stop - part.start for dim, part in over.items() if dim not in mask.dims)
    holes: int = np.count_nonzero(~mask.values) * depth
    return holes
