"""First step of an ingest: everything but the data."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import DTypeLike

from pylops_distributed import tuning
from pylops_distributed.ingest.block_writer import open_writable
from pylops_distributed.ingest.discarding import (
    check_replaceable,
    dataset_state,
    delete,
    discard_replacement,
    place_of_replacement,
)
from pylops_distributed.ingest.formats.chunking import regular_chunks
from pylops_distributed.ingest.formats.labels import NAME, NUMBERS
from pylops_distributed.ingest.formats.source import Source
from pylops_distributed.ingest.formats.zarr import absent_chunks
from pylops_distributed.ingest.journal import NOTES, ROOT, Notes, read_notes
from pylops_distributed.ingest.merge import is_companion, jsonable, numbers_to_read, open_sources
from pylops_distributed.ingest.models import FINGERPRINT, ArrayLayout, Plan
from pylops_distributed.ingest.raw_headers import store_headers
from pylops_distributed.ingest.sealed_datasets import SCHEMA, discard_words, read_ref
from pylops_distributed.ingest.sealing import tidy
from pylops_distributed.storage.object_store import Storage, create_array, open_storage
from pylops_distributed.vectors.types import NDArray

log = logging.getLogger(__name__)


def plan(
    source: Source | str | Mapping[str, Source],
    url: str,
    *,
    chunks: Mapping[str, int] | None = None,
    replace: bool = False,
) -> Plan:
    """Lay out the dataset without its data: metadata, coordinates and notes, but not sealed.

    Parameters and errors are those of :func:`~pylops_distributed.ingest.ingest`.

    Returns
    -------
    Plan
        A reference for :func:`write_block` and :func:`seal`.
    """
    notes, ds = _read_sources(source, chunks)
    nbytes = sum(math.prod(one.shape) * np.dtype(one.dtype).itemsize for one in notes.arrays.values())
    storage, replaces = _choose_place(open_storage(_named(url, notes)), notes, replace)
    planned = Plan(
        url=storage.url, fingerprint=notes.fingerprint, blocks=len(notes.blocks), nbytes=nbytes, replaces=replaces
    )  # fmt: skip
    state = _claim(storage, notes)
    if state == "sealed":
        return planned.model_copy(update={"sealed": True})
    try:
        _create(storage, ds, notes.arrays)
        store_headers(storage, notes.sources)
    except (
        TypeError,
        ValueError,
    ):  # would come again; unlike those of storage, which a second try may resume
        if state == "new":
            delete(storage)
        raise
    _warn(ds)
    return planned


def locate(
    source: Source | str | Mapping[str, Source], url: str, *, chunks: Mapping[str, int] | None = None
) -> str:
    """Where :func:`plan` would put the dataset; reads the sources, and writes nothing."""
    return _named(url, _read_sources(source, chunks)[0])


def _named(url: str, notes: Notes) -> str:
    return url.replace(FINGERPRINT, notes.fingerprint[:8])


def _read_sources(
    source: Source | str | Mapping[str, Source], chunks: Mapping[str, int] | None
) -> tuple[Notes, xr.Dataset]:
    """The sources as one lazy dataset, and what the steps after this one must know of it."""
    sources = _as_sources(source, chunks)
    stamps: dict[str, tuple[int, int] | None] = {name: one.stamp() for name, one in sources.items()}
    ds = open_sources(sources)
    for one in ds.attrs["sources"]:
        group, absent = one["options"].get("group"), dict[str, str]()
        for path in one.get("files", [one["source"]]) if one["format"] == "zarr" else ():
            absent |= absent_chunks(path, group)
        if taken := {name: number for name, number in absent.items() if name not in one.get("left_out", ())}:
            one["absent_chunks"] = taken
    for name in map(str, ds.variables):
        if not NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot be the name of an array: expected one without / \\ % # ? that begins with "
                "neither a dot nor __; rename it, or choose others with the option variables="
            )
    arrays = {str(name): _layout(ds[name]) for name in ds.data_vars if not is_companion(name)}
    for name in _whole_names(ds):
        _whole(ds, name)  # before anything is created
    notes = Notes(
        fingerprint=_fingerprint(ds, arrays),
        block_bytes=tuning.nbytes("ingest.block"), sources=sources, stamps=stamps, arrays=arrays,
        folders=tuple(name for name, one in sources.items() if one.is_folder),
        coordinates=tuple(sorted(str(name) for name in set(ds.coords) - set(ds.dims))),
        traces={name: numbers for name in arrays if (numbers := numbers_to_read(ds, name))}, attrs=ds.attrs,
    )  # fmt: skip
    return notes, ds


def _warn(ds: xr.Dataset) -> None:
    """Log what may be wrong with the sources, but need not be."""
    for one in ds.attrs["sources"]:
        if one.get("left_out"):
            log.warning("%s: left out, as only numbers can be ingested: %s", one["source"], one["left_out"])
        for name, number in one.get("absent_chunks", {}).items():
            log.warning(
                "%s: %s chunks of %r are not stored, and read as its fill value: they hold nothing else, or were lost",
                one["source"], number, name,
            )  # fmt: skip
    for dim in sorted(map(str, set(ds.dims) & set(ds.coords))):
        values, counts = np.unique(ds[dim].values, return_counts=True)
        if (counts > 1).any():
            log.warning("the coordinate %r has %s more than once", dim, values[counts > 1][:5].tolist())


def _choose_place(storage: Storage, notes: Notes, replace: bool) -> tuple[Storage, str | None]:
    """Where to write, and the dataset that this replaces in the end."""
    if not replace:
        return storage, None
    if not _differs(storage, notes):
        discard_replacement(storage)
        return storage, None
    check_replaceable(storage, [path for one in notes.sources.values() for path in one.files()])
    replacement = place_of_replacement(storage)
    if replacement is None:
        delete(storage)
        return storage, None
    if _differs(replacement, notes):
        discard_replacement(storage)
    return replacement, storage.url


def _claim(storage: Storage, notes: Notes) -> str:
    """Take the URL for this ingest, or raise: ``'sealed'`` if the same dataset exists, ``'new'`` or ``'resumed'``."""
    data = notes.encode()
    if storage.exists(ROOT):
        there = read_ref(storage.url)
        if there.fingerprint != notes.fingerprint:
            raise FileExistsError(
                f"{storage.url!r} holds another dataset: its sources, options or chunks differ (fingerprint "
                f"{there.fingerprint[:9]}, not {notes.fingerprint[:9]}). Choose another place, replace it with "
                f"--replace (in Python replace=True), or delete it first: {discard_words(storage)}"
            )
        tidy(storage)  # left by a run that died right after sealing
        return "sealed"
    if not storage.exists(NOTES) and (key := next(storage.list(), None)):
        raise FileExistsError(
            f"{storage.url!r} is not empty, it holds {key!r}, which is no dataset: choose another place."
        )
    if storage.put_new(NOTES, data):
        return "new"
    if (left := read_notes(storage)).fingerprint != notes.fingerprint:
        paths = [one.path for one in left.sources.values()]
        raise FileExistsError(
            f"{storage.url!r} holds the unfinished ingest of {paths} with other content, options or chunks: choose "
            "another place, replace it with --replace (in Python replace=True), or delete it first: "
            f"{discard_words(storage)}"
        )
    storage.put(NOTES, data)  # same content, but the file may have moved
    return "resumed"


def _differs(storage: Storage, notes: Notes) -> bool:
    """Whether there is a dataset, finished or not, and not the same."""
    try:
        state = dataset_state(storage)
        if state is None:
            return False
        there = read_ref(storage.url) if state == "sealed" else read_notes(storage)
    except ValueError:  # it is corrupt, or of a version that wrote other notes
        return True
    return there.fingerprint != notes.fingerprint


def _as_sources(
    source: Source | str | Mapping[str, Source], chunks: Mapping[str, int] | None
) -> dict[str, Source]:
    """One form for all ways to say it; the chunks of the store are those of the readers."""
    if isinstance(source, str):
        source = Source(path=source)
    many = {"": source} if isinstance(source, Source) else dict(source)
    if not many:
        raise ValueError("no source given: expected a Source, a path, or {variable: Source}.")
    if chunks is None:
        return many
    return {
        name: one.model_copy(update={"options": one.options | {"chunks": dict(chunks)}})
        for name, one in many.items()
    }


def _layout(array: xr.DataArray) -> ArrayLayout:
    """Shape and chunks in the store: those of the lazy array."""
    if array.dtype.newbyteorder("=") not in NUMBERS:
        kind = "of a structured type" if array.dtype.names else f"of type {array.dtype}"
        raise ValueError(
            f"{array.name!r} is {kind}, expected numbers of up to 64 bits (complex: 2 x 64): only "
            "numerical arrays can be ingested; "
            "choose others with the option variables="
        )
    if array.chunks is None or any(len(set(cut[:-1])) > 1 or cut[-1] > cut[0] for cut in array.chunks):
        raise ValueError(f"{array.name!r} has chunks {array.chunks}: Zarr needs regular ones.")
    return ArrayLayout(
        dims=tuple(map(str, array.dims)), shape=array.shape, dtype=array.dtype.newbyteorder("=").str,
        chunks=tuple(max(1, cut[0]) for cut in array.chunks),
    )  # fmt: skip


def _fingerprint(ds: xr.Dataset, arrays: Mapping[str, ArrayLayout]) -> str:
    """Hash of the contents, options and layouts; where the files lie does not matter."""
    unrelated = ("source", "files", "left_out")
    sources = [
        {key: value for key, value in one.items() if key not in unrelated} for one in ds.attrs["sources"]
    ]
    text = json.dumps(
        [SCHEMA, sources, {name: one.model_dump() for name, one in arrays.items()}], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _create(storage: Storage, ds: xr.Dataset, arrays: Mapping[str, ArrayLayout]) -> None:
    """Empty arrays for the data, whole ones for coordinates and masks."""
    for name, layout in arrays.items():
        _ensure(storage, name, layout, jsonable(ds[name].attrs))
    for name in _whole_names(ds):
        variable, values, dtype = _whole(ds, name)
        dims = tuple(str(dim) for dim in variable.dims)
        cut = regular_chunks(dict(zip(dims, values.shape, strict=True)), np.dtype("f8"))
        if not storage.exists(f"{name}/zarr.json"):
            create_array(
                storage, name, values.shape, tuple(cut.values()), dtype, dims, jsonable(variable.attrs)
            )
        open_writable(storage, name)[...] = values


def _whole_names(ds: xr.Dataset) -> list[str]:
    """Arrays that are copied whole, not block by block: coordinates and masks."""
    return [str(name) for name in [*ds.coords, *(name for name in ds.data_vars if is_companion(name))]]


def _whole(ds: xr.Dataset, name: str) -> tuple[xr.Variable, NDArray, DTypeLike]:
    """An array that is copied whole, as it is stored: the variable, its values and their type.

    Raises
    ------
    ValueError
        If it is neither numbers, times nor text.
    """
    variable = ds[name].variable
    if variable.dtype.kind in "mM":
        variable = xr.conventions.encode_cf_variable(variable, name=name)
    values = np.asarray(variable.values)
    text = values.dtype.kind in "UST" or all(isinstance(item, str) for item in values.flat)
    if not (text or values.dtype.newbyteorder("=") in NUMBERS):
        raise ValueError(
            f"{name!r} is of type {values.dtype}, expected numbers of up to 64 bits, times, or text: convert it at "
            "the source"
        )
    return variable, values, np.dtypes.StringDType() if values.dtype.kind in "OUST" else values.dtype


def _ensure(storage: Storage, name: str, layout: ArrayLayout, attrs: Mapping[str, object]) -> None:
    if not storage.exists(f"{name}/zarr.json"):
        create_array(storage, name, layout.shape, layout.chunks, layout.dtype, layout.dims, attrs)
