"""Seismic Unix files: traces of SEG-Y with IEEE floats and nothing before them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pylops_distributed.ingest.formats.segy.binary_header import HEADER_BYTES
from pylops_distributed.ingest.formats.segy.byte_order import decode_numbers
from pylops_distributed.ingest.formats.segy.detection import read_layout
from pylops_distributed.ingest.formats.segy.layout import Layout

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.byte_order import Endian

IEEE = 5


def find_layout(
    path: str,
    endian: Endian | None = None,
    *,
    su: bool = False,
    revision: int | None = None,
    samples: int | None = None,
) -> Layout:
    """Structure of a SEG-Y or, with ``su``, of a Seismic Unix file; the other options are those of `read_layout`."""
    return (
        read_su(path, endian, samples)
        if su
        else read_layout(path, endian, revision=revision, samples=samples)
    )


def read_su(path: str, endian: Endian | None = None, samples: int | None = None) -> Layout:
    """Find byte order and length of the traces of a Seismic Unix file, and check them against its size.

    Raises
    ------
    ValueError
        If no byte order makes traces of one length that fill the file.
    """
    if endian not in (None, "big", "little"):
        raise ValueError(f"endian={endian!r}: expected 'big' or 'little' for Seismic Unix files.")
    if samples is not None and not 0 < samples < 1 << 31:
        raise ValueError(f"samples={samples!r}: expected a positive number.")
    size = Path(path).stat().st_size
    native: tuple[Endian, ...] = ("little", "big") if sys.byteorder == "little" else ("big", "little")
    problems = []
    for order in (endian,) if endian else native:
        lengths = [_length(path, order, 0)]
        length = samples or lengths[0]
        nbytes = HEADER_BYTES + 4 * length
        if length and size and not size % nbytes:
            lengths.append(_length(path, order, size - nbytes))
            if samples or lengths[0] == lengths[1]:
                return Layout(path, order, IEEE, length, size // nbytes, 0, revision=0)
        problems.append(f"{lengths[0]} samples in {order} endian")
    raise ValueError(
        f"{path!r} is no Seismic Unix file whose traces have one length: byte 115 of the first trace holds "
        f"{' or '.join(problems)}, and {size} bytes are no whole number of such traces. Give samples= or endian= if "
        "that byte is wrong, or format: segy if the file begins with a text header."
    )


def _length(path: str, endian: Endian, place: int) -> int:
    """Number of samples in the trace header that begins at a place; 0 behind the end of the file."""
    with Path(path).open("rb") as file:
        file.seek(place + 114)
        raw = np.frombuffer(file.read(2), np.uint8)
    return int(decode_numbers(raw, "u2", endian)[0]) if raw.size == 2 else 0
