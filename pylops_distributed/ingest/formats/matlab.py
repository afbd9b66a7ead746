"""MATLAB files: version 7.3 (HDF5) lazily, version 5 and older whole."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.io import loadmat, whosmat
from scipy.sparse import issparse

from pylops_distributed.ingest.formats.base import FileArray, check_room, label_arrays, require
from pylops_distributed.ingest.formats.hdf5_links import check_contained
from pylops_distributed.vectors.types import DType, NDArray

if TYPE_CHECKING:
    import h5py
    import xarray as xr

    from pylops_distributed.ingest.formats.coordinates import Coords, Interval

log = logging.getLogger(__name__)

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
    coords: Coords | None = None,
    interval: Interval | None = None,
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
    coords : mapping, optional
        Coordinates by dimension: a list of values, the name of an array of the file, or a mapping of
        ``start``, ``step`` and ``units`` (or ``values`` and ``units``).
    interval : float, str, or mapping, optional
        Step of the axis of time or depth, from 0 on: a number (along ``twt`` in ms), or one with a unit as ``"4 ms"``;
        or such steps by dimension.

    Returns
    -------
    xarray.Dataset
        The arrays. The attribute ``reading`` is ``'whole'`` for version 5, which
        cannot be read in parts (and holds no more than 2 GB per array).

    Raises
    ------
    ImportError
        If the file is version 7.3 and h5py is not installed.
    ValueError
        If the file is corrupt, or an option does not fit.
    """
    with Path(path).open("rb") as file:
        modern = file.read(10) == b"MATLAB 7.3"
    if modern:
        numeric, others = _find(path)
        _check_others(path, numeric, others, variables)
        return label_arrays(numeric, variables, dims, chunks, coords, interval, path)
    try:
        check_room(path, sum(math.prod(shape) * BYTES.get(kind, 0) for _, shape, kind in whosmat(path)))
        loaded = loadmat(path)
    except (ValueError, TypeError, OSError, NotImplementedError, MemoryError, LookupError) as error:
        raise ValueError(f"{path!r} is not a MATLAB file that can be read: {error}") from error
    loaded = {name: array for name, array in loaded.items() if not name.startswith("__")}
    arrays = {n: a for n, a in loaded.items() if isinstance(a, np.ndarray) and a.dtype.kind in "biufc"}
    others = {n: _kind(a) for n, a in loaded.items() if n not in arrays}
    _check_others(path, arrays, others, variables)
    ds = label_arrays(arrays, variables, dims, chunks, coords, interval, path)
    return ds.assign_attrs(reading="whole")


def _kind(array: NDArray) -> str:
    """Description of a variable that is no numerical array."""
    if issparse(array):
        return "sparse"
    names = getattr(getattr(array, "dtype", None), "names", None)
    kind = getattr(getattr(array, "dtype", None), "kind", "O")
    return "a struct" if names else {"O": "cells or an object", "U": "text", "S": "text"}.get(kind, str(kind))


def _check_others(
    path: str, arrays: Mapping[str, object], others: Mapping[str, str], variables: Sequence[str] | None
) -> None:
    """Raise for sparse matrices, whose numbers would be lost, and log all else that is left out."""
    if wanted := [name for name in variables or () if name in others]:
        raise ValueError(
            f"{path!r}: {wanted[0]!r} is {others[wanted[0]]}: only numerical arrays can be taken, {sorted(arrays)}; "
            "store it as an array (full(...), or a field of the struct)."
        )
    if variables is not None or not others:
        return
    if sparse := sorted(name for name, kind in others.items() if kind == "sparse"):
        raise ValueError(
            f"{path!r}: {sparse} are sparse, which cannot be taken: store them with full(...), or choose others with "
            f"variables={sorted(arrays)}."
        )
    if not arrays:
        raise ValueError(
            f"{path!r} holds no numerical array, but {dict(sorted(others.items()))}: store the fields that are arrays "
            "as separate variables."
        )
    log.warning("%r: left out %s: no numerical arrays", path, dict(sorted(others.items())))


def _find(path: str) -> tuple[dict[str, FileArray], dict[str, str]]:
    """Numerical arrays at the root of a version 7.3 file, and what the others are."""
    arrays, others = {}, {}
    check_contained(path)
    with require("h5py").File(path, "r") as file:
        for name, item in file.items():
            if name.startswith("#") or "MATLAB_empty" in item.attrs:
                continue
            kind = getattr(item, "dtype", None)
            dtype = None if kind is None else _complex(kind) or kind
            if dtype is None:
                others[name] = "sparse" if "MATLAB_sparse" in item.attrs else "a struct"
            elif dtype.kind in "biufc" and item.attrs.get("MATLAB_class", b"") != b"char":
                arrays[name] = FileArray(_opened, path, name, item.shape[::-1], dtype)
            else:
                others[name] = (
                    "text" if item.attrs.get("MATLAB_class", b"") == b"char" else "cells or an object"
                )
    return arrays, others


def _complex(dtype: DType) -> DType | None:
    """Complex type of MATLAB's pairs of numbers, if that is what they are."""
    if dtype.names != ("real", "imag"):
        return None
    return np.dtype(np.complex64 if dtype["real"] == np.float32 else np.complex128)


@contextmanager
def _opened(path: str, key: str) -> Iterator[_Transposed]:
    with require("h5py").File(path, "r") as file:
        yield _Transposed(file[key])


class _Transposed:
    """An HDF5 dataset seen with the axes the other way round, as MATLAB stores them."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        self.dataset = dataset

    def __getitem__(self, index: tuple[object, ...]) -> object:
        part = self.dataset[tuple(reversed(index))].T
        kind = _complex(part.dtype)
        return part if kind is None else np.ascontiguousarray(part).view(kind)
