"""Lengths of the traces of a SEG-Y file by their own headers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pylops_distributed.ingest.formats.segy.byte_order import decode_numbers

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.layout import Layout

MOST_TRACES = 1_000_000
SHOWN = 4


def describe_lengths(layout: Layout, end: int) -> str | None:
    """The lengths of the traces, if their own headers explain the size of the file, and how to read it.

    Parameters
    ----------
    layout : Layout
        The file's structure, with another number of samples.
    end : int
        Where the traces end in the file.
    """
    runs = _runs(layout, end)
    if not runs:
        return None
    lengths = {length for _, length in runs}
    if len(lengths) == 1:
        length = lengths.pop()
        if length == layout.samples:
            return None
        return (
            f"{layout.path!r}: each trace holds {length} samples by its own header (byte 115), which goes with the "
            f"size of the file, not {layout.samples}: give samples={length}."
        )
    firsts = [first for first, _ in runs]
    parts = [
        f"{length} samples from trace {first}"
        for first, length in zip(firsts[:SHOWN], [length for _, length in runs], strict=False)
    ]
    more = f", and {len(runs) - SHOWN} more changes" if len(runs) > SHOWN else ""
    return (
        f"{layout.path!r}: its traces differ in length: {', '.join(parts)} (counted from 0){more}; {min(lengths)} to "
        f"{max(lengths)} in all. A dataset has traces of one length: split the file where the length changes, or pad "
        f"its traces to {max(lengths)} samples in the program that wrote it."
    )


def _runs(layout: Layout, end: int) -> list[tuple[int, int]]:
    """First trace and length of each run of equal traces; none where they do not end with the file."""
    runs: list[tuple[int, int]] = []
    place = layout.first
    with Path(layout.path).open("rb") as file:
        for number in range(MOST_TRACES):
            if place == end:
                return runs
            file.seek(place)
            header = file.read(layout.header_bytes)
            if len(header) < layout.header_bytes:
                return []
            length = int(decode_numbers(np.frombuffer(header[114:116], np.uint8), "u2", layout.endian)[0])
            if not runs or runs[-1][1] != length:
                runs.append((number, length))
            place += layout.header_bytes + length * layout.sample_bytes
            if not length or place > end:
                return []
    return []
