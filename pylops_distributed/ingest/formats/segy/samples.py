"""Samples of SEG-Y traces: read from, and written to, the bytes of the file."""

from __future__ import annotations

import logging
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

log = logging.getLogger(__name__)


def read_traces(
    numbers: Integers, steps: Integers, layout: Layout, dtype: np.dtype[np.generic]
) -> NDArray[np.generic]:
    """Read the traces of one chunk, in runs of consecutive ones; the task behind each chunk."""
    wanted = numbers.ravel()
    first, stop = int(steps.flat[0]), int(steps.flat[-1]) + 1
    size = layout.sample_bytes
    out = np.full((wanted.size, stop - first), np.nan if dtype.kind == "f" else 0, dtype)
    order = np.argsort(wanted, kind="stable")
    order = order[wanted[order] >= 0]
    runs = np.split(order, np.nonzero(np.diff(wanted[order]) != 1)[0] + 1) if order.size else []
    with Path(layout.path).open("rb") as file:
        for run in runs:
            begin = int(wanted[run[0]])
            raw = read_run(file, layout, begin, run.size)[:, first * size : stop * size]
            out[run] = _cast(decode_samples(raw, layout), dtype, layout, begin)
    return out.reshape((*numbers.shape[:-1], stop - first))


def read_run(file: IO[bytes], layout: Layout, begin: int, count: int) -> Bytes:
    """Bytes of the samples of ``count`` traces from trace ``begin`` on.

    Raises
    ------
    ValueError
        If the file ends before them.
    """
    file.seek(layout.first + begin * layout.trace_bytes)
    raw = np.frombuffer(file.read(count * layout.trace_bytes), np.uint8)
    if raw.size != count * layout.trace_bytes:
        raise ValueError(f"{layout.path!r} ends within trace {begin + raw.size // layout.trace_bytes}.")
    return raw.reshape(count, -1)[:, layout.header_bytes :]


def _cast(
    values: NDArray[np.generic], dtype: np.dtype[np.generic], layout: Layout, begin: int
) -> NDArray[np.generic]:
    """Samples in the type wanted; what single precision cannot hold is said."""
    if layout.format != IBM:
        cast = values.astype(dtype)
        _warn_rounded(values, cast, layout, begin)
        return cast
    with np.errstate(over="ignore"):
        cast = values.astype(dtype)
    if (lost := np.isinf(cast)).any():
        trace, sample = np.argwhere(lost)[0]
        log.warning(
            "%r: %d IBM samples, the first of them %g in trace %d (sample %d), are beyond single precision (3.4e38) "
            "and become infinite: mute them at the source, or read them with dtype='float64'",
            layout.path, int(lost.sum()), values[trace, sample], begin + trace, sample,
        )  # fmt: skip
    return cast


def _warn_rounded(values: NDArray[np.generic], cast: NDArray[np.generic], layout: Layout, begin: int) -> None:
    """Log integers of 64 bits that are rounded, because holes make the samples doubles."""
    if layout.dtype.kind not in "iu" or layout.sample_bytes < 8 or cast.dtype.kind != "f":
        return
    if (rounded := cast.astype(np.longdouble) != values.astype(np.longdouble)).any():
        trace, sample = np.argwhere(rounded)[0]
        log.warning(
            "%r: %d integers beyond 2**53, the first of them %d in trace %d (sample %d), are rounded to doubles, which "
            "hold the holes of the grid: read the file without holes, as with preset='headerless', to keep them",
            layout.path, int(rounded.sum()), values[trace, sample], begin + trace, sample,
        )  # fmt: skip


def write_run(file: IO[bytes], layout: Layout, begin: int, values: NDArray[np.generic]) -> None:
    """Write the samples of traces, one a row, from trace ``begin`` on; headers stay as they are."""
    raw = encode_samples(values, layout)
    size = layout.samples * layout.sample_bytes
    for k in range(len(values)):
        file.seek(layout.first + (begin + k) * layout.trace_bytes + layout.header_bytes)
        file.write(raw[k * size : (k + 1) * size])
