"""Which trace header fields of a SEG-Y file vary, and how, in one pass over the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import segyio

from pylops_distributed import tuning
from pylops_distributed.ingest.formats.segy.binary_header import HEADER_BYTES
from pylops_distributed.ingest.formats.segy.layout import STANDARD, Layout, Place, decode_field, standard
from pylops_distributed.ingest.inspection.description import HeaderField

Bytes = npt.NDArray[np.uint8]
NAMES = {int(one): str(one) for one in segyio.TraceField.enums()}
# Where the standard's names are not those that people use.
NAMES |= {
    9: "field record (shot)", 13: "channel", 17: "source point", 21: "CDP (ensemble)", 25: "trace in the ensemble",
    37: "offset", 73: "source x", 77: "source y", 81: "receiver x", 85: "receiver y", 189: "inline", 193: "crossline",
    233: "unassigned", 237: "unassigned",
}  # fmt: skip


def meaning(byte: int) -> str:
    """Name of the field of the standard at a byte."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", NAMES.get(byte, "unassigned")).replace("_", " ")
    return words if words[:3] == "CDP" else words.lower()


@dataclass
class _Summary:
    """Range, step and changes of a field, window by window."""

    first: int
    minimum: int
    maximum: int
    step: int = 0
    filled: int = 0
    changes: int = 0
    last: int = field(init=False)

    def __post_init__(self) -> None:
        self.last = self.first

    def add(self, values: npt.NDArray[np.int64]) -> None:
        """Take the values of further traces."""
        self.minimum, self.maximum = (
            min(self.minimum, int(values.min())),
            max(self.maximum, int(values.max())),
        )
        self.step = int(np.gcd(self.step, np.gcd.reduce(values - self.first)))
        self.filled += int(np.count_nonzero(values))
        self.changes += int(np.count_nonzero(np.diff(values))) + int(values[0] != self.last)
        self.last = int(values[-1])


@dataclass
class HeaderScan:
    """One pass over a file: fields that vary, fields that are constant and filled, and traces of zeros."""

    fields: tuple[HeaderField, ...]
    dead: int


def summarise_headers(layout: Layout) -> HeaderScan:
    """Look at the headers of all traces; memory is that of a window of the file.

    Parameters
    ----------
    layout : Layout
        The file's structure.

    Returns
    -------
    HeaderScan
        Fields in the order of the standard, and the number of traces whose samples are all zero.
    """
    summaries: dict[Place, _Summary] = {}
    first: Bytes = next(_windows(layout))[0, :HEADER_BYTES].copy()
    for place in map(standard, STANDARD):
        value = int(_values(first[None], layout, place)[0])
        summaries[place] = _Summary(value, value, value)
    dead = 0
    for window in _windows(layout):
        headers = np.ascontiguousarray(window[:, :HEADER_BYTES])
        varying = set(np.nonzero((headers != first).any(axis=0))[0].tolist())
        for (byte, code), summary in summaries.items():
            varies = not varying.isdisjoint(range(byte - 1, byte - 1 + int(code[1])))
            _add(summary, headers, layout, (byte, code), varies)
        dead += int((~window[:, layout.header_bytes :].any(axis=1)).sum())
    found = [_described(place, one, layout.traces) for place, one in summaries.items()]
    return HeaderScan(tuple(one for one in found if one.maximum or one.minimum), dead)


def _add(summary: _Summary, headers: Bytes, layout: Layout, place: Place, varies: bool) -> None:
    if varies:
        summary.add(_values(headers, layout, place).astype(np.int64))
    elif summary.last == summary.first:  # all are as the first one
        summary.filled += len(headers) * (summary.first != 0)
    else:
        summary.add(np.full(len(headers), summary.first, np.int64))


def _windows(layout: Layout) -> Iterator[Bytes]:
    """Consecutive traces as rows of bytes; a new map for each, so that pages touched before do not add up."""
    step = max(1, tuning.nbytes("ingest.segy-window") // layout.trace_bytes)
    for start in range(0, layout.traces, step):
        count = min(step, layout.traces - start)
        offset = layout.first + start * layout.trace_bytes
        yield np.memmap(layout.path, np.uint8, "r", offset, (count, layout.trace_bytes))


def _values(headers: Bytes, layout: Layout, place: Place) -> npt.NDArray[np.int64]:
    return decode_field(headers, place, layout).astype(np.int64)


def _described(place: Place, one: _Summary, traces: int) -> HeaderField:
    return HeaderField(
        byte=place[0], type=place[1], meaning=meaning(place[0]), minimum=one.minimum, maximum=one.maximum,
        step=one.step, filled=one.filled / traces, changes=one.changes,
    )  # fmt: skip
