"""Default chunks: regular, near 16 MB, whole along the axes that are read whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import dask.array as da
import numpy as np
from dask.array.core import normalize_chunks

from pylops_distributed import tuning
from pylops_distributed.ingest.formats.named_reads import chunk_named

if TYPE_CHECKING:
    import xarray as xr


def check_chunks(sizes: Iterable[str], chunks: Mapping[str, int] | None) -> None:
    """Raise for lengths of chunks for unknown dimensions, or neither positive nor -1."""
    asked, dims = dict(chunks or {}), list(sizes)
    if unknown := set(asked) - set(dims):
        raise ValueError(f"chunks name {sorted(unknown)}, but the dimensions are {dims}.")
    if bad := {name: size for name, size in asked.items() if size != -1 and size < 1}:
        raise ValueError(f"chunks must be positive, or -1 for a whole dimension; got {bad}.")


def chunk_dataset(ds: xr.Dataset, chunks: Mapping[str, int] | None, stored: str, path: str) -> xr.Dataset:
    """Make the variables of a dataset lazy.

    Parameters
    ----------
    ds : xarray.Dataset
        With variables that are not read yet.
    chunks : mapping of str to int, optional
        Length of chunks by dimension.
    stored : str
        Key of the file's own chunks in the variables' encoding.
    path : str
        The file, for errors of reading.

    Returns
    -------
    xarray.Dataset
        The same, backed by Dask in regular chunks.
    """
    check_chunks(map(str, ds.sizes), chunks)

    def lazy(array: xr.DataArray) -> xr.DataArray:
        if not array.ndim:  # which chunk() leaves as it is
            try:
                value = np.asarray(array.values)
            except TypeError as error:  # of HDF5 datasets that hold nothing
                raise ValueError(
                    f"{array.name!r} cannot be read: {error}; choose others with variables="
                ) from error
            return array.copy(data=da.from_array(value, chunks=()))
        sizes = {str(dim): size for dim, size in array.sizes.items()}
        asked = {dim: size for dim, size in (chunks or {}).items() if dim in sizes}
        cut = regular_chunks(sizes, array.dtype, asked, stored=array.encoding.get(stored))
        return chunk_named(array, cut, path)

    return ds.map(lazy, keep_attrs=True)


def regular_chunks(
    sizes: Mapping[str, int],
    dtype: np.dtype[np.generic],
    chunks: Mapping[str, int] | None = None,
    *,
    whole: Iterable[str] = (),
    stored: tuple[int, ...] | None = None,
) -> dict[str, int]:
    """Choose the length of the chunks along each dimension.

    Parameters
    ----------
    sizes : mapping of str to int
        Length of each dimension.
    dtype : numpy.dtype
        Type of the elements.
    chunks : mapping of str to int, optional
        Lengths the user asks for; -1 is the whole dimension.
    whole : iterable of str, optional
        Dimensions not to cut unless asked for in ``chunks``.
    stored : tuple of int, optional
        Chunks of the file itself, to be respected where possible.

    Returns
    -------
    dict of str to int
        One length for each dimension, at most its size.

    Raises
    ------
    ValueError
        If ``chunks`` names an unknown dimension or a length that is neither positive nor -1.
    """
    check_chunks(sizes, chunks)
    asked = dict.fromkeys(whole, -1) | dict(chunks or {})
    wish = tuple(min(asked[name], size) if name in asked else "auto" for name, size in sizes.items())
    if dtype.hasobject or dtype.itemsize == 0:
        dtype = np.dtype(np.float64)  # words have no fixed size
    if 0 in sizes.values():
        return {name: max(1, size) for name, size in sizes.items()}
    limit = tuning.nbytes("ingest.chunk")
    _check_number(sizes, dtype, stored, limit)
    cut = normalize_chunks(wish, tuple(sizes.values()), limit=limit, dtype=dtype, previous_chunks=stored)
    return {name: lengths[0] for name, lengths in zip(sizes, cut, strict=True)}


def _check_number(
    sizes: Mapping[str, int], dtype: np.dtype[np.generic], stored: tuple[int, ...] | None, limit: int
) -> None:
    """Raise for an absurd number of chunks, which Dask would list before anything is read."""
    nbytes = math.prod(sizes.values()) * dtype.itemsize
    along = [size // max(1, chunk) for size, chunk in zip(sizes.values(), stored or (), strict=False)]
    if max([*along, nbytes // limit]) > tuning.count("ingest.chunks"):
        raise ValueError(
            f"an array of shape {tuple(sizes.values())} is claimed, {nbytes / 1e12:.3g} TB in chunks of "
            f"{stored or limit}: no file can hold that; it is corrupt, or made up"
        )
