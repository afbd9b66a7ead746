"""Samples of SEG-Y traces: read from, and written to, the bytes of the file."""

from __future__ import annotations

import logging
import threading
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pylops_distributed.compat.linux import read_at
from pylops_distributed.ingest.formats.segy.sample_coding import decode_samples, encode_samples
from pylops_distributed.ingest.formats.segy.sample_formats import IBM

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.byte_order import Bytes
    from pylops_distributed.ingest.formats.segy.grid import Integers
    from pylops_distributed.ingest.formats.segy.layout import Layout

PIECE = 2**20  # bytes of traces read and decoded at once: they stay in the cache
FEW = 8  # reads that threads do at the same time
# Of many short reads each hands Python's lock over and takes it back: two threads at it spend more time on that.
_turn = threading.Lock()
log = logging.getLogger(__name__)


def read_traces(
    numbers: Integers, steps: Integers, layout: Layout, dtype: np.dtype[np.generic]
) -> NDArray[np.generic]:
    """Read the traces of one chunk, in the order of the file; the task behind each chunk.

    Raises
    ------
    ValueError
        If the file ends before them.
    """
    wanted = numbers.ravel()
    first, stop = int(steps.flat[0]), int(steps.flat[-1]) + 1
    columns = slice(*(layout.header_bytes + step * layout.sample_bytes for step in (first, stop)))
    out = np.empty((wanted.size, stop - first), dtype)
    order = np.argsort(wanted, kind="stable")
    order = order[wanted[order] >= 0]
    rows = max(1, PIECE // layout.trace_bytes)
    raw = np.empty((min(rows, order.size), layout.trace_bytes), np.uint8)
    with Path(layout.path).open("rb", buffering=0) as file:
        for start in range(0, order.size, rows):
            part = order[start : start + rows]
            read_rows(file, layout, wanted[part], raw)
            values = decode_samples(raw[: part.size, columns], layout, dtype)
            in_order = part[-1] - part[0] == part.size - 1 and (np.diff(part) == 1).all()
            where = slice(part[0], part[-1] + 1) if in_order else part
            out[where] = _cast(values, dtype, layout, wanted[part])
    out[wanted < 0] = np.nan if dtype.kind == "f" else 0
    return out.reshape((*numbers.shape[:-1], stop - first))


def read_rows(file: IO[bytes], layout: Layout, wanted: Integers, raw: Bytes) -> None:
    """Read traces into the first rows of an array of bytes; runs of consecutive ones are read at once."""
    size = layout.trace_bytes
    begins = np.nonzero(np.diff(wanted, prepend=-2) != 1)[0]
    places = (layout.first + wanted[begins].astype(np.int64) * size).tolist()
    bounds = pairwise([*(begins * size).tolist(), wanted.size * size])
    flat, descriptor = raw.reshape(-1).data, file.fileno()
    with _turn if len(places) > FEW else nullcontext():
        for place, (start, stop) in zip(places, bounds, strict=True):
            count = read_at(descriptor, flat[start:stop], place)
            if count < stop - start:
                trace = (place - layout.first + count) // size
                raise ValueError(f"{layout.path!r} ends within trace {trace}.")


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
