"""NumPy's own files: NPY mapped lazily, NPZ read whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from pylops_distributed.ingest.formats.contents import FileArray, FileContents, bare_contents, check_room
from pylops_distributed.vectors.types import NDArray

ARCHIVE = b"PK"  # how a ZIP file begins


def read_npy(path: str, *, group: str | None = None, wanted: Collection[str] | None = None) -> FileContents:
    """Contents of an NPY file, lazily, or of an NPZ archive, whole.

    Parameters
    ----------
    path : str
        ``.npy`` or ``.npz`` file.
    group : str, optional
        First part of the names of an archive, before a slash.
    wanted : collection of str, optional
        Arrays of an archive to read; all by default. For an NPY file, the one name of its array, by default the file's.

    Returns
    -------
    FileContents
        The arrays. The attribute ``reading`` is ``'whole'`` where nothing could be lazy.

    Raises
    ------
    ValueError
        If the file holds pickled objects or is corrupt.
    """
    loaded = _load(path)
    if isinstance(loaded, np.ndarray):
        if (wanted is not None and len(wanted) != 1) or group is not None:
            raise ValueError(
                f"{path!r} holds one array: give one name for it, not {list(wanted or ())}, and no group."
            )
        name = next(iter(wanted)) if wanted else Path(path).stem
        return bare_contents({name: FileArray(_mapped, path, "", loaded.shape, loaded.dtype)})
    with loaded:
        start = f"{group}/" if group else ""
        names = {name.removeprefix(start): name for name in loaded.files if name.startswith(start)}
        groups = {name.rpartition("/")[0] for name in loaded.files if "/" in name}
        chosen = {name: full for name, full in names.items() if wanted is None or name in wanted}
        sizes = {entry.filename.removesuffix(".npy"): entry.file_size for entry in loaded.zip.infolist()}
        check_room(path, sum(sizes[full] for full in chosen.values()))
        arrays, left_out = {}, {}
        for name, full in chosen.items():
            try:
                arrays[name] = _member(loaded, full, path)
            except _ObjectsError:
                left_out[name] = "of pickled objects, which could run code"
    # Names alone of arrays that nobody asked for.
    left_out |= {name: "not read" for name in names if name not in chosen}
    return bare_contents(arrays, left_out, tuple(groups), reading="whole")


class _ObjectsError(ValueError):
    """An array of objects."""


def _member(archive: Mapping[str, NDArray], name: str, path: str) -> NDArray:
    """One array of an archive."""
    try:
        return archive[name]
    except (MemoryError, EOFError, BadZipFile) as error:
        raise ValueError(f"{path!r} is corrupt: {error}") from error
    except ValueError as error:
        if "Object arrays" in str(error):
            raise _ObjectsError from error
        raise ValueError(f"{path!r} is corrupt: {name!r}: {error}") from error


def _load(path: str) -> Any:
    try:
        with Path(path).open("rb") as file:
            archive = file.read(len(ARCHIVE)) == ARCHIVE
        if archive:  # NumPy leaves a file open whose directory it cannot read
            ZipFile(path).close()
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError, BadZipFile) as error:
        raise ValueError(f"{path!r} is not an NPY or NPZ file of plain arrays: {error}") from error


@contextmanager
def _mapped(path: str, key: str) -> Iterator[NDArray]:
    yield np.load(path, mmap_mode="r", allow_pickle=False)
