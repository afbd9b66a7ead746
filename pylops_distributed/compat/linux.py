"""Features of Linux alone, each with a fallback for other systems; memory of its C library is in :mod:`.malloc`.

``tests/compat/test_linux.py`` has tests of each entry, with and without ``/proc``.
"""

from __future__ import annotations

import os
import platform
from errno import EINVAL, EOPNOTSUPP
from pathlib import Path
from typing import IO

import psutil

PROC = Path("/proc")

# Flag by which a file is written around the system's cache; elsewhere files go through it.
UNBUFFERED: int = getattr(os, "O_DIRECT", 0)


def boot_and_namespaces() -> list[str]:
    """This boot of this machine and, in containers, this one's processes and clock; empty elsewhere.

    Relies on: ``sys/kernel/random/boot_id`` is another one after each boot, and links in ``self/ns`` name the spaces
    of process numbers and of clocks.
    """
    boot, spaces = PROC / "sys/kernel/random/boot_id", (PROC / "self/ns/pid", PROC / "self/ns/time")
    start = [boot.read_text().strip()] if boot.exists() else []
    return [*start, *(str(s.readlink()) for s in spaces if s.is_symlink())]


def process_start(pid: int) -> float:
    """When a process began, by a clock that nobody sets: ticks since boot on Linux, elsewhere the kernel's own note.

    Relies on: the 22nd field of ``<pid>/stat``.

    Raises
    ------
    psutil.NoSuchProcess
        If there is no such process.
    """
    try:
        # After the name, which may hold anything, in brackets.
        return float((PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return float(psutil.Process(pid).create_time())


def processor_model() -> str:
    """Name of the processor's model; elsewhere its architecture.

    Relies on: lines ``model name : ...`` of ``cpuinfo``.
    """
    about = PROC / "cpuinfo"
    lines = about.read_text().splitlines() if about.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def allocate(file: IO[bytes], size: int) -> None:
    """Give a file its size and, where the system can, its space on disk.

    Raises
    ------
    OSError
        If the disk is full.
    """
    file.truncate(size)
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        if error.errno not in (EINVAL, EOPNOTSUPP):
            raise OSError(error.errno, f"{error.strerror}: {size} bytes are needed for", file.name) from None


def read_at(descriptor: int, buffer: memoryview, offset: int) -> int:
    """Fill a buffer from a place of a file; how many bytes there were.

    Relies on: ``preadv`` reads into given memory; elsewhere the bytes are copied.
    """
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, (buffer,), offset)
    data = os.pread(descriptor, len(buffer), offset)
    buffer[: len(data)] = data
    return len(data)
