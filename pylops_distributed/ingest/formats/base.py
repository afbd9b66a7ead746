"""Common parts of the readers: their description, arrays read file by file, and names for unnamed axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import psutil
import xarray as xr
from dask.base import tokenize
from numpy.typing import NDArray

from pylops_distributed.ingest.formats.chunking import check_chunks, regular_chunks
from pylops_distributed.ingest.formats.coordinates import (
    Coords,
    Interval,
    add_coords,
    arrays_named,
    check_dims,
)
from pylops_distributed.registry import import_on_use
from pylops_distributed.vectors.types import ArrayLike

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json


def check_room(path: str, nbytes: int) -> None:
    """Raise for a file that must be read whole and does not fit into memory."""
    if nbytes > (room := psutil.virtual_memory().total):
        raise ValueError(
            f"{path!r} claims {nbytes / 1e9:.3g} GB, to be read whole, and there are {room / 1e9:.3g} GB of memory: "
            "store it as NPY, HDF5 or Zarr, which are read in parts."
        )


@dataclass(frozen=True)
class FileArray:
    """An array in a file, opened anew for each slice: pickles as a path, and holds no file open.

    Parameters
    ----------
    opener : callable
        Module-level function of path and key giving a context manager of an indexable array.
    path, key : str
        The file and the array in it.
    shape, dtype
        Of the array.
    """

    opener: Callable[[str, str], AbstractContextManager[Any]]
    path: str
    key: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: object) -> NDArray[np.generic]:
        with self.opener(self.path, self.key) as array:
            return np.array(array[index])

    def lazy(self, chunks: Sequence[int]) -> da.Array:
        """As a Dask array."""
        return da.from_array(self, chunks=tuple(chunks), name=f"file-{tokenize(self, tuple(chunks))}")


def name_axes(name: str, ndim: int, dims: Sequence[str] | None, alone: bool) -> tuple[str, ...]:
    """Names for the axes of an array whose file has none.

    Raises
    ------
    ValueError
        If ``dims`` does not have a name for each axis.
    """
    check_dims(dims)
    if dims is None:
        return tuple(f"dim_{i}" if alone else f"{name}_dim_{i}" for i in range(ndim))
    if len(dims) != ndim or len(set(dims)) != ndim:
        raise ValueError(
            f"{name!r} has {ndim} axes, but dims={list(dims)}: give {ndim} names, or choose with variables=."
        )
    return tuple(dims)


def choose(arrays: Mapping[str, object], variables: Sequence[str] | None, path: str) -> Json:
    """The arrays asked for, or all.

    Raises
    ------
    ValueError
        If one asked for is not in the file.
    """
    if missing := set(variables or ()) - set(arrays):
        raise ValueError(f"{path!r} has no {sorted(missing)}: it holds {sorted(arrays)}.")
    return {name: arrays[name] for name in (arrays if variables is None else variables)}


def choose_labelled(
    ds: xr.Dataset, variables: Sequence[str] | None, coords: Coords | None, path: str
) -> list[str]:
    """Names of the variables of a dataset to take: those asked for, or all but the ones that ``coords`` names."""
    names: list[str] = [str(name) for name in ds.data_vars]
    if variables is None:
        names = [name for name in names if name not in arrays_named(coords)]
    else:
        names = list(choose(dict.fromkeys(names, 0), variables, path))
    for name in names:
        if len(set(ds[name].dims)) < ds[name].ndim:  # renaming one would rename the other
            raise ValueError(
                f"{path!r}: {name!r} has the axes {ds[name].dims}, expected another name for each: rename one in the "
                "file, or choose others with variables=."
            )
    return names


def label_arrays(
    arrays: Mapping[str, ArrayLike | FileArray],
    variables: Sequence[str] | None,
    dims: Sequence[str] | None,
    chunks: Mapping[str, int] | None,
    coords: Coords | None,
    interval: Interval | None,
    path: str,
) -> xr.Dataset:
    """Lazy, labelled variables from arrays that have neither.

    Parameters
    ----------
    arrays : mapping of str to array-like
        All arrays of the file: NumPy arrays or :class:`FileArray`.
    variables : sequence of str, optional
        Those to take; by default all but the ones that ``coords`` names.
    dims : sequence of str, optional
        Names of the axes.
    chunks : mapping of str to int, optional
        Length of chunks by dimension.
    coords, interval : optional
        Coordinates, as :func:`~pylops_distributed.ingest.formats.coordinates.add_coords` takes them.
    path : str
        The file, for messages.

    Returns
    -------
    xarray.Dataset
        One variable per array.
    """
    if variables is None:
        variables = [name for name in arrays if name not in arrays_named(coords)]
    chosen, ds = choose(arrays, variables, path), xr.Dataset()
    names_of = {name: name_axes(name, array.ndim, dims, len(chosen) == 1) for name, array in chosen.items()}
    check_chunks({dim: 0 for names in names_of.values() for dim in names}, chunks)
    for name, array in chosen.items():
        names = names_of[name]
        sizes = dict(zip(names, array.shape, strict=True))
        asked = {key: size for key, size in (chunks or {}).items() if key in sizes}
        cut = tuple(regular_chunks(sizes, array.dtype, asked).values())
        lazy = array.lazy(cut) if isinstance(array, FileArray) else da.from_array(array, chunks=cut)
        ds[name] = (names, lazy)
    return add_coords(ds, coords, interval, arrays, path)


def require(module: str) -> ModuleType:
    """Import a module of the ``hdf`` extra.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    return import_on_use(module, f"this format needs {module}: pip install 'pylops-distributed[hdf]'")
