"""NetCDF and plain HDF5, lazily."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from pylops_distributed.ingest.formats.contents import FileContents, require
from pylops_distributed.ingest.formats.hdf5_links import check_contained


def read_hdf(path: str, *, group: str | None = None) -> FileContents:
    """Contents of a NetCDF (3 or 4) or an HDF5 file.

    Parameters
    ----------
    path : str
        The file.
    group : str, optional
        Group inside the file; the root by default.

    Returns
    -------
    FileContents
        Variables, coordinates and attributes as in the file; packed integers are decoded. Axes of HDF5 datasets that
        have no names are called ``phony_dim_0``, ...

    Raises
    ------
    ImportError
        If h5netcdf or h5py is not installed.
    ValueError
        If the file is corrupt, or has no such group.
    """
    ds = _open(path, group)
    groups = () if ds.data_vars else _inner_groups(path)
    return FileContents(ds, groups=groups, chunks="chunksizes")


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
    except (IndexError, OSError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path!r} is not a NetCDF or HDF5 file that can be read: {error}") from error


def _inner_groups(path: str) -> tuple[str, ...]:
    """Groups that hold arrays."""
    h5py = require("h5py")
    inner: set[str] = set()
    try:
        with h5py.File(path, "r") as file:
            file.visititems(
                lambda name, item: (
                    inner.add(name.rpartition("/")[0]) if isinstance(item, h5py.Dataset) else None
                )
            )
    except OSError:  # of the classic format, which has no groups
        return ()
    return tuple(sorted(inner - {""}))
