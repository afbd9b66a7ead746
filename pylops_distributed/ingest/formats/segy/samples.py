"""Samples of SEG-Y traces: read from, and written to, the bytes of the file."""

from __future__ import annotations

import logging
import os
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pylops_distributed.ingest.formats.segy.sample_coding import decode_samples, encode_samples
from pylops_distributed.ingest.formats.segy.sample_formats import IBM

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.byte_order import Bytes
    from pylops_distributed.ingest.formats.segy.grid import Integers
    from pylops_distributed.ingest.formats.segy.layout import Layout

CACHED = 2**18  # bytes of samples decoded at once
log = logging.getLogger(__name__)


def read_traces(
    numbers: Integers, steps: Integers, layout: Layout, dtype: np.dtype[np.generic]
) -> NDArray[np.generic]:
    """Read the traces of one chunk, in runs of consecutive ones; the task behind each chunk."""
    wanted = numbers.ravel()
    first, stop = int(steps.flat[0]), int(steps.flat[-1]) + 1
    raw = _gather(wanted, layout, slice(first * layout.sample_bytes, stop * layout.sample_bytes))
    out = np.empty((wanted.size, stop - first), dtype)
    rows = max(1, CACHED // (8 * (stop - first)))
    for start in range(0, wanted.size, rows):  # a few traces at a time: their words stay in the cache
        part = slice(start, start + rows)
        out[part] = _cast(decode_samples(raw[part], layout, dtype), dtype, layout, wanted[part])
    out[wanted < 0] = np.nan if dtype.kind == "f" else 0
    return out.reshape((*numbers.shape[:-1], stop - first))


def _gather(wanted: Integers, layout: Layout, part: slice) -> Bytes:
    """A part of the bytes of the samples of some traces, one a row; zeros where none is wanted.

    Runs of consecutive traces are read at once.
    """
    raw = np.zeros((wanted.size, part.stop - part.start), np.uint8)
    order = np.argsort(wanted, kind="stable")
    order = order[wanted[order] >= 0]
    begins = np.nonzero(np.diff(wanted[order], prepend=-2) != 1)[0].tolist()
    with Path(layout.path).open("rb", buffering=0) as file:
        for start, stop in pairwise([*begins, order.size]):
            run = order[start:stop]
            rows = run[0] if run.size == 1 else run
            raw[rows] = read_run(file, layout, int(wanted[run[0]]), run.size)[:, part]
    return raw


def read_run(file: IO[bytes], layout: Layout, begin: int, count: int) -> Bytes:
    """Bytes of the samples of ``count`` traces from trace ``begin`` on.

    Raises
    ------
    ValueError
        If the file ends before them.
    """
    size = layout.trace_bytes
    raw = np.frombuffer(os.pread(file.fileno(), count * size, layout.first + begin * size), np.uint8)
    if raw.size != count * size:
        raise ValueError(f"{layout.path!r} ends within trace {begin + raw.size // size}.")
    return raw.reshape(count, size)[:, layout.header_bytes :]


def _cast(
    values: NDArray[np.generic], dtype: np.dtype[np.generic], layout: Layout, numbers: Integers
) -> NDArray[np.generic]:
    """Samples in the type wanted; what single precision cannot hold is said."""
    if values.dtype == dtype:
        return values
    if layout.format != IBM:
        cast = values.astype(dtype)
        _warn_rounded(values, cast, layout, numbers)
        return cast
    with np.errstate(over="ignore"):
        cast = values.astype(dtype)
    if (lost := np.isinf(cast)).any():
        trace, sample = np.argwhere(lost)[0]
        log.warning(
            "%r: %d IBM samples, the first of them %g in trace %d (sample %d), are beyond single precision (3.4e38) "
            "and become infinite: mute them at the source, or read them with dtype='float64'",
            layout.path, int(lost.sum()), values[trace, sample], numbers[trace], sample,
        )  # fmt: skip
    return cast


def _warn_rounded(
    values: NDArray[np.generic], cast: NDArray[np.generic], layout: Layout, numbers: Integers
) -> None:
    """Log integers of 64 bits that are rounded, because holes make the samples doubles."""
    if layout.dtype.kind not in "iu" or layout.sample_bytes < 8 or cast.dtype.kind != "f":
        return
    if (rounded := cast.astype(np.longdouble) != values.astype(np.longdouble)).any():
        trace, sample = np.argwhere(rounded)[0]
        log.warning(
            "%r: %d integers beyond 2**53, the first of them %d in trace %d (sample %d), are rounded to doubles, which "
            "hold the holes of the grid: read the file without holes, as with preset='headerless', to keep them",
            layout.path, int(rounded.sum()), values[trace, sample], numbers[trace], sample,
        )  # fmt: skip


def write_run(file: IO[bytes], layout: Layout, begin: int, values: NDArray[np.generic]) -> None:
    """Write the samples of traces, one a row, from trace ``begin`` on; headers stay as they are."""
    raw = encode_samples(values, layout)
    size = layout.samples * layout.sample_bytes
    for k in range(len(values)):
        file.seek(layout.first + (begin + k) * layout.trace_bytes + layout.header_bytes)
        file.write(raw[k * size : (k + 1) * size])
