"""The fixed structure of a SEG-Y file, and fields of its trace headers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import segyio
from numpy.typing import NDArray

from pylops_distributed import tuning
from pylops_distributed.ingest.formats.segy.binary_header import (
    HEADER_BYTES,
)
from pylops_distributed.ingest.formats.segy.byte_order import Bytes, Endian, decode_numbers
from pylops_distributed.ingest.formats.segy.sample_formats import SAMPLE_FORMATS

# A field of the trace header: its first byte, counted from 1, and its NumPy type.
Place: TypeAlias = tuple[int, str]
Headers: TypeAlias = dict[Place, NDArray[Any]]

UNSIGNED = (115, 117)
STANDARD = sorted(int(field) for field in segyio.TraceField.enums())


@dataclass(frozen=True)
class Layout:
    """The fixed structure of one SEG-Y file; small, so tasks carry it.

    Parameters
    ----------
    path : str
        The file.
    endian : {'big', 'little', 'pairwise'}
        Byte order; in the last, big endian, the two bytes of each pair are swapped.
    format : int
        Sample format code of the standard.
    samples, traces : int
        Samples per trace and number of traces.
    first : int
        Offset of the first trace header [bytes].
    extra : int, optional
        Number of additional trace headers that follow each trace header (revision 2).
    revision : int, optional
        Revision of the standard; None where the file names none that is known.
    interval : float, optional
        Extended sample interval [us] of revision 2, which takes the place of that of revision 1.
    """

    path: str
    endian: Endian
    format: int
    samples: int
    traces: int
    first: int
    extra: int = 0
    revision: int | None = 1
    interval: float | None = None

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of the decoded samples, in the machine's byte order."""
        return np.dtype(SAMPLE_FORMATS[self.format].dtype)

    @property
    def sample_bytes(self) -> int:
        """Length of a sample in the file [bytes]."""
        return SAMPLE_FORMATS[self.format].nbytes

    @property
    def su(self) -> bool:
        """Whether it is a Seismic Unix file, in which nothing precedes the traces."""
        return self.first == 0

    @property
    def header_bytes(self) -> int:
        """Length of all headers of a trace [bytes]."""
        return HEADER_BYTES * (1 + self.extra)

    @property
    def trace_bytes(self) -> int:
        """Length of a trace with its headers [bytes]."""
        return self.header_bytes + self.samples * self.sample_bytes


def standard_code(byte: int) -> str | None:
    """NumPy type of the standard's field that starts at ``byte``, or None if none does."""
    if byte not in STANDARD:
        return None
    width = min((other for other in STANDARD if other > byte), default=HEADER_BYTES + 1) - byte
    return f"{'u' if byte in UNSIGNED else 'i'}{4 if width >= 4 else 2}"


def standard(byte: int) -> Place:
    """The standard's field that starts at ``byte``."""
    code = standard_code(byte)
    assert code is not None
    return byte, code


def decode_field(rows: Bytes, place: Place, layout: Layout) -> NDArray[np.generic]:
    """Values of a header field, one for each row of bytes that begins with the headers of a trace."""
    byte, code = place
    field = rows[:, byte - 1 : byte - 1 + np.dtype(code).itemsize]
    values: NDArray[np.generic] = decode_numbers(field, code, layout.endian)[:, 0]
    return values


def scan_headers(layout: Layout, places: Iterable[Place]) -> Headers:
    """Read fields of all trace headers in one pass over the file, window by window.

    Parameters
    ----------
    layout : Layout
        The file's structure.
    places : iterable of (int, str)
        First byte of each field, counted from 1 as in the standard, and NumPy type. Bytes from 241 on are in
        additional trace headers.

    Returns
    -------
    dict of numpy.ndarray
        By field, one value per trace in the field's own type and the machine's byte order.
    """
    headers: Headers = {place: np.empty(layout.traces, place[1]) for place in places}
    step = max(1, tuning.nbytes("ingest.segy-window") // layout.trace_bytes)
    for start in range(0, layout.traces, step):
        count = min(step, layout.traces - start)
        offset = layout.first + start * layout.trace_bytes
        # A new map for each window, so that the pages touched before do not add up.
        window = np.memmap(layout.path, np.uint8, "r", offset, (count, layout.trace_bytes))
        for place, values in headers.items():
            values[start : start + count] = decode_field(window, place, layout)
    return headers
