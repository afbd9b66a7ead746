"""Writing SEG-Y with the headers of another file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pylops_distributed import tuning
from pylops_distributed.compat.linux import allocate
from pylops_distributed.ingest.formats.segy.binary_header import HEADER_BYTES
from pylops_distributed.ingest.formats.segy.byte_order import Bytes, encode_numbers
from pylops_distributed.ingest.formats.segy.layout import Layout
from pylops_distributed.ingest.formats.segy.sample_formats import IBM
from pylops_distributed.ingest.formats.segy.samples import write_run
from pylops_distributed.ingest.formats.segy.su import find_layout
from pylops_distributed.vectors.types import NDArray, Options

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.ingest.formats.segy.byte_order import Endian

IEEE, INTERVAL_BYTE, FORMAT_BYTE = 5, 3216, 3224
FLOATS = (IBM, 5, 6)  # IBM floats, and IEEE floats of four and of eight bytes


# Arrays of a dataset: everything before the traces, the headers of the traces as rows, and everything after the traces.
BEFORE, ROWS, AFTER = "segy_head_bytes", "segy_header_bytes", "segy_tail_bytes"


def is_raw_header(name: object) -> bool:
    """Whether an array of a dataset holds bytes of headers."""
    return str(name).endswith((BEFORE, ROWS, AFTER))


@dataclass(frozen=True)
class RawHeaders:
    """All headers of a SEG-Y file as bytes.

    Attributes
    ----------
    layout : Layout
        The structure of the file.
    before : bytes
        Everything before the first trace.
    rows : callable
        Headers of the traces from one number to another, one trace a row of bytes.
    after : callable
        Everything after the last trace.
    """

    layout: Layout
    before: bytes
    rows: Callable[[int, int], Bytes]
    after: Callable[[], bytes]

    @classmethod
    def of_file(cls, layout: Layout) -> RawHeaders:
        """Those of a file, read when they are needed."""

        def rows(start: int, stop: int) -> Bytes:
            shape, offset = (stop - start, layout.trace_bytes), layout.first + start * layout.trace_bytes
            window = np.memmap(layout.path, np.uint8, "r", offset, shape)
            return np.array(window[:, : layout.header_bytes])

        def read(start: int, length: int) -> bytes:
            with Path(layout.path).open("rb") as file:
                file.seek(start)
                return file.read(length)

        end = layout.first + layout.traces * layout.trace_bytes
        return cls(layout, read(0, layout.first), rows, lambda: read(end, -1))

    def windows(self) -> Iterator[tuple[int, Bytes]]:
        """Headers of consecutive traces, and the number of the first of them."""
        step = max(1, tuning.nbytes("ingest.segy-window") // self.layout.trace_bytes)
        for start in range(0, self.layout.traces, step):
            yield start, self.rows(start, min(start + step, self.layout.traces))


def copy_segy(
    source: str,
    target: str,
    array: xr.DataArray,
    numbers: xr.DataArray,
    endian: Endian,
    options: Options | None = None,
    *,
    keep_format: bool = False,
) -> None:
    """Write the traces of an array in the order, and with all headers, of a SEG-Y file.

    Parameters
    ----------
    source : str
        The SEG-Y file whose headers are taken.
    target, array, numbers, keep_format
        As of :func:`write_with_headers`.
    endian : {'big', 'little', 'pairwise'}
        Byte order of the file.
    options : mapping, optional
        Further options of :func:`~pylops_distributed.ingest.formats.segy.su.find_layout` with which the file was
        read.

    Raises
    ------
    OSError
        If there is not enough disk space for the file.
    ValueError
        If a sample does not fit the format of the file.
    """
    headers = RawHeaders.of_file(find_layout(source, endian, **(options or {})))
    write_with_headers(headers, target, array, numbers, keep_format=keep_format)


def write_with_headers(
    headers: RawHeaders,
    target: str,
    array: xr.DataArray,
    numbers: xr.DataArray,
    *,
    keep_format: bool = False,
    su: bool = False,
) -> None:
    """Write the traces of an array in the order of a SEG-Y file, with all of its headers.

    Parameters
    ----------
    headers : RawHeaders
        Headers of the file.
    target : str
        File to write.
    array : xarray.DataArray
        Samples; one block of whole traces is in memory at a time.
    numbers : xarray.DataArray
        Place in the file of each trace, -1 for holes; has the dimensions of ``array`` but for that of samples, which
        its attribute ``samples`` names.
    keep_format : bool, optional
        Whether to write integers as the file does, instead of IEEE floats.
    su : bool, optional
        Whether to write Seismic Unix: IEEE floats, and no headers but the first of each trace.

    Raises
    ------
    OSError
        If there is not enough disk space for the file.
    ValueError
        If a sample does not fit the format of the file.
    """
    headers = as_su(headers) if su else headers
    layout = headers.layout
    if (length := array.sizes[numbers.attrs["samples"]]) != layout.samples:
        raise ValueError(
            f"{array.name!r} has {length} samples a trace, and the SEG-Y file {layout.samples}: export data ingested "
            "whole, without a window, or write NetCDF (.nc) instead"
        )
    format = layout.format if keep_format or layout.format in FLOATS else IEEE
    copy = replace(layout, path=target, format=format)
    _write_headers(headers, copy)
    order = array.transpose(*numbers.dims, numbers.attrs["samples"])
    with Path(target).open("r+b") as file:
        for where, block in _blocks(order):
            traces = np.asarray(block).reshape(-1, layout.samples)
            for number, trace in zip(numbers.values[where].ravel(), traces, strict=True):
                if number >= 0:
                    write_run(file, copy, int(number), trace[None])


def as_su(headers: RawHeaders) -> RawHeaders:
    """The headers as those of a Seismic Unix file, which has nothing but traces.

    Raises
    ------
    ValueError
        If pairs of bytes are swapped in the file, which Seismic Unix cannot read.
    """
    layout = headers.layout
    if layout.endian == "pairwise":
        raise ValueError(
            "Seismic Unix has no files whose pairs of bytes are swapped: export SEG-Y (.sgy) instead"
        )
    interval = headers.before[INTERVAL_BYTE : INTERVAL_BYTE + 2] or bytes(2)

    def rows(start: int, stop: int) -> Bytes:
        first = headers.rows(start, stop)[:, :HEADER_BYTES].copy()
        # Programs find the traces by these two, which SEG-Y has in its binary header too.
        first[:, 114:116] = encode_numbers(np.array([layout.samples]), "u2", layout.endian)
        empty = ~first[:, 116:118].any(axis=1)
        first[empty, 116:118] = np.frombuffer(interval, np.uint8)
        return first

    return RawHeaders(replace(layout, format=IEEE, first=0, extra=0, revision=0), b"", rows, lambda: b"")


def _write_headers(headers: RawHeaders, target: Layout) -> None:
    """Make a file of the layout ``target`` with these headers, and nothing yet in its traces."""
    head = bytearray(headers.before)
    if head:
        code = encode_numbers(np.array([target.format]), "i2", target.endian).tobytes()
        head[FORMAT_BYTE : FORMAT_BYTE + 2] = code
    with Path(target.path).open("wb") as file:
        # Writing to a mapped file on a full disk would kill the process.
        allocate(file, target.first + target.traces * target.trace_bytes)
        file.write(head)
    for start, rows in headers.windows():
        shape, offset = (len(rows), target.trace_bytes), target.first + start * target.trace_bytes
        new = np.memmap(target.path, np.uint8, "r+", offset, shape)
        new[:, : target.header_bytes] = rows
    with Path(target.path).open("ab") as copy:
        copy.write(headers.after())  # records after the last trace


def _blocks(array: xr.DataArray) -> Iterator[tuple[tuple[slice, ...], NDArray]]:
    """Blocks of whole traces, one at a time, each with the place of its traces."""
    whole = array.chunk({array.dims[-1]: -1})
    sizes = whole.chunks or ()
    for index in np.ndindex(*map(len, sizes)):
        starts = [sum(s[:i]) for s, i in zip(sizes, index, strict=True)]
        where = tuple(slice(a, a + s[i]) for a, s, i in zip(starts, sizes, index, strict=True))
        yield where[:-1], whole.data.blocks[index].compute()
