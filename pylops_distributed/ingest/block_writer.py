"""Second step of an ingest: the data, block by block, in any process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import zarr
from numpy.typing import NDArray

from pylops_distributed.ingest.formats.failures import naming
from pylops_distributed.ingest.formats.segy.reader import layout_of
from pylops_distributed.ingest.formats.segy.samples import read_traces
from pylops_distributed.ingest.formats.source import Source, recognise
from pylops_distributed.ingest.journal import ROOT, WORK, Notes, read_notes
from pylops_distributed.ingest.merge import open_sources
from pylops_distributed.ingest.models import BlockReport, Plan, Statistics
from pylops_distributed.ingest.replacing import replaced_already
from pylops_distributed.storage.chunk_writer import write_whole_chunk
from pylops_distributed.storage.direct_io import checksum_of
from pylops_distributed.storage.object_store import Array, Storage, open_array, open_storage

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.ingest.formats.segy.grid import Integers


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
    try:
        notes = read_notes(storage)
    except FileNotFoundError:
        if not storage.exists(ROOT) and (not plan.replaces or replaced_already(plan) is None):
            raise
        # Another ingest has sealed a dataset there: seal() finds whether it is the same, and asks for no reports then.
        return BlockReport(index=index, variable="", chunks=(), checksums="")
    if notes.fingerprint != plan.fingerprint:
        raise ValueError(f"{plan.url!r} was planned anew meanwhile: plan again.")
    files = notes.sources.keys() - set(notes.folders)
    check_sources(notes, plan.url, files)
    block, key = notes.blocks[index], f"{WORK}/blocks/{index}.json"
    layout = notes.arrays[block.variable]
    if storage.exists(key):
        report = BlockReport.model_validate_json(storage.get(key))
        if report == _read_back(storage, notes, index):
            return report
    array, numbers_of = open_array(storage, block.variable), _trace_numbers(storage, notes, block.variable)
    chunks, sums = [], ""
    for region in map(layout.region, range(block.start, block.stop)):
        numbers = numbers_of(region)
        values = np.asarray(_read(notes, block.variable, region, numbers), array.dtype)
        write_whole_chunk(storage, block.variable, array, values, region)
        chunks.append(Statistics.of(values, _holes(storage, notes, block.variable, region, values, numbers)))
        sums += f"{checksum_of(values):08x}"
    check_sources(notes, plan.url, files)
    report = BlockReport(index=index, variable=block.variable, chunks=tuple(chunks), checksums=sums)
    storage.put(key, report.model_dump_json().encode())
    return report


def check_sources(notes: Notes, url: str, names: Iterable[str]) -> None:
    """Raise if one of these sources is not as it was when the ingest was planned."""
    for name in names:
        if notes.stamps[name] not in (None, notes.sources[name].stamp()):
            raise ValueError(
                f"{notes.sources[name].path!r} changed since the ingest into {url!r} was planned: plan it again."
            )


def open_writable(storage: Storage, name: str) -> Array:
    """An array of the unfinished dataset, to be written by whole chunks."""
    array: Array = zarr.open_array(storage.zarr(name), mode="r+", zarr_format=3)
    # Zarr keeps this nowhere: without it a chunk of nothing but fill value would be deleted, and look lost.
    return array.with_config({"write_empty_chunks": True})


def _read(
    notes: Notes, variable: str, region: tuple[slice, ...], numbers: Integers | None
) -> NDArray[np.generic]:
    """The samples of a region, from the source."""
    name = variable if variable in notes.sources else ""
    source = notes.sources[name]
    if numbers is None:
        lazy = _opened(name, source.model_dump_json(), notes.fingerprint)[variable].data
        with naming(source.path, variable):
            return np.asarray(lazy[region].compute(scheduler="synchronous"))
    # SEG-Y: the grid of traces is in the store, so that no worker has to scan all headers, or hold them.
    su = (source.format or recognise(source.path)) == "su"
    layout, array = layout_of(source.path, source.options, su=su), notes.arrays[variable]
    steps = np.arange(region[-1].start, region[-1].stop)
    with naming(source.path, variable):
        return read_traces(numbers[..., None], steps, layout, np.dtype(array.dtype))


@lru_cache(maxsize=4)
def _opened(name: str, source: str, fingerprint: str) -> xr.Dataset:
    """A source, opened once per process and content."""
    return open_sources({name: Source.model_validate_json(source)}, checksum=False)


def _read_back(storage: Storage, notes: Notes, index: int) -> BlockReport | None:
    """Report of the block as stored now, or None if it cannot be read."""
    block = notes.blocks[index]
    layout, array = notes.arrays[block.variable], open_array(storage, block.variable)
    numbers_of = _trace_numbers(storage, notes, block.variable)
    chunks, sums = [], ""
    for region in map(layout.region, range(block.start, block.stop)):
        try:
            values = np.asarray(array[region])
        except (ValueError, RuntimeError):  # how Zarr and its codecs report damage
            return None
        numbers = numbers_of(region)
        chunks.append(Statistics.of(values, _holes(storage, notes, block.variable, region, values, numbers)))
        sums += f"{checksum_of(values):08x}"
    return BlockReport(index=index, variable=block.variable, chunks=tuple(chunks), checksums=sums)


def _trace_numbers(
    storage: Storage, notes: Notes, variable: str
) -> Callable[[tuple[slice, ...]], Integers | None]:
    """Trace numbers of a region of a variable: None unless it is of SEG-Y, whose last axis is along the traces."""
    name = notes.traces.get(variable)
    if name is None:
        return lambda region: None
    array = open_array(storage, name)
    return lambda region: np.asarray(array[region[:-1]])


def _holes(
    storage: Storage,
    notes: Notes,
    variable: str,
    region: tuple[slice, ...],
    values: NDArray[np.generic],
    numbers: Integers | None,
) -> int:
    """How many of the values belong to no trace: by the trace numbers of SEG-Y, else by a mask that a store has."""
    if numbers is not None:
        return int(np.count_nonzero(numbers < 0) * values.shape[-1])
    ancillary = str(open_array(storage, variable).attrs.get("ancillary_variables", "")).split()
    name = next(
        (one for one in ancillary if one.endswith("trace_mask") and storage.exists(f"{one}/zarr.json")), None
    )
    if name is None or values.dtype.kind not in "fc":
        return 0
    mask, dims = open_array(storage, name), notes.arrays[variable].dims
    over = tuple(getattr(mask.metadata, "dimension_names", None) or ())
    if not set(over) <= set(dims):
        return 0
    there = np.asarray(mask[tuple(region[dims.index(dim)] for dim in over)])
    order = np.argsort([dims.index(dim) for dim in over])
    shape = [n if dim in over else 1 for dim, n in zip(dims, values.shape, strict=True)]
    return int(np.count_nonzero(np.isnan(values) & (there.transpose(order).reshape(shape) == 0)))
