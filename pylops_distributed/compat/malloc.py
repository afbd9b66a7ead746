"""Where arrays lie in memory, and when that is returned: settings of the C library of Linux.

Elsewhere they do nothing. ``tests/compat/test_malloc.py`` has a test for each entry.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from typing import Any

import numpy as np
import psutil

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # of glibc's mallopt


def as_aligned(value: object) -> Any:
    """``value``, copied if it is an array off its natural boundaries, as arrays from other processes often are.

    NumPy's products would avoid BLAS, several times slower and with other rounding.
    """
    return np.require(value, requirements="A") if isinstance(value, np.ndarray) else value


def free_memory(limit: int | None = None, share: float = 1.0) -> int:
    """Bytes that this process may still take: of ``limit``, if it has one, and of a share of the machine's."""
    left = share * psutil.virtual_memory().available
    return int(left if not limit else max(0, min(left, limit - psutil.Process().memory_info().rss)))


_kept = False  # whether this process has set the allocator's limits


def retain_freed_memory(most: int, largest: int = 2**25) -> None:
    """Have this process keep up to ``most`` bytes that it frees: Dask's workers are set to give them back at once.

    Each reuse would cost a page fault for every 4 kB: as much again as the arithmetic, and more. Arrays of more than
    ``largest`` bytes are given back all the same. Best called before there are threads: one that allocates has its
    private heap by then, which goes back 64 MB at a time.

    Relies on: glibc's ``mallopt`` sets from which size arrays are mapped one by one, and how much free memory at
    the end of the heap is returned at once; ``M_ARENA_MAX`` is how many heaps there may be.
    """
    global _kept
    _kept = True
    with suppress(OSError, AttributeError):  # not the C library of Linux
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_ARENA_MAX, 1)
        libc.mallopt(M_MMAP_THRESHOLD, min(most, largest, 2**25))
        libc.mallopt(M_TRIM_THRESHOLD, min(most, 2**31 - 1))  # a C int


def retain_scratch_memory() -> None:
    """Have one of Dask's workers keep what kernels need for a moment, a few megabytes at a time.

    Relies on: Dask sets ``MALLOC_TRIM_THRESHOLD_`` for its worker processes, of which glibc takes its settings.
    """
    if not _kept and "MALLOC_TRIM_THRESHOLD_" in os.environ:
        retain_freed_memory(2**26, 2**23)


def return_freed_memory() -> bool:
    """Give back to the system what this process has freed between what it still uses; False where that cannot be done.

    Relies on: glibc's ``malloc_trim`` returns whole pages in the midst of the heap, too.
    """
    with suppress(OSError, AttributeError):  # not the C library of Linux
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        return True
    return False
