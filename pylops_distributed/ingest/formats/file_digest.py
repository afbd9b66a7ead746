"""Size and SHA-256 of sources, of large files in a thread while their headers are read."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path

from pylops_distributed.storage.object_store import open_storage

# Below this a thread gains nothing.
SMALL = 2**23
PIECE = 2**20


def size_and_sha256(path: str) -> Mapping[str, object]:
    """Size [bytes] and SHA-256 of a file, or of all keys and objects of a folder or URL, streaming."""
    if Path(path).is_file():
        return _of_file(path, threading.Event())
    storage, total, whole = open_storage(path), 0, hashlib.sha256()
    for key in sorted(storage.list()):
        data = storage.get(key)
        total += len(data)
        whole.update(key.encode() + b"\0" + hashlib.sha256(data).digest())
    return {"size": total, "sha256": whole.hexdigest()}


class FileDigest:
    """Size and SHA-256 of a source, computed next to the code inside ``with``; no thread outlives that.

    Parameters
    ----------
    path : str
        File, folder or URL. Of folders, URLs and small files they are computed when they are asked for.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._result: Mapping[str, object] = {}
        self._error: BaseException | None = None

    def __enter__(self) -> FileDigest:
        if "://" not in self.path and Path(self.path).is_file() and Path(self.path).stat().st_size > SMALL:
            self._thread = threading.Thread(target=self._work, name="sha256", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def result(self) -> Mapping[str, object]:
        """Size and SHA-256, once they are known; raises the error of reading the file."""
        if self._thread is None:
            return size_and_sha256(self.path)
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result

    def _work(self) -> None:
        try:
            self._result = _of_file(self.path, self._stop)
        except BaseException as error:
            self._error = error


def _of_file(path: str, stop: threading.Event) -> Mapping[str, object]:
    """Size and SHA-256 of a file, read to its end, or until ``stop`` is set."""
    whole, total, piece = hashlib.sha256(), 0, memoryview(bytearray(PIECE))
    with Path(path).open("rb", buffering=0) as file:
        while not stop.is_set() and (count := file.readinto(piece)):
            whole.update(piece[:count])
            total += count
    return {"size": total, "sha256": whole.hexdigest()}
