"""NetCDF and plain HDF5, lazily."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import xarray as xr

from pylops_distributed.ingest.chunking import chunk_dataset
from pylops_distributed.ingest.formats import choose, require


def open_hdf(
    path: str,
    *,
    group: str | None = None,
    variables: Sequence[str] | None = None,
    dims: Sequence[str] | None = None,
    chunks: Mapping[str, int] | None = None,
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
        Names of the axes of HDF5 datasets that have none, which by default are called ``phony_dim_0``, ...
    chunks : mapping of str to int, optional
        Length of chunks by dimension. By default near 16 MB, along the chunks of the file.

    Returns
    -------
    xarray.Dataset
        Variables, coordinates and attributes as in the file; packed integers are decoded.

    Raises
    ------
    ImportError
        If h5netcdf or h5py is not installed.
    ValueError
        If the file is damaged, or an option does not fit.
    """
    ds = _open(path, group)
    ds = ds[list(choose({str(name): 0 for name in ds.data_vars}, variables, path))]
    if dims is not None:
        ds = _rename(ds, dims, path)
    return chunk_dataset(ds, chunks, "chunksizes")


def _open(path: str, group: str | None) -> xr.Dataset:
    """Through h5netcdf, or SciPy for the classic format."""
    with open(path, "rb") as file:
        classic = file.read(3) == b"CDF"
    try:
        if classic:
            return xr.open_dataset(path, engine="scipy", chunks=None)
        require("h5py")
        require("h5netcdf")
        return xr.open_dataset(path, engine="h5netcdf", group=group, phony_dims="sort", chunks=None)
    except (OSError, TypeError, ValueError) as error:
        raise ValueError(f"{path!r} is not a NetCDF or HDF5 file that can be read: {error}") from error


def _rename(ds: xr.Dataset, dims: Sequence[str], path: str) -> xr.Dataset:
    """Give unnamed axes their names."""
    unnamed = sorted(
        (str(dim) for dim in ds.dims if str(dim).startswith("phony_dim_")), key=lambda d: int(d[10:])
    )
    if len(unnamed) != len(dims):
        raise ValueError(
            f"{path!r} has {len(unnamed)} unnamed axes {[(dim, ds.sizes[dim]) for dim in unnamed]}, "
            f"but dims={list(dims)}: give one name each."
        )
    return ds.rename(dict(zip(unnamed, dims, strict=True)))
