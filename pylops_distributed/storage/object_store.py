"""Objects and arrays at a URL: local folders and S3 behind one small interface."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

import google_crc32c
import numpy as np
import obstore
import zarr
from numpy.typing import DTypeLike
from obstore.exceptions import AlreadyExistsError, GenericError, PreconditionError
from zarr.codecs import BloscCodec, Crc32cCodec

from pylops_distributed import tuning
from pylops_distributed.compat.zarr import reason_of
from pylops_distributed.storage import local_files as files
from pylops_distributed.storage.secrets import find_secrets
from pylops_distributed.storage.zarr_objects import Objects

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from zarr.storage import ObjectStore

Array: TypeAlias = zarr.Array[Any]
T = TypeVar("T")

# The checksum comes last, over the bytes as stored: without it flipped bits are read back silently.
CHECKSUM = (Crc32cCodec(),)
COMPRESSED = (BloscCodec(cname="lz4", clevel=5, shuffle="shuffle"), *CHECKSUM)


@dataclass(frozen=True)
class Storage:
    """Objects below a URL. Made by :func:`open_storage`; pickles as its URL, without credentials.

    Keys are relative to the URL, with ``/`` between their parts. Nothing is created before the first write.

    Attributes
    ----------
    url : str
        Absolute ``file://`` or ``s3://`` address, without a slash at its end.
    base : str or None
        A ``file://`` address at or above it whose folder must exist already: a folder that was moved or deleted is not
        made anew by those who still write to it.
    """

    url: str
    base: str | None = field(default=None, compare=False)

    def __truediv__(self, path: str) -> Storage:
        return Storage(f"{self.url}/{path.strip('/')}", self.base) if path else self

    def __reduce__(self) -> tuple[object, ...]:
        return Storage, (self.url, self.base)

    def pinned(self) -> Storage:
        """This storage, whose folder must be there already."""
        return Storage(self.url, self.url)

    @cached_property
    def folder(self) -> Path | None:
        """Local folder of the URL, or None on S3."""
        return _folder(self.url)

    @cached_property
    def _base(self) -> Path | None:
        return None if self.base is None else _folder(self.base)

    @property
    def place(self) -> str:
        """The URL as people write it: a local one as a path, with nothing quoted."""
        return self.url if self.folder is None else str(self.folder)

    @cached_property
    def _writable(self) -> obstore.store.ObjectStore:
        if self.folder is not None:
            files.make_folder(self.folder, self._base)
            return obstore.store.LocalStore(self.folder)
        return obstore.store.from_url(self.url)

    @property
    def _readable(self) -> obstore.store.ObjectStore:
        if self.folder is None:
            return self._writable
        if not self.folder.is_dir():
            raise FileNotFoundError(f"there is no folder {self.folder}")
        # Whoever reads makes no folder, wherever this is sent to: one that is away is no empty one.
        return obstore.store.LocalStore(self.folder, mkdir=False)

    def zarr(
        self, path: str = "", *, read_only: bool = False, whole: bool = False
    ) -> ObjectStore[obstore.store.ObjectStore]:
        """Zarr store rooted at ``path``; unless ``read_only``, its folder is made if need be.

        Where all is known to be ``whole``, a chunk that is missing was deleted: an error, and not its fill value.
        """
        place = self / path
        store = Objects(place._readable if read_only else place._writable, read_only=read_only)
        store.base, store.whole = place._base, whole
        return store

    def put(self, key: str, data: bytes) -> None:
        """Write an object at once, over any older one; an ``OSError`` names the obstacle."""
        if self.folder is not None:
            with self._words(key, "written"):
                return files.replace(self.folder / key, data, self._base)
        self._ask(key, "written", lambda: obstore.put(self._writable, key, data))

    def put_checksummed(self, key: str, data: bytes) -> None:
        """Write data and their CRC32C at once, over any older object; local ones around the system's cache."""
        if self.folder is None:
            return self.put(key, data + google_crc32c.value(data).to_bytes(4, "little"))
        with self._words(key, "written"):
            files.replace_checksummed(self.folder / key, data, self._base)

    def put_new(self, key: str, data: bytes) -> bool:
        """Write an object unless there is one, and tell whether the object there is ours.

        The stored object is read back and compared, so that a write whose acknowledgement got lost still counts;
        let ``data`` carry something unique to the writer.
        """
        with suppress(AlreadyExistsError, PreconditionError, FileExistsError):
            if self.folder is not None:
                with self._words(key, "written"):
                    files.create(self.folder / key, data, self._base)
                return True
            self._ask(key, "written", lambda: obstore.put(self._writable, key, data, mode="create"))
        return self.get(key) == data

    def _ask(self, key: str, action: str, request: Callable[[], T]) -> T:
        """Result of a request; to another machine it is sent again where the client itself would not.

        Those are the ones that broke off amid their answer, and those that may have been done: all here can be twice.
        """
        end = time.monotonic() + tuning.seconds("storage.request-time")
        left = tuning.count("storage.request-tries") if self.folder is None else 1
        while True:
            left -= 1
            try:
                return request()
            except GenericError as error:  # a full disk, or a store that is away
                if not left or time.monotonic() > end:
                    raise OSError(f"{self.place}/{key} could not be {action}: {reason_of(error)}") from error

    @contextmanager
    def _words(self, key: str, action: str) -> Iterator[None]:
        """Tell what could not be done to which object."""
        try:
            yield
        except (FileExistsError, FileNotFoundError):
            raise
        except OSError as error:
            reason = error.strerror or str(error)
            raise OSError(error.errno, f"{self.place}/{key} could not be {action}: {reason}") from error

    def get(self, key: str) -> bytes:
        """Content of an object.

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        return self._ask(key, "read", lambda: bytes(obstore.get(self._readable, key).bytes()))

    def exists(self, key: str) -> bool:
        """Whether there is an object at ``key``."""
        return self.size(key) is not None

    def size(self, key: str) -> int | None:
        """Bytes of the object at ``key``; None if there is none."""
        try:
            return int(self._ask(key, "looked for", lambda: obstore.head(self._readable, key))["size"])
        except FileNotFoundError:
            return None

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Keys below ``prefix`` and their sizes in bytes, in no order."""
        return ((entry["path"], entry["size"]) for entry in self._listed(prefix))

    def stamp(self) -> tuple[int, int]:
        """Bytes of all objects, and when the last of them changed [ns]; an error if there is none."""
        if not (entries := self._listed("")):
            raise FileNotFoundError(f"there is nothing at {self.place}")
        times = (round(entry["last_modified"].timestamp() * 1e9) for entry in entries)
        return sum(entry["size"] for entry in entries), max(times)

    def _listed(self, prefix: str) -> list[ObjectMeta]:
        def listed() -> list[ObjectMeta]:
            return [entry for batch in obstore.list(self._readable, prefix or None) for entry in batch]

        try:
            return self._ask(prefix, "listed", listed)
        except FileNotFoundError:
            return []

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys below ``prefix``, in no order."""
        return (key for key, _ in self.sizes(prefix))

    def dirs(self, prefix: str = "") -> Iterator[str]:
        """Names directly below ``prefix`` that have keys below them, sorted."""
        if self.folder is not None:
            with self._words(prefix, "listed"):
                return iter(files.folders(self.folder / prefix))
        try:
            folders = self._ask(
                prefix, "listed", lambda: obstore.list_with_delimiter(self._readable, prefix or None)
            )["common_prefixes"]
        except FileNotFoundError:
            return iter(())
        return iter(sorted(path.rstrip("/").rpartition("/")[2] for path in folders))

    def delete(self, key: str) -> None:
        """Delete an object, but none behind a link; not an error if there is none."""
        if self.folder is not None:
            with self._words(key, "deleted"):
                return files.remove(self.folder, key)
        with suppress(FileNotFoundError):
            self._ask(key, "deleted", lambda: obstore.delete(self._readable, key))

    def delete_prefix(self, prefix: str) -> None:
        """Delete everything below ``prefix``, also what a killed writer left half-written; of a link, the link alone.

        Raises
        ------
        OSError
            If something could not be deleted; it lists the remaining objects.
        """
        if self.folder is not None:
            files.remove_tree(self.folder, prefix)
        elif keys := [*self.list(prefix)]:
            self._ask(prefix, "deleted", lambda: obstore.delete(self._readable, keys))

    def sync(self, prefix: str = "") -> None:
        """Make everything at or below ``prefix`` outlive a power cut; S3 does so anyway.

        Files first, then folders from the inside out, then those above, up to the URL's own parent.
        """
        if self.folder is None:
            return
        start = self.folder / prefix
        if start.is_file():
            _fsync(start)
        for inner, _, names in os.walk(start, topdown=False):
            for name in names:
                _fsync(Path(inner, name))
            _fsync(Path(inner))
        for outer in start.parents:
            _fsync(outer)
            if outer == self.folder.parent:
                break


def open_storage(url: str | Path) -> Storage:
    """Storage at a local folder or an ``s3://bucket/prefix`` address.

    Parameters
    ----------
    url : str or Path
        Path, ``file://`` URL or ``s3://`` URL. Credentials and endpoint of S3 are taken from the environment
        (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``, ``AWS_ALLOW_HTTP``, ...), on workers too.

    Raises
    ------
    ValueError
        If the kind of URL is not known, or it holds a secret.
    """
    text = str(url)
    scheme = text.partition("://")[0] if "://" in text else ""
    if scheme and any(find_secrets(text)):
        raise ValueError(
            f"a {scheme}:// address holds a password or key, which would be kept and shown: leave it out; keys of S3 "
            "are read from the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if scheme not in ("", "file", "s3"):
        raise ValueError(
            f"cannot store at {text!r}: give a local path, a file:// or an s3://bucket/prefix URL"
        )
    if not scheme:
        text = Path(os.path.abspath(Path(text).expanduser())).as_uri()
    return Storage(text.rstrip("/"))


def create_array(
    storage: Storage,
    path: str,
    shape: Sequence[int],
    chunks: Sequence[int],
    dtype: DTypeLike,
    dims: Sequence[str] | None = None,
    attrs: Mapping[str, object] | None = None,
    cold: bool = False,
) -> Array:
    """Create an array with our codecs, and nothing else: no metadata of the groups above it.

    Checksummed (crc32c), compressed (Blosc LZ4) unless cold, NaN as fill value of floats, and every chunk gets
    written.

    Parameters
    ----------
    storage : Storage
        Where.
    path : str
        Path of the array below ``storage``.
    shape, chunks : sequence of int
        Lengths of the array and of its chunks along each axis.
    dtype : dtype-like
        Type of the elements.
    dims : sequence of str, optional
        Names of the axes.
    attrs : mapping, optional
        JSON attributes.
    cold : bool, optional
        Whether it is written often and hardly ever read: then processor time and memory are dearer than disk.

    Returns
    -------
    zarr.Array
        The array, to be written by whole chunks.

    Raises
    ------
    zarr.errors.ContainsArrayError
        If there is an array already.
    """
    kind, attributes = np.dtype(dtype), dict[str, Any](attrs or {})
    # Rooted at the array itself: created below a group, Zarr would write the group's zarr.json too early.
    # Chunks of nothing but fill value are written too, so that a missing chunk always means a lost one.
    return zarr.create_array(
        storage.zarr(path), shape=tuple(shape), chunks=tuple(max(1, n) for n in chunks), dtype=kind,
        compressors=CHECKSUM if cold else COMPRESSED, fill_value=np.nan if kind.kind in "fc" else None,
        dimension_names=dims, attributes=attributes, config={"write_empty_chunks": True}, zarr_format=3,
    )  # fmt: skip


def open_array(storage: Storage, path: str, *, whole: bool = False) -> Array:
    """Open an array for reading; where it is ``whole``, a missing chunk is an error."""
    return zarr.open_array(storage.zarr(path, read_only=True, whole=whole), mode="r", zarr_format=3)


def chunks_present(array: Array) -> tuple[int, int]:
    """Number of chunks that are stored, and number that should be."""
    return array.nchunks_initialized, array.nchunks


def _folder(url: str) -> Path | None:
    """Local folder of a URL, or None on S3."""
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _fsync(path: Path) -> None:
    """Flush one file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
