"""NumPy's own files: NPY mapped lazily, NPZ read whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from pylops_distributed.ingest.formats.base import FileArray, check_room, choose, label_arrays
from pylops_distributed.ingest.formats.coordinates import Coords, Interval, arrays_named
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    import xarray as xr


def open_npy(
    path: str,
    *,
    variables: Sequence[str] | None = None,
    dims: Sequence[str] | None = None,
    chunks: Mapping[str, int] | None = None,
    coords: Coords | None = None,
    interval: Interval | None = None,
) -> xr.Dataset:
    """Open an NPY file lazily, or an NPZ archive whole.

    Parameters
    ----------
    path : str
        ``.npy`` or ``.npz`` file.
    variables : sequence of str, optional
        Arrays of an archive to take; all by default. For an NPY file, the one name of its array, by default
        the file's.
    dims : sequence of str, optional
        Names of the axes.
    chunks : mapping of str to int, optional
        Length of chunks by dimension.
    coords : mapping, optional
        Coordinates by dimension: a list of values, the name of an array of the file, or a mapping of
        ``start``, ``step`` and ``units`` (or ``values`` and ``units``).
    interval : float, str, or mapping, optional
        Step of the axis of time or depth, from 0 on: a number (along ``twt`` in ms), or one with a unit as ``"4 ms"``;
        or such steps by dimension.

    Returns
    -------
    xarray.Dataset
        The arrays. The attribute ``reading`` is ``'whole'`` where nothing could be lazy.

    Raises
    ------
    ValueError
        If the file holds pickled objects or is corrupt, or an option does not fit.
    """
    loaded = _load(path)
    if isinstance(loaded, np.ndarray):
        if variables is not None and len(variables) != 1:
            raise ValueError(f"{path!r} holds one array: give one name for it, not {list(variables)}.")
        name = variables[0] if variables else Path(path).stem
        array = FileArray(_mapped, path, "", loaded.shape, loaded.dtype)
        return label_arrays({name: array}, None, dims, chunks, coords, interval, path)
    with loaded:
        names = dict.fromkeys(loaded.files)
        wanted = choose(names, variables, path) | dict.fromkeys(arrays_named(coords) & set(names))
        sizes = {entry.filename.removesuffix(".npy"): entry.file_size for entry in loaded.zip.infolist()}
        check_room(path, sum(sizes[name] for name in wanted))
        arrays = {name: _member(loaded, name, path) for name in wanted}
        ds = label_arrays(arrays, variables, dims, chunks, coords, interval, path)
    return ds.assign_attrs(reading="whole")


def _member(archive: Mapping[str, NDArray], name: str, path: str) -> NDArray:
    """One array of an archive."""
    try:
        return archive[name]
    except (MemoryError, EOFError, BadZipFile) as error:
        raise ValueError(f"{path!r} is corrupt: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path!r}: {name!r}: {error}; choose others with the option variables=") from error


def _load(path: str) -> Any:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{path!r} is not an NPY or NPZ file of plain arrays: {error}") from error


@contextmanager
def _mapped(path: str, key: str) -> Iterator[NDArray]:
    yield np.load(path, mmap_mode="r", allow_pickle=False)
