"""A look at a SEG-Y file: headers, geometries, amplitudes, and the options that read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pylops_distributed.errors import GeometryError
from pylops_distributed.ingest.formats.segy.axes import (
    FIXED,
    check_extension,
    extended_places,
    length_unit,
    read_binary,
    sample_axis,
    text_header,
)
from pylops_distributed.ingest.formats.segy.binary_header import TEXT_BYTES
from pylops_distributed.ingest.formats.segy.detection import read_layout
from pylops_distributed.ingest.formats.segy.layout import Layout, scan_headers, standard
from pylops_distributed.ingest.formats.segy.reader import LAYOUT_OPTIONS
from pylops_distributed.ingest.formats.segy.su import read_su
from pylops_distributed.ingest.formats.source import open_source
from pylops_distributed.ingest.inspection.amplitudes import amplitudes
from pylops_distributed.ingest.inspection.description import (
    FileInfo,
    Geometry,
    HeaderField,
    SegyDescription,
)
from pylops_distributed.ingest.inspection.segy_geometry import geometries
from pylops_distributed.ingest.inspection.segy_headers import summarise_headers
from pylops_distributed.vectors.types import Options

FORMATS = {
    1: "IBM float, 4 bytes", 2: "integer, 4 bytes", 3: "integer, 2 bytes", 4: "fixed point with gain, 4 bytes",
    5: "IEEE float, 4 bytes", 6: "IEEE float, 8 bytes", 7: "integer, 3 bytes", 8: "integer, 1 byte",
    9: "integer, 8 bytes", 10: "unsigned integer, 4 bytes", 11: "unsigned integer, 2 bytes",
    12: "unsigned integer, 8 bytes", 15: "unsigned integer, 3 bytes", 16: "unsigned integer, 1 byte",
}  # fmt: skip
SCALARS = {"elevations (byte 69)": 69, "positions (byte 71)": 71, "times (byte 215)": 215}
EMPTY = re.compile(r"\s*(?:C\s*\d{1,2})?\s*")  # a line of a text header that says nothing
MOST_TRIES = 12  # geometries to open


@dataclass(frozen=True)
class _Opened:
    """How a file could be opened: the options; or why not."""

    options: dict[str, object]
    ready: bool
    problems: tuple[str, ...] = ()


def look_at_segy(path: str, format: str, options: Options) -> FileInfo:
    """Describe a SEG-Y or Seismic Unix file.

    Parameters
    ----------
    path : str
        The file.
    format : {'segy', 'su'}
        Which of them it is.
    options : mapping
        Options of :func:`~pylops_distributed.ingest.open_segy` that are known already.

    Returns
    -------
    FileInfo
        Its headers, the geometries that fit, and the options that read it.

    Raises
    ------
    ValueError
        If the file is not what it claims to be.
    """
    layout, found = (read_su(path), {}) if format == "su" else _layout(path, options)
    headers = summarise_headers(layout)
    text = tuple(line for line in _text(layout) if not EMPTY.fullmatch(line))
    fitting, rejected = geometries(layout, headers.fields, text)
    interval, start = _axis(layout, options)
    opened = _open(layout, format, {**found, **options}, fitting)
    description = SegyDescription(
        revision=layout.revision, endian=layout.endian, format=layout.format,
        format_words=FORMATS.get(layout.format, "unknown"), traces=layout.traces, samples=layout.samples,
        interval=interval, start=start, units=_units(layout), text=text, text_code=_text_code(layout),
        additional_headers=layout.extra, fields=headers.fields, scalars=_scalars(headers.fields),
        geometries=fitting, rejected=rejected, dead=headers.dead, amplitudes=amplitudes(layout),
    )  # fmt: skip
    return FileInfo(
        path=path, format=format, size=Path(path).stat().st_size, segy=description, options=opened.options,
        missing=opened.problems, ready=opened.ready,
    )  # fmt: skip


def _layout(path: str, options: Options) -> tuple[Layout, dict[str, object]]:
    """The structure, and the options without which it cannot be found: they are tried where nothing was said."""
    known = {name: options[name] for name in LAYOUT_OPTIONS if name in options}
    try:
        return read_layout(path, **known), {}
    except ValueError as error:
        for more in _other_layouts(path):
            try:
                return read_layout(path, **{**more, **known}), more
            except ValueError:
                continue
        raise error


def _other_layouts(path: str) -> list[dict[str, object]]:
    """Options of the layout that may be missing."""
    with Path(path).open("rb") as file:
        head = file.read(4000)
    counts = (
        {int.from_bytes(head[3714:3716], order) for order in ("big", "little")} if len(head) > 3716 else set()
    )
    samples: list[dict[str, object]] = [{"samples": count} for count in sorted(counts) if count]
    revisions: list[dict[str, object]] = [{"revision": number} for number in (2, 1, 0)]
    return [*revisions, *samples, *({**one, **more} for one in revisions for more in samples)]


def _open(layout: Layout, format: str, options: dict[str, object], fitting: tuple[Geometry, ...]) -> _Opened:
    """Open the file in the likeliest geometry with which it can be, adding what the headers say in two ways."""
    problems: list[str] = []
    asked = {"preset", "dims"} & set(options)
    for geometry in [None] if asked else fitting[:MOST_TRIES]:
        for answer, notes in _answers(layout):
            chosen = {**answer, **options, **(geometry.options if geometry else {})}
            try:
                open_source(layout.path, format=format, checksum=False, **chosen)
            except ValueError as error:
                problems.append(str(error))
                if isinstance(error, GeometryError):
                    break
                continue
            return _Opened(chosen, True, notes)
    first = fitting[0].options if fitting and not asked else {}
    return _Opened({**options, **first}, False, tuple(problems[:1]))


def _answers(layout: Layout) -> Iterator[tuple[dict[str, object], tuple[str, ...]]]:
    """Options for what headers leave open or contradict, the least said first, and what to check then."""
    yield {}, ()
    times = np.unique(scan_headers(layout, {standard(117)})[standard(117)])
    binary = 0 if layout.su else read_binary(layout).get(3217, "H")
    interval: dict[str, object] = {}
    notes: list[str] = []
    if (filled := times[times > 0]).size == 1:
        interval = {"interval": float(filled[0]) / 1000}
        notes = [
            f"sample interval: {filled[0]} in the trace headers is taken, the binary header has {binary}"
        ]
        yield interval, tuple(notes)
    samples: dict[str, object] = {"samples": layout.samples}
    notes.append(
        f"samples per trace: {layout.samples}, with which the size of the file agrees; trace headers differ"
    )
    yield samples, tuple(notes[-1:])
    if interval:
        yield interval | samples, tuple(notes)


def _text(layout: Layout) -> list[str]:
    return [] if layout.su else text_header(layout).split("\n")


def _axis(layout: Layout, options: Options) -> tuple[float | None, float | None]:
    """Sample interval and first sample; None where the headers do not say, or contradict each other."""
    headers = scan_headers(layout, {*FIXED, *extended_places(layout, [])})
    try:
        headers = check_extension(layout, headers, [])
        axis = sample_axis(layout, headers, options.get("interval"), options.get("start"))
    except ValueError:
        return None, None
    return float(axis[1] - axis[0]) if axis.size > 1 else None, float(axis[0])


def _units(layout: Layout) -> str:
    return (
        "not said"
        if layout.su
        else length_unit(int(read_binary(layout).fields()["MeasurementSystem"])) or "not said"
    )


def _text_code(layout: Layout) -> str:
    if layout.su:
        return "none"
    with Path(layout.path).open("rb") as file:
        raw = file.read(TEXT_BYTES)
    return "ASCII" if raw.count(0x20) > raw.count(0x40) else "EBCDIC"


def _scalars(fields: tuple[HeaderField, ...]) -> dict[str, tuple[int, ...]]:
    """Ends of the scalars that are filled in."""
    found = {one.byte: (one.minimum, one.maximum) for one in fields}
    return {words: tuple(sorted(set(found[byte]))) for words, byte in SCALARS.items() if byte in found}
