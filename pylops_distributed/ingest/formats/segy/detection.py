"""Finding byte order, sample format, revision and number of traces of a SEG-Y file."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np

from pylops_distributed.ingest.formats.segy.binary_header import (
    BINARY_BYTES,
    CONSTANT,
    HEADER_BYTES,
    TEXT_BYTES,
    Binary,
    count_text_records,
)
from pylops_distributed.ingest.formats.segy.byte_order import ENDIANS, Bytes, Endian
from pylops_distributed.ingest.formats.segy.layout import STANDARD, Layout, decode_field, standard
from pylops_distributed.ingest.formats.segy.lengths import describe_lengths
from pylops_distributed.ingest.formats.segy.sample_formats import SAMPLE_FORMATS

MOST_LOOKS = 64  # traces whose headers show the byte order


class _Misfit(ValueError):
    """The binary header, read in one byte order, makes no sense."""


def read_layout(
    path: str, endian: Endian | None = None, *, revision: int | None = None, samples: int | None = None
) -> Layout:
    """Find byte order, sample format and number of traces, and check them against the file's size.

    Parameters
    ----------
    path : str
        SEG-Y file.
    endian : {'big', 'little', 'pairwise'}, optional
        Byte order. By default the one under which the headers and the size of the file agree.
    revision : {0, 1, 2}, optional
        Revision of the standard, instead of that in the binary header.
    samples : int, optional
        Number of samples per trace, instead of that in the binary header.

    Returns
    -------
    Layout
        The structure of the file.

    Raises
    ------
    ValueError
        If the file is not SEG-Y, its last trace is incomplete, or its headers contradict each other.
    """
    size = Path(path).stat().st_size
    head_bytes = TEXT_BYTES + BINARY_BYTES
    with Path(path).open("rb") as file:
        head = file.read(head_bytes + HEADER_BYTES)
    if len(head) < head_bytes + HEADER_BYTES:
        raise ValueError(
            f"{path!r} is not a SEG-Y file: it has {size} bytes, headers alone take {head_bytes}+."
        )
    _check_options(endian, revision, samples)
    orders: tuple[Endian, ...] = (endian,) if endian else ENDIANS
    misfits, candidates = _read_orders(path, orders, head, size, revision, samples)
    if not candidates:
        raise ValueError(f"{path!r} is no SEG-Y file that can be read: {'; '.join(misfits)}.")
    if fitting := [layout for layout, tail in candidates if _fits(layout, tail, size)]:
        return _likeliest(fitting)
    for layout, tail in candidates:
        if (lengths := describe_lengths(layout, size - max(tail, 0))) is not None:
            raise ValueError(lengths)
    message = _unfit(*candidates[0], size)
    if revision is None:
        _, others = _read_orders(path, orders, head, size, 2, samples)
        if any(_fits(layout, tail, size) for layout, tail in others):
            message += " As revision 2 it is whole: give revision=2 if it is."
    raise ValueError(message)


def _check_options(endian: str | None, revision: int | None, samples: int | None) -> None:
    """Raise for options that are unknown."""
    for name, value, allowed in (("endian", endian, ENDIANS), ("revision", revision, (0, 1, 2))):
        if value is not None and value not in allowed:
            raise ValueError(f"{name}={value!r}: expected one of {list(allowed)}.")
    if samples is not None and not 0 < samples < 1 << 31:
        raise ValueError(f"samples={samples!r}: expected a positive number.")


def _read_orders(
    path: str,
    orders: tuple[Endian, ...],
    head: bytes,
    size: int,
    revision: int | None,
    samples: int | None,
) -> tuple[list[str], list[tuple[Layout, int]]]:
    """Why some byte orders make no sense, and the structures that the others may mean."""
    misfits: list[str] = []
    candidates: list[tuple[Layout, int]] = []
    for order in orders:
        try:
            candidates += _candidates(path, Binary(head, order), size, revision, samples)
        except _Misfit as misfit:
            misfits.append(f"in {order} endian, {misfit}")
    return misfits, candidates


def _candidates(
    path: str, binary: Binary, size: int, revision: int | None, samples: int | None
) -> list[tuple[Layout, int]]:
    """The structures that a binary header may mean, the likeliest first, and the bytes after the last trace."""
    code = binary.get(3225, "h")
    if code not in SAMPLE_FORMATS:
        raise _Misfit(
            f"bytes 3225-3226 hold the sample format {code}, which is none of those that can be read, "
            f"{list(SAMPLE_FORMATS)}"
        )
    if binary.endian == "pairwise" and SAMPLE_FORMATS[code].nbytes == 3:
        raise _Misfit(f"the sample format {code} has three bytes, which have no pairs to swap")
    revision = _revision(binary, revision)
    modern = revision == 2
    constant = binary.get(3297, "i")
    if modern and constant not in (0, CONSTANT):
        raise _Misfit(f"bytes 3297-3300 hold {constant}, where the right byte order has {CONSTANT}")
    length = _samples(binary, modern, samples)
    interval = binary.get(3273, "d") if modern else 0.0
    if not (math.isfinite(interval) and interval >= 0):
        raise _Misfit(f"bytes 3273-3280 hold the sample interval {interval}: give endian= or revision=")
    tail, count = (_tail(binary), binary.get(3513, "Q")) if modern else (0, 0)
    layouts = []
    for first, extra in itertools.product(
        _starts(path, binary, revision), _extras(binary) if modern else [0]
    ):
        one = Layout(path, binary.endian, code, length, count, first, extra, revision, interval or None)
        traces = count or max(0, size - first - tail) // one.trace_bytes
        layouts.append((replace(one, traces=traces), tail))
    if not (there := [(layout, tail) for layout, tail in layouts if layout.first <= size]):
        raise _Misfit(f"the first trace begins at byte {layouts[0][0].first}, behind the end of the file")
    return there


def _revision(binary: Binary, asked: int | None) -> int | None:
    """The revision; raises where fields of revision 2 are filled in, and the header does not declare it."""
    revision = binary.revision if asked is None else asked
    # Bytes that are unassigned before revision 2 may hold anything; a likely interval is no accident.
    likely = 1 <= binary.get(3273, "d") <= 1e7
    marked = binary.get(3297, "i") == CONSTANT or revision is None or likely
    if asked is None and revision != 2 and marked and (filled := binary.extensions()):
        said = "revision {}.{}".format(*binary.version)
        raise _Misfit(
            f"bytes 3501-3502 hold {said}, but fields of revision 2 are filled in ({', '.join(filled)}): say which "
            "it is with revision="
        )
    return revision


def _samples(binary: Binary, modern: bool, asked: int | None) -> int:
    """Samples per trace: those of revision 2 take the place of those of revision 1."""
    if asked is not None:
        return asked
    extended = binary.get(3269, "i") if modern else 0
    if extended < 0:
        raise _Misfit(f"bytes 3269-3272 hold {extended} samples per trace")
    number = int(extended or binary.get(3221, "H"))
    if not number:
        within = Binary(binary.head[3600:], binary.endian).get(115, "H")
        hint = f"; byte 115 of the first trace holds {within}: give samples={within}" if within else ""
        raise _Misfit(
            f"bytes 3225-3226 hold the sample format {binary.get(3225, 'h')}, but bytes 3221-3222 no number of "
            f"samples{hint or ': give samples='}"
        )
    return number


def _starts(path: str, binary: Binary, revision: int | None) -> list[int]:
    """Where the first trace may begin."""
    if revision == 2 and (offset := binary.get(3521, "Q")):
        if offset < TEXT_BYTES + BINARY_BYTES:
            raise _Misfit(f"bytes 3521-3528 let the first trace begin at byte {offset}, within the headers")
        return [offset]
    count = binary.get(3505, "h")
    if count == -1:
        records = count_text_records(path)
        if records is None:
            raise _Misfit(
                "bytes 3505-3506 announce extended text headers up to one with ((SEG: EndText)), and there is none"
            )
        count = records
    if count < 0:
        raise _Misfit(f"bytes 3505-3506 hold {count} extended text headers")
    # Revision 0 has none: these bytes may hold something else.
    counts = [count, 0] if revision in (0, None) and count else [count]
    return [TEXT_BYTES * (1 + count) + BINARY_BYTES for count in counts]


def _extras(binary: Binary) -> list[int]:
    """How many additional trace headers there may be: four bytes hold them in revision 2.0, two in 2.1."""
    long, short = binary.get(3507, "i"), binary.get(3507, "h")
    counts = [long, short] if binary.version[1] == 0 else [short]
    if not any(0 <= number < 1 << 15 for number in counts):
        raise _Misfit(f"bytes 3507-3510 hold {long} additional trace headers")
    return [number for number in dict.fromkeys(counts) if 0 <= number < 1 << 15]


def _tail(binary: Binary) -> int:
    """Length of the records after the last trace [bytes]; -1 where only the number of traces can show it."""
    records = binary.get(3529, "i")
    if records == -1 and not binary.get(3513, "Q"):
        raise _Misfit(
            "bytes 3529-3532 announce any number of records after the last trace, and bytes 3513-3520 do not hold "
            "the number of traces: where the traces end is not known"
        )
    if records < -1:
        raise _Misfit(f"bytes 3529-3532 hold {records} records after the last trace")
    return records * TEXT_BYTES if records >= 0 else -1


def _fits(layout: Layout, tail: int, size: int) -> bool:
    """Whether traces fill the file."""
    rest = size - layout.first - layout.traces * layout.trace_bytes
    return layout.traces > 0 and (rest == tail if tail >= 0 else rest >= 0 and rest % TEXT_BYTES == 0)


def _likeliest(fitting: list[Layout]) -> Layout:
    """The first of several structures that fit, or the one under which numbers of four bytes are small.

    Little endian and pairs that are swapped differ in these only, and header fields are far below their limits.
    """
    one, *others = fitting
    swapped = next((other for other in others if other.endian == "pairwise"), None)
    if one.endian != "little" or swapped is None:
        return one
    places = [place for place in map(standard, STANDARD) if place[1] == "i4"]
    step = max(1, one.traces // MOST_LOOKS)
    size = {}
    for layout in (one, swapped):
        with Path(layout.path).open("rb") as file:
            rows = [_header(file, layout, number) for number in range(0, layout.traces, step)]
        fields = (decode_field(np.stack(rows), place, layout).astype(np.float64) for place in places)
        size[layout.endian] = sum(float(np.log2(1 + np.abs(values)).sum()) for values in fields)
    return swapped if size["pairwise"] < size["little"] else one


def _header(file: IO[bytes], layout: Layout, number: int) -> Bytes:
    file.seek(layout.first + number * layout.trace_bytes)
    return np.frombuffer(file.read(HEADER_BYTES), np.uint8)


def _unfit(layout: Layout, tail: int, size: int) -> str:
    """Why the size of a file does not go with its headers."""
    whole, rest = divmod(size - layout.first - max(tail, 0), layout.trace_bytes)
    headers = f" and {layout.extra} additional headers" if layout.extra else ""
    if tail >= 0 and 0 < whole != layout.traces:
        headers += f", of which bytes 3513-3520 announce {layout.traces},"
    return (
        f"{layout.path!r} is truncated or its traces differ in length: {whole} traces of {layout.samples} samples"
        f"{headers} ({layout.trace_bytes} bytes each, {layout.endian} endian) leave {rest} bytes over. Copy it "
        "again from where it came from. If that is the same, its traces are of several lengths that their headers do "
        "not show, or a header is wrong: samples= and revision= take the place of bytes 3221-3222 and 3501-3502."
    )
