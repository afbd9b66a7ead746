"""Where things lie in a SEG-Y file: byte order, sample format, and the trace headers."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import segyio
from numpy.typing import NDArray

Endian: TypeAlias = Literal["big", "little"]
Headers: TypeAlias = dict[int, NDArray[np.integer[Any]]]

# Sample format code: NumPy type of a sample once decoded (IBM floats become IEEE ones).
SAMPLE_DTYPES = {
    1: "f4", 2: "i4", 3: "i2", 5: "f4", 6: "f8", 8: "i1", 9: "i8", 10: "u4", 11: "u2", 12: "u8", 16: "u1",
}  # fmt: skip
TEXT_BYTES, BINARY_BYTES, HEADER_BYTES = 3200, 400, 240
WINDOW_BYTES = 32 << 20
_UNSIGNED = (115, 117)
_FIELDS = sorted(int(field) for field in segyio.TraceField.enums())


@dataclass(frozen=True)
class Layout:
    """The fixed structure of one SEG-Y file; small, so tasks carry it.

    Parameters
    ----------
    path : str
        The file.
    endian : {'big', 'little'}
        Byte order.
    format : int
        Sample format code of the standard.
    samples, traces : int
        Samples per trace and number of traces.
    first : int
        Offset of the first trace header [bytes].
    """

    path: str
    endian: Endian
    format: int
    samples: int
    traces: int
    first: int

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of the decoded samples, in the machine's byte order."""
        return np.dtype(SAMPLE_DTYPES[self.format])

    @property
    def trace_bytes(self) -> int:
        """Length of a trace with its header [bytes]."""
        return HEADER_BYTES + self.samples * self.dtype.itemsize


def read_layout(path: str, endian: Endian | None = None) -> Layout:
    """Find byte order, sample format and number of traces, and check them against the file's size.

    Parameters
    ----------
    path : str
        SEG-Y file.
    endian : {'big', 'little'}, optional
        Byte order. By default the one under which the headers and the size of the file agree.

    Returns
    -------
    Layout
        The structure of the file.

    Raises
    ------
    ValueError
        If the file is not SEG-Y, or its last trace is incomplete.
    """
    size = os.path.getsize(path)
    head_bytes = TEXT_BYTES + BINARY_BYTES
    with open(path, "rb") as file:
        head = file.read(head_bytes + HEADER_BYTES)
    if len(head) < head_bytes + HEADER_BYTES:
        raise ValueError(
            f"{path!r} is not a SEG-Y file: it has {size} bytes, headers alone take {head_bytes}+."
        )
    orders: tuple[Endian, ...] = (endian,) if endian else ("big", "little")
    found = [layout for order in orders if (layout := _layout(path, order, head, size))]
    if not found:
        raise ValueError(
            f"{path!r} is no SEG-Y file that can be read: in {' or '.join(orders)} endian, bytes 3225-3226 "
            f"hold no sample format of {sorted(SAMPLE_DTYPES)}, or bytes 3221-3222 no number of samples."
        )
    for layout in found:
        if layout.traces and layout.first + layout.traces * layout.trace_bytes == size:
            return layout
    layout = found[0]
    whole, rest = divmod(size - layout.first, layout.trace_bytes)
    raise ValueError(
        f"{path!r} is truncated or its traces differ in length: {whole} traces of {layout.samples} samples "
        f"({layout.trace_bytes} bytes each) leave {rest} bytes over. Copy it again, or fix bytes 3221-3222."
    )


def _layout(path: str, endian: Endian, head: bytes, size: int) -> Layout | None:
    """What the binary header says under one byte order, or None where it makes no sense."""
    order = ">" if endian == "big" else "<"
    (code,) = struct.unpack_from(order + "h", head, 3224)
    (samples,) = struct.unpack_from(order + "H", head, 3220)
    (extended,) = struct.unpack_from(order + "h", head, 3504)
    first = TEXT_BYTES * (1 + extended) + BINARY_BYTES
    if code not in SAMPLE_DTYPES or samples == 0 or extended < 0 or first > size:
        return None
    trace_bytes = HEADER_BYTES + samples * np.dtype(SAMPLE_DTYPES[code]).itemsize
    return Layout(path, endian, code, samples, (size - first) // trace_bytes, first)


def scan_headers(layout: Layout, fields: Iterable[int]) -> Headers:
    """Read fields of all trace headers in one pass over the file, window by window.

    Parameters
    ----------
    layout : Layout
        The file's structure.
    fields : iterable of int
        First byte of each field, counted from 1 as in the standard.

    Returns
    -------
    dict of numpy.ndarray
        By byte, one value per trace in the field's own integer type.

    Raises
    ------
    ValueError
        If a byte is not the start of a field of the standard trace header.
    """
    types = {byte: _field_type(byte, layout.endian) for byte in fields}
    headers: Headers = {byte: np.empty(layout.traces, kind.newbyteorder("=")) for byte, kind in types.items()}
    step = max(1, WINDOW_BYTES // layout.trace_bytes)
    for start in range(0, layout.traces, step):
        count = min(step, layout.traces - start)
        offset = layout.first + start * layout.trace_bytes
        # A new map for each window, so that the pages touched before do not add up.
        window = np.memmap(layout.path, np.uint8, "r", offset, (count, layout.trace_bytes))
        for byte, kind in types.items():
            field = window[:, byte - 1 : byte - 1 + kind.itemsize]
            headers[byte][start : start + count] = np.ascontiguousarray(field).view(kind)[:, 0]
    return headers


def _field_type(byte: int, endian: Endian) -> np.dtype[np.integer[Any]]:
    """Integer type of the header field that starts at ``byte``."""
    if byte not in _FIELDS:
        raise ValueError(f"no trace header field starts at byte {byte}; inline, say, is often at 189 or 9.")
    width = min((other for other in _FIELDS if other > byte), default=HEADER_BYTES + 1) - byte
    kind = "u" if byte in _UNSIGNED else "i"
    return np.dtype(f"{'>' if endian == 'big' else '<'}{kind}{4 if width >= 4 else 2}")
