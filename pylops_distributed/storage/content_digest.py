"""Tokens of operators, data and solvers by what they hold, the same in every process.

Dask's own tokens know arrays in files by their place. Here such arrays are read: each counts by its content, wherever
it is, and however it is cut where nothing but reading is left to be done. Lazy arrays that are computed count by their
graphs, operators by what they hold, code as in :mod:`pylops_distributed.storage.source_code`.
"""

from __future__ import annotations

import copyreg
import functools
import os
import threading
from collections.abc import Iterator
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import dask.array as da
import numpy as np
import xarray as xr
from dask.typing import Key
from dask.utils import SerializableLock
from scipy.sparse import sparray, spmatrix

from pylops_distributed import tuning
from pylops_distributed.compat.dask import (
    GETTERS,
    Alias,
    DataNode,
    GraphNode,
    NestedContainer,
    Task,
    TaskRef,
    flatten,
    task_graph,
)
from pylops_distributed.errors import UnidentifiedContentError
from pylops_distributed.storage.code_reads import files_named
from pylops_distributed.storage.source_code import OURS, Code, array_digest, constant, installed
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json

# Attributes of operators that say how often they were applied, and whether something in them is lazy.
COUNTS = ("matvec_count", "rmatvec_count", "matmat_count", "rmatmat_count", "holds_dask")
MADE = "_made_"  # how the names of attributes of operators begin that are made of others when they are needed
LOCKS = (SerializableLock, type(threading.Lock()), type(threading.RLock()))
ZARR = ("zarr.json", ".zgroup", ".zarray")


def token(*values: object) -> str:
    """Token of values by their content.

    Raises
    ------
    UnidentifiedContentError
        If there is none, as of a generator, an open connection, or an object that cannot be pickled.
    """
    content = Content()
    return content.of(values)


def file_digest(path: str | Path) -> str | None:
    """SHA-256 of a file, or of all files of a Zarr hierarchy; None where there is neither."""
    place, digest = Path(path), sha256()
    if place.is_dir() and any((place / name).exists() for name in ZARR):
        for file in sorted(p for p in place.rglob("*") if p.is_file()):
            digest.update(f"{file.relative_to(place).as_posix()}\0{_sum(file)}\n".encode())
        return digest.hexdigest()
    return _sum(place) if place.is_file() else None


def named_file(text: str) -> str | None:
    """Digest of the file that a text names; None if it names none. A bare word is no path."""
    if "\0" in text or "\n" in text or len(text) > 4096 or not ({"/", os.sep, "."} & set(text)):
        return None
    try:
        return file_digest(text)
    except OSError:
        return None


class Sources(Code):
    """Digests of code, and of the files that it names, each by its content."""

    def _reached(self, function: FunctionType) -> Iterator[tuple[str, str]]:
        yield from super()._reached(function)
        sums = {sum_ for path in files_named(function) if (sum_ := named_file(path)) is not None}
        yield from (("file", sum_) for sum_ in sorted(sums))  # wherever they lie

    def _steady(self, value: object) -> str | None:
        if not isinstance(value, xr.DataArray | xr.Dataset):
            return super()._steady(value)
        try:
            return token(value)
        except UnidentifiedContentError:
            return None


class Content(Sources):
    """Digests of values, and of the code in them."""

    def _form(self, value: object) -> object:
        if isinstance(value, np.ndarray) and value.dtype.kind == "O":
            return ["objects", list(value.shape), *map(self.of, value.ravel().tolist())]
        if isinstance(value, str | Path):
            file = named_file(str(value))
            return [*constant(str(value)), *([file] if file else [])]
        return super()._form(value)

    def _object(self, value: object) -> object:
        if isinstance(value, da.Array):
            return self._lazy(value)
        if isinstance(value, LOCKS):
            return ["lock"]
        if is_stored(value):
            return ["stored", *stored_digest(value)]
        if isinstance(value, GraphNode):
            return self._task(value, {})
        state = getattr(value, "__dict__", None)
        if isinstance(state, dict) and not _reduces(type(value)):
            return ["object", self.of(type(value)), self.of(_stable_attributes(value, state))]
        return self._reduced(value)

    def _moving(self, value: object, text: str | None) -> str:
        if isinstance(value, da.Array) or is_stored(value):
            return self.of(value)
        return super()._moving(value, text)

    def _reduced(self, value: object) -> object:
        """By what pickle would write of it."""
        try:
            reduce = copyreg.dispatch_table.get(type(value))
            form = reduce(value) if reduce else value.__reduce_ex__(4)
        except Exception as error:
            raise UnidentifiedContentError(
                f"{type(value).__module__}.{type(value).__qualname__} has no token: {error}"
            ) from None
        if isinstance(form, str):
            return ["global", type(value).__module__, form]
        parts = [list(p) if isinstance(p, Iterator) else p for p in form]
        return ["reduced", *map(self.of, parts)]

    def _lazy(self, array: da.Array) -> list[object]:
        """A lazy array: by its content where it is only read, by its graph where it is computed."""
        about = ["lazy", array.dtype.str, list(array.shape)]
        graph, held = task_graph(dict(array.__dask_graph__()))
        if held:  # on workers: by what they hold
            return [*about, "held", *_blocks(array)]
        if all(isinstance(_value(node), np.ndarray) for node in graph.values()):
            return [*about, "memory", _slabs(array)]
        leaves = [_value(n) for n in graph.values() if isinstance(n, DataNode) and is_stored(_value(n))]
        read = all(
            isinstance(n, DataNode) or (isinstance(n, Task) and n.func in GETTERS) for n in graph.values()
        )
        blocks = sum(not isinstance(n, DataNode) for n in graph.values())
        if read and len(leaves) == 1 and leaves[0].shape == array.shape and blocks == array.npartitions:
            return [*about, "stored", *stored_digest(leaves[0])]
        tokens: dict[Any, str] = {}
        for key in TopologicalSorter({k: n.dependencies for k, n in graph.items()}).static_order():
            tokens[key] = self._task_token(graph[key], tokens)
        ends = [tokens[key] for key in flatten(array.__dask_keys__())]
        return [*about, "graph", [list(map(str, c)) for c in array.chunks], ends]

    def _task_token(self, node: object, tokens: dict[Key, str]) -> str:
        return sha256(repr(self._task(node, tokens)).encode()).hexdigest()

    def _task(self, node: object, tokens: dict[Key, str]) -> object:
        """A task with the tokens of what it takes in place of keys, which are of the moment."""
        if isinstance(node, TaskRef | Alias):
            target = node if isinstance(node, TaskRef) else node.target
            return ["of", tokens[target.key if isinstance(target, TaskRef) else target]]
        if isinstance(node, DataNode):
            return ["data", self.of(node.value)]
        if isinstance(node, NestedContainer | Task):
            args = [self._task(a, tokens) for a in node.args]
            kwargs = [[k, self._task(v, tokens)] for k, v in sorted((node.kwargs or {}).items())]
            return ["task", type(node).__name__, self.of(node.func), args, kwargs]
        if isinstance(node, list | tuple):
            return [type(node).__name__, *(self._task(n, tokens) for n in node)]
        if isinstance(node, dict):
            return ["dict", *([str(k), self._task(v, tokens)] for k, v in node.items())]
        return ["value", self.of(node)]


def is_stored(value: object) -> bool:
    """Whether a value is an array that is read piece by piece: of Zarr, HDF5, NetCDF, or anything like these."""
    if isinstance(value, type | np.ndarray | np.generic | da.Array | sparray | spmatrix):
        return False
    return all(hasattr(value, name) for name in ("shape", "dtype", "__getitem__")) and hasattr(value, "ndim")


def stored_digest(value: Any) -> list[object]:
    """Type, shape and digests of the content of an array that is read piece by piece, by the workers in use."""
    shape, dtype = tuple(map(int, value.shape)), np.dtype(value.dtype)
    if not shape:
        return [dtype.str, [], array_digest(np.asarray(value[()]))]
    chunks = getattr(value, "chunks", None)
    whole = (
        isinstance(chunks, tuple) and len(chunks) == len(shape) and all(isinstance(c, int) for c in chunks)
    )
    sizes = chunks if whole else da.core.normalize_chunks("auto", shape, _piece(), dtype)
    lock = type(value).__module__.partition(".")[0] in ("h5py", "h5netcdf", "netCDF4")
    read = da.from_array(value, sizes, name=f"token-{uuid4().hex}", lock=lock, asarray=True)
    return [dtype.str, list(shape), *_blocks(read)]


def _blocks(array: da.Array) -> list[str]:
    """Digest of each block, by the workers in use."""
    sums = array.map_blocks(_block_digest, dtype="U64", chunks=(1,) * array.ndim, name=f"token-{uuid4().hex}")
    digests = sums.compute()
    return [str(list(map(list, array.chunks))), *map(str, np.ravel(digests))]


def _block_digest(block: NDArray) -> object:
    return np.full((1,) * np.ndim(block), array_digest(np.asarray(block)), "U64")


def _slabs(array: da.Array) -> str:
    """Digest of an array in memory, in C order: the same for any chunks."""
    if array.ndim == 0:
        return array_digest(np.asarray(array.compute(scheduler="sync")))
    digest, rows = sha256(), max(1, _piece() // max(1, array.nbytes // max(1, array.shape[0])))
    for first in range(0, array.shape[0], rows):
        part = np.ascontiguousarray(array[first : first + rows].compute(scheduler="sync"))
        digest.update(part.tobytes())
    return digest.hexdigest()


def _stable_attributes(value: object, state: Json) -> Json:
    """Of an object's attributes, those that are no counters and no results that are kept for later.

    An operator that has been applied is the same as a new one.
    """
    form = type(value)
    return {
        name: v for name, v in state.items()
        if name not in COUNTS and not name.startswith(MADE)
        and not isinstance(getattr(form, name, None), functools.cached_property)
    }  # fmt: skip


def _reduces(form: type) -> bool:
    """Whether a class of an installed package says itself how it is pickled."""
    ways = ("__reduce__", "__reduce_ex__", "__getstate__")
    own = any(getattr(form, way, None) is not getattr(object, way, None) for way in ways)
    return own and installed(form.__module__) and form.__module__.partition(".")[0] not in ("pylops", *OURS)


def _value(node: object) -> Any:
    return node.value if isinstance(node, DataNode) else None


def _piece() -> int:
    return tuning.nbytes("storage.digest-piece")


def _sum(file: Path) -> str:
    digest, piece = sha256(), _piece()
    with file.open("rb") as stream:
        while part := stream.read(piece):
            digest.update(part)
    return digest.hexdigest()
