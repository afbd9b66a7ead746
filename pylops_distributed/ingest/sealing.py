"""Last step of an ingest: a dataset that is complete is published."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from pylops_distributed.ingest.block_writer import check_sources
from pylops_distributed.ingest.journal import ROOT, WORK, Notes, read_notes
from pylops_distributed.ingest.merge import jsonable
from pylops_distributed.ingest.models import ArrayLayout, BlockReport, DatasetRef, Plan, Statistics
from pylops_distributed.ingest.replacing import put_in_place, replaced_already
from pylops_distributed.ingest.sealed_datasets import SCHEMA, array_names, read_ref, stored
from pylops_distributed.storage.checksums import checksums
from pylops_distributed.storage.group_metadata import digest, encode, metadata_key
from pylops_distributed.storage.object_store import Storage, chunks_present, open_array, open_storage

log = logging.getLogger(__name__)
SOFTWARE = ("pylops-distributed", "numpy", "dask", "xarray", "zarr", "segyio")


def seal(plan: Plan, reports: Iterable[BlockReport]) -> DatasetRef:
    """Check that the dataset is complete, and publish it.

    Parameters
    ----------
    plan : Plan
        From :func:`plan`.
    reports : iterable of BlockReport
        From :func:`write_block`, one for each block, in any order.

    Returns
    -------
    DatasetRef
        The dataset, with statistics and counts of samples that are not finite.

    Raises
    ------
    ValueError
        If a block has no report, a chunk is missing, or a source has changed since it was planned.
    """
    if (there := sealed_already(plan)) is not None:
        return there
    try:
        return _seal(plan, reports)
    except FileNotFoundError:
        if (
            there := sealed_already(plan)
        ) is not None:  # by another ingest of the same, which tidied up meanwhile
            return there
        raise


def sealed_already(plan: Plan) -> DatasetRef | None:
    """The dataset of a plan, if it is sealed; it is put in its place, and leftovers of its ingest are deleted."""
    if plan.replaces and (there := replaced_already(plan)) is not None:
        return there
    storage = open_storage(plan.url)
    if not storage.exists(ROOT) or (there := read_ref(plan.url)).fingerprint != plan.fingerprint:
        return None
    tidy(storage)
    return put_in_place(plan) if plan.replaces else there


def tidy(storage: Storage) -> None:
    """Delete the working notes of an ingest that has been sealed; what cannot be is logged."""
    try:
        storage.delete_prefix(WORK)
    except OSError as error:  # another ingest of the same may be writing there: it deletes them at its end
        log.warning("the working notes of %s are not deleted: %s", storage.url, error)


def _seal(plan: Plan, reports: Iterable[BlockReport]) -> DatasetRef:
    storage = open_storage(plan.url)
    notes = read_notes(storage)
    by_index = {report.index: report for report in reports}
    if missing := sorted(set(range(plan.blocks)) - set(by_index)):
        raise ValueError(
            f"{plan.url!r} cannot be sealed: blocks {missing[:10]} of {plan.blocks} were not written."
        )
    try:
        check_sources(notes, plan.url, notes.folders)
    except ValueError:
        storage.delete_prefix(f"{WORK}/blocks")  # nobody knows which of them belong to this plan
        raise
    arrays = {}
    for name, layout in notes.arrays.items():
        present, wanted = chunks_present(open_array(storage, name))
        if present != wanted:
            raise ValueError(
                f"{plan.url!r} cannot be sealed: {name!r} has {present} of {wanted} chunks; run it again."
            )
        written = [report for _, report in sorted(by_index.items()) if report.variable == name]
        parts = [part for report in written for part in report.chunks]
        sums = "".join(report.checksums for report in written)
        arrays[name] = layout.model_copy(update={"statistics": Statistics.merge(parts), "checksums": sums})
    storage.sync()
    labels = {name: checksums(stored(storage, name)) for name in array_names(storage) if name not in arrays}
    metadata = {name: digest(storage.get(metadata_key(name))) for name in (*arrays, *labels)}
    storage.put_new(ROOT, _root(notes, arrays, labels, metadata))
    storage.sync(ROOT)
    there = read_ref(plan.url)
    if there.fingerprint != plan.fingerprint:
        raise FileExistsError(f"{plan.url!r} was sealed meanwhile by the ingest of something else.")
    tidy(storage)
    return put_in_place(plan) if plan.replaces else there


def _root(
    notes: Notes, arrays: Mapping[str, ArrayLayout], labels: Mapping[str, str], metadata: Mapping[str, str]
) -> bytes:
    """The group metadata whose existence makes the dataset exist."""
    software = {}
    for name in SOFTWARE:
        with suppress(PackageNotFoundError):  # a checkout that is not installed has no version
            software[name] = version(name)
    attrs = notes.attrs | {
        "schema": SCHEMA,
        "fingerprint": notes.fingerprint,
        "arrays": jsonable({name: layout.model_dump(mode="json") for name, layout in arrays.items()}),
        "labels": dict(labels),
        "metadata": dict(metadata),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": software,
    }
    if notes.coordinates:
        attrs["coordinates"] = " ".join(notes.coordinates)
    return encode(attrs)
