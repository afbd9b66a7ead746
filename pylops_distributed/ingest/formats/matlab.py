"""MATLAB files: version 7.3 (HDF5) lazily, version 5 and older whole."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.io import loadmat, whosmat
from scipy.sparse import issparse

from pylops_distributed.ingest.formats.contents import (
    FileArray,
    FileContents,
    bare_contents,
    check_room,
    require,
)
from pylops_distributed.ingest.formats.hdf5_links import check_contained
from pylops_distributed.vectors.types import DType, NDArray

if TYPE_CHECKING:
    import h5py

# Of an element, by MATLAB's class; others, such as sparse ones, are not taken.
BYTES = {
    "double": 8, "single": 4, "logical": 1,
    **{f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)},
}  # fmt: skip


def read_matlab(path: str, *, group: str | None = None) -> FileContents:
    """Contents of a MATLAB file, with the axes in MATLAB's order.

    Parameters
    ----------
    path : str
        ``.mat`` file.
    group : str, optional
        Struct whose fields are taken, as ``"run"`` or ``"run/model"``.

    Returns
    -------
    FileContents
        The arrays. The attribute ``reading`` is ``'whole'`` for version 5, which
        cannot be read in parts (and holds no more than 2 GB per array).

    Raises
    ------
    ImportError
        If the file is version 7.3 and h5py is not installed.
    ValueError
        If the file is corrupt, or has no such struct.
    """
    if is_hdf5(path):
        return _read_modern(path, group)
    try:
        check_room(path, _size(path))
        loaded = loadmat(path)
    except (
        ValueError,
        TypeError,
        OSError,
        NotImplementedError,
        MemoryError,
        LookupError,
        zlib.error,
    ) as error:
        raise ValueError(f"{path!r} is not a MATLAB file that can be read: {error}") from error
    fields = {name: array for name, array in loaded.items() if not name.startswith("__")}
    for part in group.split("/") if group else ():
        fields = _fields(path, fields, part)
    arrays = {n: a for n, a in fields.items() if isinstance(a, np.ndarray) and a.dtype.kind in "biufc"}
    others = {n: _kind(a) for n, a in fields.items() if n not in arrays}
    structs = [n for n, kind in others.items() if kind == "a struct"]
    inner = tuple(f"{group}/{n}" if group else n for n in structs)
    return bare_contents(arrays, others, () if arrays else inner, reading="whole")


def _size(path: str) -> int:
    """Bytes of the arrays; of the file, where SciPy cannot list them, as with functions that have a workspace."""
    try:
        return sum(math.prod(shape) * BYTES.get(kind, 0) for _, shape, kind in whosmat(path))
    except TypeError:
        return Path(path).stat().st_size


def is_hdf5(path: str) -> bool:
    """Whether a MATLAB file is of version 7.3 or later: HDF5 behind 512 bytes of text."""
    with Path(path).open("rb") as file:
        return file.read(520)[512:] == b"\x89HDF\r\n\x1a\n"


def _fields(path: str, variables: Mapping[str, NDArray], name: str) -> dict[str, NDArray]:
    """Fields of a struct."""
    struct = variables.get(name)
    names = getattr(getattr(struct, "dtype", None), "names", None)
    if struct is None or names is None:
        structs = sorted(one for one, array in variables.items() if _kind(array) == "a struct")
        raise ValueError(f"{path!r} has no struct {name!r} for group=, only {structs}.")
    if struct.size != 1:
        raise ValueError(
            f"{path!r}: {name!r} is an array of {struct.size} structs: store one of them as a variable."
        )
    return {field: struct.flat[0][field] for field in names}


def _kind(array: NDArray) -> str:
    """Description of a variable that is no numerical array."""
    if issparse(array):
        return "sparse"
    names = getattr(getattr(array, "dtype", None), "names", None)
    kind = getattr(getattr(array, "dtype", None), "kind", "O")
    return "a struct" if names else {"O": "cells or an object", "U": "text", "S": "text"}.get(kind, str(kind))


def _read_modern(path: str, group: str | None) -> FileContents:
    """Contents of a version 7.3 file, or of a struct in it."""
    arrays, others, structs = {}, {}, []
    check_contained(path)
    h5py, start = require("h5py"), f"{group}/" if group else ""
    with h5py.File(path, "r") as file:
        place = file.get(group) if group else file
        if not isinstance(place, h5py.Group):
            raise ValueError(
                f"{path!r} has no struct {group!r} for group=, only "
                f"{sorted(n for n, item in file.items() if isinstance(item, h5py.Group) and not n.startswith('#'))}."
            )
        for name, item in place.items():
            if name.startswith("#") or "MATLAB_empty" in item.attrs:
                continue
            kind = getattr(item, "dtype", None)
            dtype = None if kind is None else _complex(kind) or kind
            if dtype is None:
                others[name] = "sparse" if "MATLAB_sparse" in item.attrs else "a struct"
                structs += [start + name] if others[name] == "a struct" else []
            elif dtype.kind in "biufc" and item.attrs.get("MATLAB_class", b"") != b"char":
                arrays[name] = FileArray(_opened, path, start + name, item.shape[::-1], dtype)
            else:
                others[name] = (
                    "text" if item.attrs.get("MATLAB_class", b"") == b"char" else "cells or an object"
                )
    return bare_contents(arrays, others, () if arrays else tuple(structs))


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
