"""Contents of a file of arrays as they are stored, before the options of a source are applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import psutil
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from pylops_distributed.registry import import_on_use
from pylops_distributed.vectors.types import Options


@dataclass(frozen=True)
class FileContents:
    """Arrays of a file, lazily, and the names of all else in it.

    Parameters
    ----------
    ds : xarray.Dataset
        Numerical arrays, with coordinates and units where the file has some.
    left_out : mapping of str to str
        Other variables of the file, and why each cannot be ingested.
    groups : tuple of str
        Groups of the file that hold other arrays.
    chunks : str
        Key of the file's own chunks in the variables' encoding.
    """

    ds: xr.Dataset
    left_out: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    chunks: str = "chunks"


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

    def __getitem__(self, index: object) -> NDArray[np.generic]:
        with self.opener(self.path, self.key) as array:
            return np.array(array[index])


class _Stored(BackendArray):
    """Any array of which slices are read, as xarray's readers have them."""

    def __init__(self, array: Any) -> None:
        self.array, self.shape, self.dtype = array, tuple(array.shape), array.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> object:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, lambda index: np.asarray(self.array[index])
        )


def bare_contents(
    arrays: Options, left_out: Mapping[str, str] | None = None, groups: tuple[str, ...] = (), **attrs: object
) -> FileContents:
    """Contents of a file whose arrays have neither names of axes nor coordinates.

    Parameters
    ----------
    arrays : mapping of str to array-like
        NumPy arrays, or others with ``shape`` and ``dtype`` of which slices are read, such as :class:`FileArray`.
    left_out, groups : optional
        As of :class:`FileContents`.
    **attrs
        Attributes of the dataset.
    """
    ds = xr.Dataset(attrs=attrs)
    for name, array in arrays.items():
        dims = [f"{name}_dim_{i}" for i in range(len(array.shape))]
        lazy = array if isinstance(array, np.ndarray) else indexing.LazilyIndexedArray(_Stored(array))
        cut = getattr(array, "chunks", None)
        ds[name] = xr.Variable(dims, lazy, encoding={"chunks": cut} if cut else {})
    return FileContents(ds, left_out or {}, groups)


def check_room(path: str, nbytes: int) -> None:
    """Raise for a file that must be read whole and does not fit into memory."""
    if nbytes > (room := psutil.virtual_memory().total):
        raise ValueError(
            f"{path!r} claims {nbytes / 1e9:.3g} GB, to be read whole, and there are {room / 1e9:.3g} GB of memory: "
            "store it as NPY, HDF5 or Zarr, which are read in parts."
        )


def require(module: str, extra: str = "hdf") -> ModuleType:
    """Import a module of an extra.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    return import_on_use(module, f"this format needs {module}: pip install 'pylops-distributed[{extra}]'")
