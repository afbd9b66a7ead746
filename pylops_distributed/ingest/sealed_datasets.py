"""Sealed datasets: opening them, and references to them."""

from __future__ import annotations

import json
import shlex

import dask.array as da
import xarray as xr

from pylops_distributed.ingest.formats.segy.template_copy import is_raw_header
from pylops_distributed.ingest.journal import NOTES, ROOT, WORK
from pylops_distributed.ingest.models import DatasetRef
from pylops_distributed.storage.group_metadata import Json, digest, encode, metadata_key
from pylops_distributed.storage.object_store import Storage, chunks_present, open_array, open_storage

SCHEMA = "pylops-distributed-dataset/1"
OWN = ("labels", "metadata", "digest")  # attributes that are for checking alone


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
    names = sorted(ref.metadata or {*ref.arrays, *array_names(storage)})
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


def array_names(storage: Storage) -> list[str]:
    """Names of all arrays of a dataset: variables, coordinates and masks."""
    return [name for name in storage.dirs() if name != WORK]
