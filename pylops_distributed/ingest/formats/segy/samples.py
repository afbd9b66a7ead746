"""Samples of SEG-Y traces: read from, and written to, the bytes of the file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pylops_distributed.ingest.formats.segy.ibm import decode_ibm, encode_ibm
from pylops_distributed.ingest.formats.segy.layout import IBM, Layout

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.grid import Integers

log = logging.getLogger(__name__)


def read_traces(
    numbers: Integers, steps: Integers, layout: Layout, dtype: np.dtype[np.generic]
) -> NDArray[np.generic]:
    """Read the traces of one chunk, in runs of consecutive ones; the task behind each chunk."""
    wanted = numbers.ravel()
    first, stop = int(steps.flat[0]), int(steps.flat[-1]) + 1
    out = np.full((wanted.size, stop - first), np.nan if dtype.kind == "f" else 0, dtype)
    order = np.argsort(wanted, kind="stable")
    order = order[wanted[order] >= 0]
    runs = np.split(order, np.nonzero(np.diff(wanted[order]) != 1)[0] + 1) if order.size else []
    with Path(layout.path).open("rb") as file:
        for run in runs:
            begin = int(wanted[run[0]])
            out[run] = _cast(read_run(file, layout, begin, run.size)[:, first:stop], dtype, layout, begin)
    return out.reshape((*numbers.shape[:-1], stop - first))


def read_run(file: IO[bytes], layout: Layout, begin: int, count: int) -> NDArray[np.generic]:
    """Samples of ``count`` traces from trace ``begin`` on, as they are in the file.

    Raises
    ------
    ValueError
        If the file ends before them.
    """
    file.seek(layout.first + begin * layout.trace_bytes)
    raw = np.frombuffer(file.read(count * layout.trace_bytes), np.uint8)
    if raw.size != count * layout.trace_bytes:
        raise ValueError(f"{layout.path!r} ends within trace {begin + raw.size // layout.trace_bytes}.")
    kind = np.dtype(np.uint32) if layout.format == IBM else layout.dtype
    return np.ascontiguousarray(raw.reshape(count, -1)[:, layout.header_bytes :]).view(
        kind.newbyteorder(layout.order)
    )


def _cast(
    samples: NDArray[np.generic], dtype: np.dtype[np.generic], layout: Layout, begin: int
) -> NDArray[np.generic]:
    """Samples in the type wanted; what single precision cannot hold is said."""
    if layout.format != IBM:
        return samples.astype(dtype)
    values = decode_ibm(samples.astype(np.uint32))
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


def encode_samples(values: NDArray[np.generic], layout: Layout) -> bytes:
    """Traces, one a row, as bytes of the format of a file.

    Raises
    ------
    ValueError
        If a value does not fit the format.
    """
    if layout.format == IBM:
        return encode_ibm(values).astype(layout.order + "u4").tobytes()
    if layout.dtype.kind in "iu":
        return _whole(values, layout).tobytes()
    with np.errstate(over="ignore"):
        cast = values.astype(layout.dtype.newbyteorder(layout.order))
    if (lost := np.isfinite(values) & ~np.isfinite(cast)).any():
        raise ValueError(
            f"{layout.path!r}: {values[lost].flat[0]:.6g} is larger than the sample format {layout.format} holds: "
            "scale it, or write format 6"
        )
    return cast.tobytes()


def _whole(values: NDArray[np.generic], layout: Layout) -> NDArray[np.generic]:
    """Integers as the file has them; raises where numbers are not whole, or too large."""
    limits: Any = np.iinfo(layout.dtype.str)
    numbers: NDArray[Any] = values if values.dtype.kind in "iub" else np.asarray(values, np.float64)
    whole = numbers == np.rint(numbers) if numbers.dtype.kind == "f" else np.ones(numbers.shape, bool)
    good = whole & (numbers >= limits.min) & (numbers <= limits.max)
    cast = values.astype(layout.dtype.newbyteorder(layout.order)) if good.all() else values
    if not good.all() or (numbers.dtype.kind == "f" and (cast.astype(np.float64) != numbers).any()):
        bad = numbers[~good].flat[0] if not good.all() else numbers.max()
        raise ValueError(
            f"{layout.path!r}: {bad:.12g} is no whole number from {limits.min} to {limits.max}, which the sample "
            f"format {layout.format} holds: round or scale the data, or write format 5"
        )
    return cast


def write_run(file: IO[bytes], layout: Layout, begin: int, values: NDArray[np.generic]) -> None:
    """Write the samples of traces, one a row, from trace ``begin`` on; headers stay as they are."""
    raw = encode_samples(values, layout)
    size = layout.samples * layout.dtype.itemsize
    for k in range(len(values)):
        file.seek(layout.first + (begin + k) * layout.trace_bytes + layout.header_bytes)
        file.write(raw[k * size : (k + 1) * size])
