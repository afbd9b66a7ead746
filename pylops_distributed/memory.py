"""Where arrays lie in memory, and what becomes of it when they go."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Any

import numpy as np

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt


def aligned(value: Any) -> Any:
    """``value``, copied if it is an array off its natural boundaries, as arrays from other processes often are.

    NumPy's products would avoid BLAS, several times slower and with other rounding.
    """
    return np.require(value, requirements="A") if isinstance(value, np.ndarray) else value


def keep_pages() -> None:
    """Have this process keep the memory it frees, up to a bound: Dask's workers are set to give it back at once.

    Each reuse would cost a page fault for every 4 kB: as much again as the arithmetic, and more.
    """
    with suppress(OSError, AttributeError):  # not the C library of Linux
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_MMAP_THRESHOLD, 32 * 2**20)
        libc.mallopt(M_TRIM_THRESHOLD, 256 * 2**20)
