"""Zarr, versions 2 and 3, with labels or without, local or on S3."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dask.array as da
import psutil
import xarray as xr
import zarr
from zarr.errors import GroupNotFoundError, NodeNotFoundError

from pylops_distributed.ingest.formats.base import choose, choose_labelled, name_axes
from pylops_distributed.ingest.formats.chunking import chunk_dataset, regular_chunks
from pylops_distributed.ingest.formats.coordinates import (
    Coords,
    Interval,
    add_coords,
    arrays_named,
    check_dims,
    rename_axes,
)
from pylops_distributed.storage.object_store import Array, chunks_present, open_storage

if TYPE_CHECKING:
    from zarr.abc.store import Store

MASK = "trace_mask"


def open_zarr(
    path: str,
    *,
    variables: Sequence[str] | None = None,
    dims: Sequence[str] | None = None,
    chunks: Mapping[str, int] | None = None,
    coords: Coords | None = None,
    interval: Interval | None = None,
) -> xr.Dataset:
    """Open a Zarr group or array lazily.

    Parameters
    ----------
    path : str
        Folder or ``s3://`` URL.
    variables : sequence of str, optional
        Arrays of the group to take; all by default.
    dims : sequence of str, optional
        Names of the axes; where the store has some, other names for those of the variables.
    chunks : mapping of str to int, optional
        Length of chunks by dimension. By default near 16 MB, along the chunks of the store.
    coords : mapping, optional
        Coordinates by dimension, instead of the store's: a list of values, the name of an array of the file, or a
        mapping of ``start``, ``step`` and ``units`` (or ``values`` and ``units``).
    interval : float, str, or mapping, optional
        Step of the axis of time or depth, from 0 on: a number (along ``twt`` in ms), or one with a unit as ``"4 ms"``;
        or such steps by dimension.

    Returns
    -------
    xarray.Dataset
        What the store holds, with coordinates and attributes where it has them. Fill values of labelled arrays of
        version 2 are missing numbers, as in xarray, except 0.

    Raises
    ------
    ValueError
        If there is no complete Zarr group or array, an option does not fit, a codec is not one that only decodes
        numbers or text, or a chunk is larger than memory.
    """
    store = open_storage(path).zarr(read_only=True)
    try:
        node: Any = zarr.open(store, mode="r")
    except (FileNotFoundError, GroupNotFoundError, NodeNotFoundError) as error:
        raise ValueError(
            f"{path!r} is not a Zarr group or array, or its writing was not finished."
        ) from error
    check_dims(dims)
    arrays = {"array": node} if isinstance(node, zarr.Array) else dict(node.arrays())
    if not arrays and (inner := sorted(name for name, _ in node.groups())):
        raise ValueError(
            f"{path!r} holds no array itself, but the groups {inner[:20]}: give the path of one, such as "
            f"{path.rstrip('/')}/{inner[0]}."
        )
    for array in arrays.values():  # coordinates that nobody chose are read, too
        _check_chunk(path, array)
    plain = {name: array for name, array in arrays.items() if array.dtype.kind != "V"}
    _check_structured(path, arrays, plain, variables)
    if not isinstance(node, zarr.Array) and plain and all(_labelled(array) for array in plain.values()):
        left_out = sorted(set(arrays) - set(plain))
        whole = _open_labelled(store, left_out, arrays)
        ds = with_mask(whole, choose_labelled(whole, variables, coords, path))
        ds = ds if dims is None else rename_axes(ds, dims, path)
        ds = add_coords(
            ds, coords, interval, {str(name): array for name, array in whole.variables.items()}, path
        )
        return chunk_dataset(ds, chunks, "chunks")
    ds = xr.Dataset(attrs=dict(node.attrs))
    if variables is None:
        variables = [name for name in plain if name not in arrays_named(coords)]
    for name, array in choose(plain, variables, path).items():
        names = name_axes(name, array.ndim, dims, len(variables) == 1)
        cut = regular_chunks(
            dict(zip(names, array.shape, strict=True)), array.dtype, chunks, stored=array.chunks
        )
        ds[name] = (names, da.from_array(array, chunks=tuple(cut.values())))
    return add_coords(ds, coords, interval, plain, path)


def absent_chunks(path: str) -> dict[str, str]:
    """Number of the chunks of each array that are not stored, where there are any: they read as the fill value.

    Zarr leaves out chunks that hold nothing else, so that nobody knows whether one was written and lost. Not so in
    what this library writes.

    Raises
    ------
    ValueError
        If one is missing in what this library wrote.
    """
    node: Any = zarr.open(open_storage(path).zarr(read_only=True), mode="r")
    arrays = {"array": node} if isinstance(node, zarr.Array) else dict(node.arrays())
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


def with_mask(whole: xr.Dataset, names: Sequence[str]) -> xr.Dataset:
    """The variables chosen, with the mask of the traces that the store has for them."""
    ds = whole[list(names)]
    if MASK not in whole.variables:
        return ds
    mask = whole[MASK]
    for name in names:
        if name != MASK and set(mask.dims) < set(ds[name].dims):
            ancillary = str(ds[name].attrs.get("ancillary_variables", "")).split()
            if not any(other.endswith(MASK) for other in ancillary):
                ds[name].attrs["ancillary_variables"] = " ".join([*ancillary, MASK])
            ds = ds.assign({MASK: mask.variable})
    return ds


def _check_structured(
    path: str, arrays: Mapping[str, Array], plain: Mapping[str, Array], variables: Sequence[str] | None
) -> None:
    """Raise for arrays of records, which have no numbers to take, unless others are chosen."""
    records = sorted(set(arrays) - set(plain))
    if records and (variables is None or set(records) & set(variables)):
        raise ValueError(
            f"{path!r}: {records} are of a structured type, which cannot be taken: choose others with "
            f"variables=, of {sorted(plain)}."
        )


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
