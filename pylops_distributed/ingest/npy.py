"""NumPy's own files: NPY mapped lazily, NPZ read whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from zipfile import BadZipFile

import numpy as np
import xarray as xr

from pylops_distributed.ingest.formats import FileArray, check_room, choose, label


def open_npy(
    path: str,
    *,
    variables: Sequence[str] | None = None,
    dims: Sequence[str] | None = None,
    chunks: Mapping[str, int] | None = None,
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

    Returns
    -------
    xarray.Dataset
        The arrays, without coordinates. The attribute ``reading`` is ``'whole'`` where nothing could be lazy.

    Raises
    ------
    ValueError
        If the file holds pickled objects or is damaged, or an option does not fit.
    """
    loaded = _load(path)
    if isinstance(loaded, np.ndarray):
        if variables is not None and len(variables) != 1:
            raise ValueError(f"{path!r} holds one array: give one name for it, not {list(variables)}.")
        name = variables[0] if variables else os.path.splitext(os.path.basename(path))[0]
        return label({name: FileArray(_mapped, path, "", loaded.shape, loaded.dtype)}, dims, chunks)
    with loaded:
        names = choose(dict.fromkeys(loaded.files), variables, path)
        sizes = {entry.filename.removesuffix(".npy"): entry.file_size for entry in loaded.zip.infolist()}
        check_room(path, sum(sizes[name] for name in names))
        try:
            ds = label({name: loaded[name] for name in names}, dims, chunks)
        except (MemoryError, EOFError, BadZipFile) as error:
            raise ValueError(f"{path!r} is damaged: {error}") from error
    return ds.assign_attrs(reading="whole")


def _load(path: str) -> Any:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{path!r} is not an NPY or NPZ file of plain arrays: {error}") from error


@contextmanager
def _mapped(path: str, key: str) -> Iterator[Any]:
    yield np.load(path, mmap_mode="r", allow_pickle=False)
