"""Kernels of blocks on whole NumPy arrays: some rows at a time, in threads where there is enough to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np

from pylops_distributed.compat.malloc import retain_scratch_memory
from pylops_distributed.vectors.pieces import ROUNDS, SMALL, share_out, threads_in_use
from pylops_distributed.vectors.types import NDArray


def apply_to_rows(
    x: NDArray,
    kernel: Callable[[NDArray], NDArray],
    free: Iterable[int],
    reach: Callable[[int], tuple[int, int]] = lambda axis: (0, 0),
    nbytes: int | None = None,
) -> NDArray:
    """Result of a kernel for a whole array, from its results for pieces of one axis.

    Parameters
    ----------
    x : numpy.ndarray
        Array.
    kernel : callable
        Function of a block, which keeps the length of the axes that may be cut. It may add axes in front of them, or
        take some away there.
    free : iterable of int
        Axes that may be cut.
    reach : callable, optional
        For an axis, how many samples before and after one the kernel's result for it depends on.
    nbytes : int, optional
        Bytes of a piece; by default there are a few for each thread.

    Returns
    -------
    numpy.ndarray
        What the kernel returns for ``x``, up to rounding.
    """
    axes = [a for a in free if x.shape[a] > 1]
    if x.nbytes <= (SMALL if nbytes is None else nbytes) or not axes:
        return kernel(x)
    threads = threads_in_use()
    if nbytes is None and threads == 1:  # to join pieces would take a copy
        return kernel(x)
    # Of all axes but the last, whose samples lie side by side, the one with the least to do twice.
    axis = min(axes, key=lambda a: (a == x.ndim - 1, sum(reach(a)) / x.shape[a], a))
    low, high = reach(axis)
    wanted = threads * ROUNDS if nbytes is None else -(-x.nbytes // nbytes)
    rows = x.shape[axis]
    count = min(wanted, max(1, rows // max(1, low, high, 4 * (low + high))))
    if count < 2:
        return kernel(x)
    retain_scratch_memory()
    ends = [rows * i // count for i in range(count + 1)]
    cuts = [(max(0, a - low), a, b, min(rows, b + high)) for a, b in pairwise(ends)]

    def result(cut: tuple[int, int, int, int]) -> NDArray:
        first, start, stop, last = cut
        y = kernel(x[_along(axis, first, last)])
        return y[_along(axis + y.ndim - x.ndim, start - first, stop - first)]

    begin = result(cuts[0])
    place = axis + begin.ndim - x.ndim
    out = np.empty((*begin.shape[:place], rows, *begin.shape[place + 1 :]), begin.dtype)
    out[_along(place, *cuts[0][1:3])] = begin

    def work(cut: tuple[int, int, int, int]) -> None:
        out[_along(place, *cut[1:3])] = result(cut)

    share_out(work, cuts[1:], threaded=x.nbytes > SMALL)
    return out


def _along(axis: int, start: int, stop: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(start, stop),)
