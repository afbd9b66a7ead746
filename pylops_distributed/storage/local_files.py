"""Objects as local files: written whole or not at all, deleted without following links."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from pylops_distributed import tuning
from pylops_distributed.storage.direct_io import write_chunk

NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
NO_REPLACE, EXCLUSIVE = 1, 4  # of Linux' renameat2 and of macOS' renamex_np
SWAP = 2  # of both
HERE = -100  # AT_FDCWD


def make_folder(folder: Path, root: Path | None) -> None:
    """Make a folder and those above it; with a ``root``, only those below that, which must be there.

    Raises
    ------
    FileNotFoundError
        If the root is not there: it was moved or deleted, and nothing is made in its old place.
    """
    if root is None:
        folder.mkdir(parents=True, exist_ok=True)
        return
    below = root
    for part in folder.relative_to(root).parts:
        below /= part
        with suppress(FileExistsError, FileNotFoundError):
            below.mkdir()
    if not folder.is_dir():
        raise FileNotFoundError(
            f"there is no folder {root}: it was moved or deleted, and nothing is written there"
        )


def folders(place: Path) -> list[str]:
    """Names of the folders directly in a folder, links to folders among them; a link that leads nowhere is none."""
    try:
        return sorted(entry.name for entry in place.iterdir() if entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def replace(path: Path, data: bytes, root: Path | None) -> None:
    """Write a file at once, over any older one."""
    for left in reversed(range(tuning.count("storage.folder-tries"))):
        try:
            with _staged(path, data, root) as part:
                part.replace(path)
            return
        except FileNotFoundError:  # somebody deletes the folder
            if not left:
                raise


def replace_checksummed(path: Path, data: bytes, root: Path | None) -> None:
    """Write data and their CRC32C as a file at once, over any older one and around the system's cache."""
    make_folder(path.parent, root)
    write_chunk(path, np.frombuffer(data, np.uint8))


def create(path: Path, data: bytes, root: Path | None) -> None:
    """Write a file at once, unless there is one.

    A hard link does that; where the file system has none, a renaming that replaces nothing.

    Raises
    ------
    FileExistsError
        If there is one.
    OSError
        If the file system can do neither: then nothing is written.
    """
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        with _staged(path, data, root) as part:
            try:
                os.link(part, path)
            except OSError as error:
                if error.errno not in NO_LINKS:
                    raise
                _rename_new(part, path)
    except FileExistsError:
        raise
    except OSError:
        for folder in missing:  # made for this alone
            with suppress(OSError):
                folder.rmdir()
        raise


def remove(root: Path, key: str) -> None:
    """Delete a file below a root; not an error if there is none, and never one behind a link.

    Raises
    ------
    OSError
        If a folder on the way to it is a link.
    """
    _check_no_links(root, Path(key).parent)
    (root / key).unlink(missing_ok=True)


def remove_tree(root: Path, key: str) -> None:
    """Delete all of a folder below a root, or the root itself; of links, the link alone.

    Raises
    ------
    OSError
        If something could not be deleted: it lists the remaining files, and why.
    """
    path = root / key
    _check_no_links(root, Path(key).parent)
    if path.is_symlink():
        if not key:
            raise OSError(
                errno.ELOOP, f"{path} is a link to {path.resolve()}: delete that, or the link, yourself"
            )
        path.unlink()
        return
    for _ in range(tuning.count("storage.folder-tries")):
        errors = _rmtree(path)
        if any(error.errno != errno.ENOTEMPTY for error in errors):
            break
        if not errors:
            return
    _complain(path, errors)


def ensure_create(folder: Path) -> None:
    """Raise unless a file can be made in a folder at once and only if there is none; leaves nothing there.

    Raises
    ------
    OSError
        If the file system cannot do that, or the folder cannot be written to.
    """
    probe = folder / f".pld-{secrets.token_hex(8)}"
    create(probe, b"", None)
    probe.unlink()


@contextmanager
def open_folder(folder: Path) -> Iterator[int]:
    """A folder, held open: operations on its descriptor reach it alone, whatever takes its name meanwhile.

    Raises
    ------
    OSError
        If it is a link.
    """
    if folder.is_symlink():
        raise OSError(
            errno.ELOOP, f"{folder} is a link to {folder.resolve()}: delete that, or the link, yourself"
        )
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def clear(folder: int, path: Path, but: str | None = None) -> None:
    """Delete all that is in an open folder, which was at ``path``, ``but`` for one name."""
    errors: list[OSError] = []
    for name in os.listdir(folder):
        if name == but:
            continue
        try:
            if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                errors += _rmtree(name, folder)
            else:
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            errors.append(error)
    if errors:
        _complain(path, errors)


@contextmanager
def _staged(path: Path, data: bytes, root: Path | None) -> Iterator[Path]:
    """A flushed file of the same folder that holds the data; gone at the end, whatever comes of it."""
    make_folder(path.parent, root)
    part = path.with_name(f"{path.name}#{secrets.randbelow(10**18)}")  # a name that obstore does not list
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield part
    finally:
        part.unlink(missing_ok=True)


def exchange(new: Path, old: Path) -> None:
    """Let two folders change places: at once where the system can, else the old one takes a third name meanwhile."""
    code = _renamed(new, old, SWAP, SWAP)
    if code in (errno.ENOSYS, errno.EINVAL, *NO_LINKS):
        aside = new.with_name(f"{new.name}-{secrets.token_hex(4)}")
        old.rename(aside)
        new.rename(old)
        aside.rename(new)
    elif code:
        raise OSError(code, os.strerror(code), str(old))
    for folder in {new.parent, old.parent}:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which other processes of this machine wait for."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _renamed(first: Path, second: Path, linux: int, mac: int) -> int:
    """Rename with a flag of the system; the number of its error, 0 if there is none."""
    library = ctypes.CDLL(None, use_errno=True)
    old, new = os.fsencode(first), os.fsencode(second)
    if rename := getattr(library, "renameat2", None):
        return ctypes.get_errno() if rename(HERE, old, HERE, new, linux) else 0
    if rename := getattr(library, "renamex_np", None):
        return ctypes.get_errno() if rename(old, new, mac) else 0
    return errno.ENOSYS


def _rename_new(part: Path, path: Path) -> None:
    """Rename a file unless there is one of the new name."""
    code = _renamed(part, path, NO_REPLACE, EXCLUSIVE)
    if code in (errno.ENOSYS, errno.EINVAL, *NO_LINKS):
        raise OSError(
            errno.EOPNOTSUPP,
            f"the file system of {path.parent} has neither hard links nor a renaming that replaces nothing, so two "
            "processes could not exclude each other there: choose a place on another file system",
        )
    if code:
        raise OSError(code, os.strerror(code), str(path))


def _check_no_links(root: Path, inner: Path) -> None:
    """Raise if a folder on the way from a root to a path in it is a link."""
    way = root
    for part in inner.parts:
        way /= part
        if way.is_symlink():
            raise OSError(
                errno.ELOOP,
                f"{way} is a link to {way.resolve()}: nothing is deleted through links; delete it yourself",
            )


def _rmtree(path: Path | str, folder: int | None = None) -> list[OSError]:
    """Delete a folder, and return what went wrong; missing files are no errors."""
    errors: list[BaseException] = []
    if sys.version_info >= (3, 12):
        shutil.rmtree(path, dir_fd=folder, onexc=lambda _call, _path, error: errors.append(error))
    else:
        shutil.rmtree(path, dir_fd=folder, onerror=lambda _call, _path, info: errors.append(info[1]))
    return [e for e in errors if isinstance(e, OSError) and not isinstance(e, FileNotFoundError)]


def _complain(path: Path, errors: list[OSError]) -> None:
    """Raise an error that says what of a folder is left, and why."""
    first = next((error for error in errors if error.errno != errno.ENOTEMPTY), errors[0])
    left = sum(len(names) for _, _, names in os.walk(path))
    raise OSError(
        first.errno,
        f"{path} could not be deleted, {left} files of it are left: {first.filename}: {first.strerror}",
    )
