"""MATLAB files: version 7.3 (HDF5) lazily, version 5 and older whole."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import xarray as xr
from scipy.io import loadmat, whosmat

from pylops_distributed.ingest.formats import FileArray, check_room, choose, label, require

# Of an element, by MATLAB's class; others, such as sparse ones, are not taken.
BYTES = {
    "double": 8, "single": 4, "logical": 1,
    **{f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)},
}  # fmt: skip


def open_matlab(
    path: str,
    *,
    variables: Sequence[str] | None = None,
    dims: Sequence[str] | None = None,
    chunks: Mapping[str, int] | None = None,
) -> xr.Dataset:
    """Open the numerical arrays of a MATLAB file, with the axes in MATLAB's order.

    Parameters
    ----------
    path : str
        ``.mat`` file.
    variables : sequence of str, optional
        Arrays to take; all numerical ones by default.
    dims : sequence of str, optional
        Names of the axes.
    chunks : mapping of str to int, optional
        Length of chunks by dimension.

    Returns
    -------
    xarray.Dataset
        The arrays, without coordinates. The attribute ``reading`` is ``'whole'`` for version 5, which
        cannot be read in parts (and holds no more than 2 GB per array).

    Raises
    ------
    ImportError
        If the file is version 7.3 and h5py is not installed.
    ValueError
        If the file is damaged, or an option does not fit.
    """
    with open(path, "rb") as file:
        modern = file.read(10) == b"MATLAB 7.3"
    if modern:
        return label(choose(_find(path), variables, path), dims, chunks)
    try:
        check_room(path, sum(math.prod(shape) * BYTES.get(kind, 0) for _, shape, kind in whosmat(path)))
        loaded = loadmat(path)
    except (ValueError, TypeError, OSError, NotImplementedError, MemoryError) as error:
        raise ValueError(f"{path!r} is not a MATLAB file that can be read: {error}") from error
    found = {
        name: array
        for name, array in loaded.items()
        if getattr(array, "dtype", np.dtype("O")).kind in "biufc"
    }
    return label(choose(found, variables, path), dims, chunks).assign_attrs(reading="whole")


def _find(path: str) -> dict[str, FileArray]:
    """Numerical arrays at the root of a version 7.3 file."""
    found = {}
    with require("h5py").File(path, "r") as file:
        for name, item in file.items():
            kind = getattr(item, "dtype", None)
            if kind is None or name.startswith("#") or "MATLAB_empty" in item.attrs:
                continue
            dtype = _complex(kind) or kind
            if dtype.kind in "biufc" and item.attrs.get("MATLAB_class", b"") != b"char":
                found[name] = FileArray(_opened, path, name, item.shape[::-1], dtype)
    return found


def _complex(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """Complex type of MATLAB's pairs of numbers, if that is what they are."""
    if dtype.names != ("real", "imag"):
        return None
    return np.dtype(np.complex64 if dtype["real"] == np.float32 else np.complex128)


@contextmanager
def _opened(path: str, key: str) -> Iterator[Any]:
    with require("h5py").File(path, "r") as file:
        yield _Transposed(file[key])


class _Transposed:
    """An HDF5 dataset seen with the axes the other way round, as MATLAB stores them."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __getitem__(self, index: tuple[Any, ...]) -> Any:
        part = self.dataset[tuple(reversed(index))].T
        kind = _complex(part.dtype)
        return part if kind is None else np.ascontiguousarray(part).view(kind)
