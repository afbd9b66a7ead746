"""Zarr, versions 2 and 3, with labels or without, local or on S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dask.array as da
import xarray as xr
import zarr
from zarr.errors import GroupNotFoundError, NodeNotFoundError

from pylops_distributed.ingest.chunking import chunk_dataset, regular_chunks
from pylops_distributed.ingest.formats import choose, name_axes
from pylops_distributed.store.storage import open_storage


def open_zarr(
    path: str,
    *,
    variables: Sequence[str] | None = None,
    dims: Sequence[str] | None = None,
    chunks: Mapping[str, int] | None = None,
) -> xr.Dataset:
    """Open a Zarr group or array lazily.

    Parameters
    ----------
    path : str
        Folder or ``s3://`` URL.
    variables : sequence of str, optional
        Arrays of the group to take; all by default.
    dims : sequence of str, optional
        Names of the axes, where the store has none.
    chunks : mapping of str to int, optional
        Length of chunks by dimension. By default near 16 MB, along the chunks of the store.

    Returns
    -------
    xarray.Dataset
        What the store holds, with coordinates and attributes where it has them.

    Raises
    ------
    ValueError
        If there is no complete Zarr group or array, or an option does not fit.
    """
    store = open_storage(path).zarr(read_only=True)
    try:
        node: Any = zarr.open(store, mode="r")
    except (FileNotFoundError, GroupNotFoundError, NodeNotFoundError) as error:
        raise ValueError(
            f"{path!r} is not a Zarr group or array, or its writing was not finished."
        ) from error
    arrays = {"array": node} if isinstance(node, zarr.Array) else dict(node.arrays())
    if not isinstance(node, zarr.Array) and arrays and all(_labelled(array) for array in arrays.values()):
        ds: xr.Dataset = xr.open_zarr(store, consolidated=False, chunks=None)
        ds = ds[list(choose({str(name): 0 for name in ds.data_vars}, variables, path))]
        return chunk_dataset(ds, chunks, "chunks")
    ds = xr.Dataset(attrs=dict(node.attrs))
    for name, array in choose(arrays, variables, path).items():
        names = name_axes(name, array.ndim, dims, len(arrays) == 1 or bool(variables and len(variables) == 1))
        cut = regular_chunks(
            dict(zip(names, array.shape, strict=True)), array.dtype, chunks, stored=array.chunks
        )
        ds[name] = (names, da.from_array(array, chunks=tuple(cut.values())))
    return ds


def _labelled(array: Any) -> bool:
    """Whether the axes have names, as xarray writes them."""
    return (
        "_ARRAY_DIMENSIONS" in array.attrs
        or bool(getattr(array.metadata, "dimension_names", None))
        or not array.ndim
    )
