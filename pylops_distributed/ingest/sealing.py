"""Last step of an ingest, and the datasets it leaves: only sealed ones open."""

from __future__ import annotations

import json
import logging
import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import dask.array as da
import xarray as xr

from pylops_distributed.ingest.block_writer import check_sources
from pylops_distributed.ingest.formats.segy.template_copy import is_raw_header
from pylops_distributed.ingest.journal import NOTES, ROOT, WORK, Notes, read_notes
from pylops_distributed.ingest.merge import jsonable
from pylops_distributed.ingest.models import ArrayLayout, BlockReport, DatasetRef, Plan, Statistics
from pylops_distributed.storage.checksums import checksums
from pylops_distributed.storage.group_metadata import Json, digest, encode, metadata_key
from pylops_distributed.storage.object_store import Storage, chunks_present, open_array, open_storage

SCHEMA = "pylops-distributed-dataset/1"
log = logging.getLogger(__name__)
OWN = ("labels", "metadata", "digest")  # attributes that are for checking alone
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
    """The dataset of a plan, if it is sealed; leftovers of its ingest are deleted."""
    storage = open_storage(plan.url)
    if not storage.exists(ROOT) or (there := read_ref(plan.url)).fingerprint != plan.fingerprint:
        return None
    tidy(storage)
    return there


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
    labels = {name: checksums(stored(storage, name)) for name in _names(storage) if name not in arrays}
    metadata = {name: digest(storage.get(metadata_key(name))) for name in (*arrays, *labels)}
    storage.put_new(ROOT, _root(notes, arrays, labels, metadata))
    storage.sync(ROOT)
    there = read_ref(plan.url)
    if there.fingerprint != plan.fingerprint:
        raise FileExistsError(f"{plan.url!r} was sealed meanwhile by the ingest of something else.")
    tidy(storage)
    return there


def open_dataset(url: str) -> xr.Dataset:
    """Open a sealed dataset lazily, one Dask chunk per stored chunk.

    Parameters
    ----------
    url : str
        Local folder or ``s3://bucket/prefix``.

    Returns
    -------
    xarray.Dataset
        Variables, coordinates with units, and in the attributes ``sources``, ``arrays`` (with statistics) and
        ``fingerprint``. Stored chunks are checksummed: reading a corrupt one raises ``ValueError``.

    Raises
    ------
    FileNotFoundError
        If there is no dataset, or its ingest was not finished.
    ValueError
        If it is not one of ours, or chunks are missing.
    """
    names = present(url)
    try:
        ds: xr.Dataset = xr.open_zarr(
            open_storage(url).zarr(read_only=True, whole=True), consolidated=False, chunks={},
            drop_variables=[name for name in names if is_raw_header(name)],
        )  # fmt: skip
    except ValueError as error:  # coordinates are read at once
        raise ValueError(f"{url!r} is corrupt: a coordinate: {error} Ingest it again.") from error
    for key in OWN:
        ds.attrs.pop(key, None)
    return ds


def present(url: str) -> list[str]:
    """Names of all arrays of a dataset, each found to be all there; raises as :func:`open_dataset` does."""
    storage, ref = open_storage(url), read_ref(url)
    names = sorted(ref.metadata or {*ref.arrays, *_names(storage)})
    for name in names:
        try:
            if ref.metadata and digest(storage.get(metadata_key(name))) != ref.metadata[name]:
                raise ValueError(f"the metadata of {name!r} have changed since they were written")
            there, wanted = chunks_present(open_array(storage, name))
            if there != wanted:
                raise ValueError(f"{name!r} has {there} of {wanted} chunks")
        except (ValueError, FileNotFoundError) as error:
            raise ValueError(f"{url!r} is corrupt: {error}. Ingest it again.") from error
    return names


def stored(storage: Storage, name: str) -> da.Array:
    """An array of a dataset, lazily, one Dask chunk per stored chunk, and not as xarray decodes it."""
    array = open_array(storage, name)
    return da.from_array(array, chunks=array.chunks)


def read_ref(url: str) -> DatasetRef:
    """Reference to the sealed dataset at ``url``; it raises as :func:`open_dataset` does."""
    storage = open_storage(url)
    attrs = _root_attrs(storage, url)
    if attrs.get("schema") != SCHEMA:
        raise ValueError(
            f"{url!r} holds Zarr data that were not ingested (schema {attrs.get('schema')!r}): "
            "give it to ingest() as a source, with another URL for the dataset."
        )
    fields = {key: attrs[key] for key in ("fingerprint", "arrays", "labels", "metadata") if key in attrs}
    return DatasetRef(url=storage.url, **fields)


def _root_attrs(storage: Storage, url: str) -> Json:
    try:
        return _read_root(storage.get(ROOT), url)
    except FileNotFoundError:
        pass
    if storage.exists(NOTES):
        raise FileNotFoundError(
            f"the ingest into {url!r} was not finished: run it again with the same source to resume it, "
            f"or delete it with: {discard_words(storage)}"
        )
    raise FileNotFoundError(f"there is no dataset at {url!r}.")


def _read_root(raw: bytes, url: str) -> Json:
    """Attributes of the group metadata; those of older versions bear no digest."""
    try:
        attrs = dict(json.loads(raw)["attributes"])
        signed = attrs.pop("digest", None) is not None or "metadata" in attrs
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{url!r} is corrupt: {ROOT} cannot be read: {error}. Ingest it again.") from None
    if signed and encode(attrs) != raw:
        raise ValueError(f"{url!r} is corrupt: {ROOT} has changed since it was written. Ingest it again.")
    return attrs


def discard_words(storage: Storage) -> str:
    """The command that deletes a dataset or an unfinished ingest."""
    return f"pld discard {shlex.quote(storage.place)}"


def _names(storage: Storage) -> list[str]:
    """Names of all arrays of a dataset: variables, coordinates and masks."""
    return [name for name in storage.dirs() if name != WORK]


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
