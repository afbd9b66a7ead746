"""Atomic Zarr groups: each is either complete or absent.

A group is written arrays first; its own ``zarr.json``, put last and only if absent, is what publishes it.
It holds a manifest of the arrays and a digest of itself, so that any later damage is found.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import dask
import dask.array as da
import numpy as np
from dask.typing import Key
from obstore.exceptions import BaseError

from pylops_distributed.compat.zarr import chunk_key, is_bad_disk, reason_of
from pylops_distributed.errors import CorruptionError, UnreadableError
from pylops_distributed.execution.handout import StateBlocks, state_blocks
from pylops_distributed.storage.checksums import text_of, verify_chunks
from pylops_distributed.storage.direct_io import checksum_of, write_chunk
from pylops_distributed.storage.group_metadata import (
    Json,
    LabelledArray,
    digest,
    encode,
    metadata_key,
    read_attrs,
)
from pylops_distributed.storage.local_files import make_folder
from pylops_distributed.storage.object_store import Array, Storage, create_array, open_array
from pylops_distributed.vectors.types import Chunks, NDArray

Verify: TypeAlias = Literal["full", "fast"]


@dataclass(frozen=True)
class Variable:
    """Data with named axes.

    Parameters
    ----------
    dims : tuple of str
        Names of the axes.
    data : array-like
        NumPy or Dask array, or anything Dask makes an array of.
    attrs : mapping, optional
        JSON attributes, such as ``units``.
    """

    dims: tuple[str, ...]
    data: Any
    attrs: Mapping[str, Any] = field(default_factory=dict)


def write_group(
    storage: Storage,
    path: str,
    variables: Mapping[str, LabelledArray],
    attrs: Mapping[str, object],
    *,
    finite: Collection[str] = (),
    cold: bool = False,
    check: Callable[[], None] = lambda: None,
    get: object = None,
) -> None:
    """Write arrays, each chunk by whoever computes it, then publish them together.

    Parameters
    ----------
    storage : Storage
        Where.
    path : str
        Path of the group; anything unpublished there is deleted first.
    variables : mapping of str to Variable
        The arrays; ``xarray.Dataset.variables`` will do.
    attrs : mapping
        JSON attributes of the group.
    finite : collection of str, optional
        Variables in which NaN and infinities are errors.
    cold : bool, optional
        Whether the arrays are written often and hardly ever read; see
        :func:`~pylops_distributed.storage.object_store.create_array`.
    check : callable, optional
        Called right before publishing; raises to prevent it.
    get : callable or str, optional
        Dask scheduler; the one in use where the call is made if not given.

    Raises
    ------
    FileExistsError
        If the group is published already, by someone else or before.
    FloatingPointError
        If a variable named in ``finite`` is not.
    OSError
        If the written group is not complete.
    """
    if storage.exists(metadata_key(path)):
        raise FileExistsError(
            f"{storage.place}/{path} exists already; published groups are never written over"
        )
    try:
        manifest = _write_arrays(storage, path, variables, finite, cold, get)
        storage.sync(path)
        check()
        raw = encode({**attrs, "manifest": manifest, "uuid": uuid.uuid4().hex})
        published = storage.put_new(metadata_key(path), raw)
    except BaseError as error:
        raise OSError(f"{storage.place}/{path} could not be written: {reason_of(error)}") from error
    if not published:
        raise FileExistsError(f"{storage.place}/{path} was published by another writer meanwhile")
    storage.sync(metadata_key(path))


@dataclass(frozen=True)
class Group:
    """A published group, opened for reading and checked.

    Attributes
    ----------
    storage : Storage
        Its place.
    attrs : dict
        Its attributes, without the manifest.
    manifest : dict
        Of each array its ``nchunks``, ``stored_bytes``, ``chunks``, the ``checksums`` of what its chunks hold, and the
        digest of its ``metadata``.
    """

    storage: Storage
    attrs: Json
    manifest: Json

    def lazy(self, name: str) -> da.Array:
        """An array, lazily, in the chunks of the Dask array that was written."""
        array = open_array(self.storage, name, whole=True)
        key = f"read-{name}-{digest([self.storage.url, self.manifest[name]])[:32]}"
        chunks = tuple(tuple(sizes) for sizes in self.manifest[name]["chunks"])
        return da.from_array(array, chunks=chunks, name=key, meta=np.empty((0,) * array.ndim, array.dtype))

    def whole(self, name: str) -> da.Array:
        """An array, lazily, in the chunks that are stored."""
        array = open_array(self.storage, name, whole=True)
        key = f"verify-{name}-{digest([self.storage.url, self.manifest[name]])[:32]}"
        return da.from_array(
            array, chunks=array.chunks, name=key, meta=np.empty((0,) * array.ndim, array.dtype)
        )

    def read(self, name: str) -> NDArray:
        """A small array, read at once."""
        return np.asarray(open_array(self.storage, name, whole=True)[...])


def open_group(storage: Storage, path: str, verify: Verify = "full", get: object = None) -> Group:
    """Open a published group after checking it.

    Parameters
    ----------
    storage : Storage
        Where.
    path : str
        Path of the group.
    verify : {"full", "fast"}
        Read every chunk and its checksum, or only count chunks and bytes.
    get : callable or str, optional
        Dask scheduler that reads; the one in use if not given.

    Raises
    ------
    FileNotFoundError
        If the group is not published.
    CorruptionError
        If anything has changed since it was written.
    OSError
        If the store is away: nothing is known then, as with what workers raise that are lost meanwhile.
    """
    attrs = read_attrs(storage, path)
    group = Group(storage / path, attrs, attrs.pop("manifest"))
    stored = _stored(storage, path)
    for name, entry in group.manifest.items():
        for key, value in stored[name].items():
            if value != entry[key]:
                raise CorruptionError(f"{path}/{name}: {key} is {value}, was written as {entry[key]}")
    if verify == "full":
        for name, entry in group.manifest.items():
            try:
                verify_chunks(group.whole(name), entry.get("checksums"), get)
            except (
                BaseError,
                OSError,
                ValueError,
            ) as error:  # all else is the trouble of who reads, and will pass
                raise _reading_error(storage, path, name, error) from error
    return group


def _reading_error(storage: Storage, path: str, name: str, error: Exception) -> Exception:
    """The error that an array of a group could not be read: it has changed, or the store or the group is away."""
    if isinstance(
        error, CorruptionError | FileNotFoundError
    ):  # chunks that are missing read as fill values, too
        if not storage.exists(metadata_key(path)):
            return OSError(f"{storage.place}/{path} went away while it was read")
        return CorruptionError(f"{path}/{name}: {error}")
    words = reason_of(error)
    if isinstance(error, BaseError | OSError):
        if is_bad_disk(error):
            return UnreadableError(f"{path}/{name} cannot be read: {words}")
        return OSError(f"{storage.place}/{path}/{name} could not be read: {words}")
    return CorruptionError(f"{path}/{name} cannot be read: {error}")  # of checksums


def _write_arrays(
    storage: Storage,
    path: str,
    variables: Mapping[str, LabelledArray],
    finite: Collection[str],
    cold: bool,
    get: object,
) -> Json:
    """Write the arrays of a group, and return its manifest once they are verified."""
    storage.delete_prefix(path)
    lazy = {name: _write(storage / path, name, v, cold) for name, v in variables.items()}
    (marks,) = dask.compute({name: mark for name, (_, _, mark) in lazy.items()}, scheduler=get)
    for name in finite:
        if (marks[name] < 0).any():
            block = tuple(int(i) for i in np.argwhere(marks[name] < 0)[0])
            raise FloatingPointError(
                f"{name} holds NaN or infinity, first in chunk {block}: not saved to {path}"
            )
    manifest = _stored(storage, path)
    for name, (array, chunks, _) in lazy.items():
        if manifest[name]["nchunks"] != array.nchunks:
            raise OSError(f"{path}/{name}: {manifest[name]['nchunks']} of {array.nchunks} chunks were stored")
        manifest[name]["chunks"] = [list(sizes) for sizes in chunks]
        manifest[name]["checksums"] = text_of(marks[name])
    return manifest


def _write(
    group: Storage, name: str, variable: LabelledArray, cold: bool
) -> tuple[Array, Chunks, da.Array | NDArray]:
    """Create an array, and write it lazily: returns its chunks and, for each that is stored, its mark."""
    data = da.asarray(variable.data)
    if data.dtype.kind not in "biufc":
        raise TypeError(f"{name} has type {data.dtype}, expected numbers; convert it before storing")
    grid = tuple(max(sizes, default=1) for sizes in data.chunks)
    array = create_array(
        group, name, data.shape, grid, data.dtype, tuple(variable.dims), dict(variable.attrs), cold
    )
    # Zarr's chunks are regular: only then can every block be written as one whole chunk.
    regular = data.rechunk(dict(enumerate(grid))) if data.ndim else data
    write = partial(_write_chunk, target=array, what=name, folder=(group / name).folder if cold else None)
    if (blocks := state_blocks(regular)) is not None:
        written = _written_by_parts(blocks, regular, write)
        if written is not None:
            return array, data.chunks, written
    marks = regular.map_blocks(
        _write_block, write=write, dtype=np.int64, chunks=(1,) * data.ndim,
        meta=np.empty((0,) * data.ndim, np.int64), name=f"write-{name}-{uuid.uuid4().hex}",
    )  # fmt: skip
    return array, data.chunks, marks


def _written_by_parts(blocks: StateBlocks, array: da.Array, write: Callable[..., int]) -> NDArray | None:
    """Have the parts of a solve write their blocks of its state: the mark of each; None if they have them no more."""
    starts = [np.cumsum([0, *sizes]).tolist() for sizes in array.chunks]
    places: dict[Key, tuple[object, ...]] = {
        (array.name, *index): (
            [(start[i], start[i + 1]) for start, i in zip(starts, index, strict=True)],
            index,
        )
        for index in np.ndindex(*array.numblocks)
    }
    marks = blocks.apply(write, places)
    return None if marks is None else np.array(marks, np.int64).reshape(array.numblocks)


def _write_block(block: NDArray, write: Callable[..., int], block_info: Any = None) -> NDArray:
    mark = write(block, block_info[0]["array-location"], block_info[0]["chunk-location"])
    return np.full((1,) * np.ndim(block), mark)


def _write_chunk(
    block: NDArray,
    place: Sequence[tuple[int, int]],
    index: tuple[int, ...],
    target: Array,
    what: str,
    folder: Path | None,
) -> int:
    """Write one block as one chunk, itself into the array's folder, if given; marks it by its checksum.

    The mark is less than zero if the block is not finite.
    """
    values = np.asarray(block, target.dtype)
    expected = tuple(b - a for a, b in place)
    if values.shape != expected:
        raise ValueError(
            f"a block of {what} has shape {values.shape}, expected {expected}: "
            "an operator gave another shape than it says"
        )
    if folder is not None:
        stored = values
        if expected != target.chunks:  # at the edge: chunks of Zarr are all of one size
            stored = np.zeros(target.chunks, target.dtype)
            stored[tuple(map(slice, expected))] = values
        key = chunk_key(target, index)
        with suppress(FileNotFoundError):  # the array's folder exists, or was removed: it is not made anew
            make_folder((folder / key).parent, folder)
        finite, checksum = write_chunk(folder / key, stored)
        checksum = checksum if stored is values else checksum_of(values)
    else:
        target[tuple(slice(a, b) for a, b in place)] = values
        finite, checksum = bool(np.isfinite(values).all()), checksum_of(values)
    return checksum if finite else checksum - 2**32


def _stored(storage: Storage, path: str) -> defaultdict[str, Json]:
    """Stored chunks and bytes of each array of a group, and the digest of its metadata."""
    stored: defaultdict[str, Json] = defaultdict(lambda: {"nchunks": 0, "stored_bytes": 0, "metadata": None})
    for key, size in storage.sizes(path):
        name, _, rest = key.removeprefix(f"{path}/").partition("/")
        if rest == "zarr.json":
            stored[name]["metadata"] = digest(storage.get(key))
        elif rest:
            stored[name]["nchunks"] += 1
            stored[name]["stored_bytes"] += size
    return stored
