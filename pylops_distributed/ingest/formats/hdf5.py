"""NetCDF and plain HDF5, lazily."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import xarray as xr

from pylops_distributed.ingest.formats.base import choose_labelled, require
from pylops_distributed.ingest.formats.chunking import chunk_dataset
from pylops_distributed.ingest.formats.coordinates import (
    Coords,
    Interval,
    add_coords,
    check_dims,
    rename_axes,
)
from pylops_distributed.ingest.formats.hdf5_links import check_contained


def open_hdf(
    path: str,
    *,
    group: str | None = None,
    variables: Sequence[str] | None = None,
    dims: Sequence[str] | None = None,
    chunks: Mapping[str, int] | None = None,
    coords: Coords | None = None,
    interval: Interval | None = None,
) -> xr.Dataset:
    """Open a NetCDF (3 or 4) or an HDF5 file lazily.

    Parameters
    ----------
    path : str
        The file.
    group : str, optional
        Group inside the file; the root by default.
    variables : sequence of str, optional
        Variables to take; all by default.
    dims : sequence of str, optional
        Names of the axes of HDF5 datasets that have none, which by default are called ``phony_dim_0``, ...; where
        all have some, other names for those of the variables.
    chunks : mapping of str to int, optional
        Length of chunks by dimension. By default near 16 MB, along the chunks of the file.
    coords : mapping, optional
        Coordinates by dimension, instead of the file's: a list of values, the name of an array of the file, or a
        mapping of ``start``, ``step`` and ``units`` (or ``values`` and ``units``).
    interval : float, str, or mapping, optional
        Step of the axis of time or depth, from 0 on: a number (along ``twt`` in ms), or one with a unit as ``"4 ms"``;
        or such steps by dimension.

    Returns
    -------
    xarray.Dataset
        Variables, coordinates and attributes as in the file; packed integers are decoded.

    Raises
    ------
    ImportError
        If h5netcdf or h5py is not installed.
    ValueError
        If the file is corrupt, or an option does not fit.
    """
    check_dims(dims)
    whole = _open(path, group)
    if not whole.variables:
        _reject_empty(path, group)
    ds = whole[choose_labelled(whole, variables, coords, path)]
    if dims is not None:
        ds = _rename(ds, dims, path)
    ds = add_coords(ds, coords, interval, {str(name): array for name, array in whole.variables.items()}, path)
    return chunk_dataset(ds, chunks, "chunksizes")


def _open(path: str, group: str | None) -> xr.Dataset:
    """Through h5netcdf, or SciPy for the classic format."""
    with Path(path).open("rb") as file:
        classic = file.read(3) == b"CDF"
    try:
        if classic and group is not None:
            raise ValueError(f"group={group!r}: the classic format has no groups")
        if classic:
            return xr.open_dataset(path, engine="scipy", chunks=None, decode_timedelta=False)
        require("h5py")
        require("h5netcdf")
        check_contained(path)
        return xr.open_dataset(
            path, engine="h5netcdf", group=group, phony_dims="sort", chunks=None, decode_timedelta=False
        )
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path!r} is not a NetCDF or HDF5 file that can be read: {error}") from error


def _reject_empty(path: str, group: str | None) -> None:
    """Raise, and name the groups that hold arrays."""
    try:
        h5py = require("h5py")
        inner: set[str] = set()
        with h5py.File(path, "r") as file:
            file.visititems(
                lambda name, item: (
                    inner.add(name.rpartition("/")[0]) if isinstance(item, h5py.Dataset) else None
                )
            )
    except OSError:  # of the classic format, which has no groups
        return
    where = "its root" if group is None else f"the group {group!r}"
    if inner := inner - {""}:
        raise ValueError(
            f"{path!r} holds no array in {where}: choose a group with group=, of {sorted(inner)[:20]}."
        )


def _rename(ds: xr.Dataset, dims: Sequence[str], path: str) -> xr.Dataset:
    """Give unnamed axes their names."""
    unnamed = sorted(
        (str(dim) for dim in ds.dims if str(dim).startswith("phony_dim_")), key=lambda d: int(d[10:])
    )
    if not unnamed:
        return rename_axes(ds, dims, path)
    if len(unnamed) != len(dims):
        raise ValueError(
            f"{path!r} has {len(unnamed)} unnamed axes {[(dim, ds.sizes[dim]) for dim in unnamed]}, "
            f"but dims={list(dims)}: give one name each."
        )
    return ds.rename(dict(zip(unnamed, dims, strict=True)))
