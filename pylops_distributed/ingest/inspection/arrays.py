"""A look at a file of arrays: the tree of what it holds, and the options that read it."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import zarr
from scipy.io import netcdf_file, whosmat

from pylops_distributed.ingest.formats.contents import require
from pylops_distributed.ingest.formats.coordinates import UNITS, VERTICAL
from pylops_distributed.ingest.formats.failures import naming
from pylops_distributed.ingest.formats.matlab import is_hdf5
from pylops_distributed.ingest.formats.source import open_source
from pylops_distributed.ingest.inspection.description import ArrayDescription, FileInfo
from pylops_distributed.storage.object_store import open_storage

if TYPE_CHECKING:
    import h5py
    import xarray as xr

    from pylops_distributed.vectors.types import Options

UNNAMED = ("dim_", "phony_dim_")


def look_at_arrays(path: str, format: str, options: Options) -> FileInfo:
    """Describe a file of arrays.

    Parameters
    ----------
    path : str
        File, folder or URL.
    format : str
        A key of ``FORMATS``.
    options : mapping
        Options of the reader that are known already.

    Returns
    -------
    FileInfo
        Its arrays, the options that read it, and those that are missing.
    """
    arrays: tuple[ArrayDescription, ...] = ()
    problems: list[str] = []
    try:
        with naming(path):
            arrays = tuple(TREES[format](path)) if format in TREES else ()
    except ValueError as error:
        problems.append(str(error))
    size = Path(path).stat().st_size if Path(path).is_file() else None
    for more in _ways(arrays, format, options):
        try:
            ds = open_source(path, format=format, checksum=False, **more)
        except (OSError, ValueError) as error:
            problems.append(str(error))
            continue
        arrays = arrays or tuple(_opened(name, array) for name, array in ds.variables.items())
        missing = tuple(_missing(ds))
        return FileInfo(
            path=path, format=format, size=size, arrays=arrays, options=more, missing=missing, ready=True
        )
    missing = tuple(dict.fromkeys(problems[:2]))
    return FileInfo(
        path=path, format=format, size=size, arrays=arrays, options=dict(options), missing=missing
    )


def _ways(arrays: tuple[ArrayDescription, ...], format: str, options: Options) -> Iterator[dict[str, object]]:
    """Options to try: those that are known, then each group that holds arrays, the one with the largest first."""
    yield {**options}
    if format not in ("hdf", "matlab") or "group" in options:
        return
    largest: dict[str, int] = {}
    for one in arrays:
        group = one.path if one.type == "struct" else one.path.rpartition("/")[0]
        largest[group] = max(largest.get(group, 0), int(np.prod(one.shape)))
    for group in sorted(largest, key=lambda name: -largest[name]):
        if group:
            yield {**options, "group": group}


def _opened(name: object, variable: xr.Variable) -> ArrayDescription:
    """A variable of a file that has no tree of arrays."""
    dims, units = tuple(map(str, variable.dims)), variable.attrs.get("units")
    return ArrayDescription(
        path=str(name),
        shape=variable.shape,
        type=str(variable.dtype),
        dims=dims,
        units=units,
        coordinate=dims == (name,),
    )


def _missing(ds: xr.Dataset) -> Iterator[str]:
    """Missing names, intervals and units, and the options for them."""
    unnamed = [str(dim) for dim in ds.dims if str(dim).startswith(UNNAMED) or "_dim_" in str(dim)]
    if unnamed:
        sizes = ", ".join(f"{name} has {ds.sizes[name]} samples" for name in unnamed)
        yield f"names of axes ({sizes}): -o 'dims=[NAME, NAME, ...]', in the order of the axes"
    for dim in map(str, ds.dims):
        if dim not in ds.coords and dim in VERTICAL:
            yield f"the sample interval along {dim!r}: -o 'interval=4 ms' (or -o 'interval=5 m')"
        elif dim in ds.coords and dim in VERTICAL and dim not in UNITS and not ds[dim].attrs.get("units"):
            yield f"the unit of the coordinate {dim!r}"


def _npy(path: str) -> Iterator[ArrayDescription]:
    """Arrays of an NPY file or of an NPZ archive; only their headers are read."""
    if not zipfile.is_zipfile(path):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        yield ArrayDescription(path=Path(path).stem, shape=array.shape, type=str(array.dtype))
        return
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                version = np.lib.format.read_magic(file)
                read = (
                    np.lib.format.read_array_header_1_0
                    if version == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, _, dtype = read(file)
            yield ArrayDescription(path=name.removesuffix(".npy"), shape=shape, type=str(dtype))


def _matlab(path: str) -> Iterator[ArrayDescription]:
    if is_hdf5(path):
        yield from _hdf(path)
        return
    try:
        listed = whosmat(path)
    except (NotImplementedError, TypeError, zlib.error) as error:
        raise ValueError(f"{path!r} is not a MATLAB file that can be read: {error}") from error
    for name, shape, kind in listed:
        yield ArrayDescription(path=name, shape=shape, type=kind)


def _hdf(path: str) -> Iterator[ArrayDescription]:
    """Arrays of all groups of an HDF5 or NetCDF file."""
    with Path(path).open("rb") as head:
        classic = head.read(3) == b"CDF"
    if classic:
        with netcdf_file(path, mmap=False) as file:
            for name, one in file.variables.items():
                units = getattr(one, "units", b"").decode("latin-1") or None
                yield ArrayDescription(
                    path=name, shape=tuple(one.shape), type=str(one.data.dtype.newbyteorder("=")),
                    dims=tuple(one.dimensions), units=units, coordinate=one.dimensions == (name,),
                )  # fmt: skip
        return
    h5 = require("h5py")
    found: list[ArrayDescription] = []
    with h5.File(path, "r") as file:
        file.visititems(
            lambda name, item: found.append(_dataset(name, item)) if isinstance(item, h5.Dataset) else None
        )
    yield from found


def _dataset(name: str, item: h5py.Dataset) -> ArrayDescription:
    """One dataset of an HDF5 file."""
    dims = tuple(
        scales[0].name.rpartition("/")[2] if len(scales := list(dim.values())) else "" for dim in item.dims
    )
    units = item.attrs.get("units")
    return ArrayDescription(
        path=name, shape=item.shape or (), type=str(item.dtype), chunks=item.chunks, dims=dims if any(dims) else None,
        units=units.decode() if isinstance(units, bytes) else None if units is None else str(units),
        coordinate=bool(item.is_scale),
    )  # fmt: skip


def _zarr(path: str) -> Iterator[ArrayDescription]:
    """Arrays of all groups of a Zarr store."""
    node = zarr.open(open_storage(path).zarr(read_only=True), mode="r")
    members = [("array", node)] if isinstance(node, zarr.Array) else node.members(max_depth=None)
    for name, one in members:
        if not isinstance(one, zarr.Array):
            continue
        named = getattr(one.metadata, "dimension_names", None) or one.attrs.get("_ARRAY_DIMENSIONS")
        dims = tuple(map(str, named)) if isinstance(named, list | tuple) else None
        units = one.attrs.get("units")
        yield ArrayDescription(
            path=name, shape=one.shape, type=str(one.dtype), chunks=one.chunks,
            dims=dims, units=None if units is None else str(units),
            coordinate=dims is not None and dims == (name.rpartition("/")[2],),
        )  # fmt: skip


# How the arrays of a format are listed: one line a format.
TREES: Mapping[str, Callable[[str], Iterator[ArrayDescription]]] = {
    "hdf": _hdf, "matlab": _matlab, "npy": _npy, "zarr": _zarr,
}  # fmt: skip
