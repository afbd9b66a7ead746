"""Zarr, versions 2 and 3, with labels or without, local or on S3."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psutil
import xarray as xr
import zarr
from zarr.errors import GroupNotFoundError, NodeNotFoundError

from pylops_distributed.ingest.formats.contents import FileContents, bare_contents
from pylops_distributed.ingest.formats.mdio import mdio_grid
from pylops_distributed.ingest.formats.segy.template_copy import is_raw_header
from pylops_distributed.storage.object_store import Array, chunks_present, open_storage

if TYPE_CHECKING:
    from zarr.abc.store import Store


def read_zarr(path: str, *, group: str | None = None) -> FileContents:
    """Contents of a Zarr group or array.

    Parameters
    ----------
    path : str
        Folder or ``s3://`` URL.
    group : str, optional
        Group inside the store, as ``"run/model"``.

    Returns
    -------
    FileContents
        Arrays of the group, with coordinates and attributes where it has them. Fill values of labelled arrays of
        version 2 are missing numbers, as in xarray, except 0. MDIO is read with its grid and mask.

    Raises
    ------
    ValueError
        If there is no complete Zarr group or array, a codec is not one that only decodes numbers or text, or a chunk
        is larger than memory.
    """
    try:
        store = open_storage(f"{path.rstrip('/')}/{group}" if group else path).zarr(read_only=True)
        node: Any = zarr.open(store, mode="r")
    except (FileNotFoundError, GroupNotFoundError, NodeNotFoundError) as error:
        inside = f", or has no group {group!r}" if group else ""
        raise ValueError(
            f"{path!r} is not a Zarr group or array{inside}, or its writing was not finished."
        ) from error
    arrays = {"array": node} if isinstance(node, zarr.Array) else dict(node.arrays())
    for array in arrays.values():  # coordinates that nobody chose are read, too
        _check_chunk(path, array)
    if not arrays and (grid := mdio_grid(node)) is not None:
        for array in grid.arrays:
            _check_chunk(path, array)
        return grid.contents()
    plain = {name: array for name, array in arrays.items() if array.dtype.kind != "V"}
    left_out = dict.fromkeys(sorted(set(arrays) - set(plain)), "of a structured type")
    if not isinstance(node, zarr.Array) and plain and all(_labelled(array) for array in plain.values()):
        ours = str(node.attrs.get("schema", "")).startswith("pylops-distributed-")
        # Headers of SEG-Y that datasets of this library keep; other files may have arrays of such names.
        headers = [name for name in plain if is_raw_header(name)] if ours else []
        return FileContents(_open_labelled(store, [*left_out, *headers], arrays), left_out)
    groups = () if plain else _inner_groups(node, f"{group}/" if group else "")
    return bare_contents(plain, left_out, groups, **dict(node.attrs))


def _inner_groups(node: Any, start: str) -> tuple[str, ...]:
    """Groups below this one that hold arrays."""
    inner = {
        name.rpartition("/")[0] for name, one in node.members(max_depth=None) if isinstance(one, zarr.Array)
    }
    return tuple(sorted(start + name for name in inner - {""}))


def absent_chunks(path: str, group: str | None = None) -> dict[str, str]:
    """Number of the chunks of each array that are not stored, where there are any: they read as the fill value.

    Zarr leaves out chunks that hold nothing else, so that nobody knows whether one was written and lost. Not so in
    what this library writes.

    Raises
    ------
    ValueError
        If one is missing in what this library wrote.
    """
    store = open_storage(f"{path.rstrip('/')}/{group}" if group else path).zarr(read_only=True)
    node = zarr.open(store, mode="r")
    arrays: dict[str, Array] = {"array": node} if isinstance(node, zarr.Array) else dict(node.arrays())
    absent = {}
    for name, array in sorted(arrays.items()):
        present, wanted = chunks_present(array)
        if present < wanted:
            absent[name] = f"{wanted - present} of {wanted}"
    if absent and str(node.attrs.get("schema", "")).startswith("pylops-distributed-"):
        raise ValueError(
            f"{path!r} is corrupt: chunks are missing: {absent}. Make it anew, or copy it again."
        )
    return absent


def _open_labelled(store: Store, left_out: Sequence[str], arrays: Mapping[str, Array]) -> xr.Dataset:
    """The variables of a labelled store, decoded, with zeros left as they are.

    In version 2, xarray keeps what stands for a missing value as the array's fill value, and takes any fill value for
    that. But 0 is what Zarr itself fills in by default: muted samples would become NaN. Of packed numbers it is one.
    """
    raw: xr.Dataset = xr.open_zarr(
        store, consolidated=False, chunks=None, drop_variables=list(left_out), decode_cf=False
    )
    for name, variable in raw.variables.items():
        array, attrs = arrays.get(str(name)), variable.attrs
        plain = array is not None and array.metadata.zarr_format == 2 and "_FillValue" not in array.attrs
        if plain and not {"scale_factor", "add_offset"} & set(attrs) and attrs.get("_FillValue") == 0:
            del attrs["_FillValue"]
    return xr.decode_cf(raw, decode_timedelta=False)


def _check_chunk(path: str, array: Array) -> None:
    """Reject chunks, or indices of shards, that do not fit into memory: to read any of one is to hold all of it."""
    inner = math.prod(array.chunks) * max(1, array.dtype.itemsize)
    outer = math.prod(array.shards or array.chunks) // max(1, math.prod(array.chunks)) * 16
    if (nbytes := max(inner, outer)) > (room := psutil.virtual_memory().total):
        raise ValueError(
            f"{path!r}: {array.path or 'the array'} claims a chunk of {nbytes / 1e12:.3g} TB, and this machine has "
            f"{room / 1e12:.3g} TB of memory: write it anew with smaller chunks"
        )


def _labelled(array: Array) -> bool:
    """Whether the axes have names, as xarray writes them."""
    return (
        "_ARRAY_DIMENSIONS" in array.attrs
        or bool(getattr(array.metadata, "dimension_names", None))
        or not array.ndim
    )
