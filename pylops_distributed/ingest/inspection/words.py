"""Descriptions of raw files as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dask.utils import format_bytes

if TYPE_CHECKING:
    from pylops_distributed.ingest.inspection.description import (
        Amplitudes,
        ArrayDescription,
        FileInfo,
        HeaderField,
        SegyDescription,
    )

BARS = " ▁▂▃▄▅▆▇█"
MOST = 8  # geometries shown
SHIFT = "  "


def lines_of(info: FileInfo) -> Iterator[str]:
    """Lines of the description, the settings and the command last."""
    size = "" if info.size is None else f", {format_bytes(info.size)}"
    kind = "SEG-Y traces" if info.segy else info.format or "arrays"
    yield f"{info.path}: {kind}{size}"
    if info.segy is not None:
        yield from _segy(info.segy)
    if info.arrays:
        yield from _section("Arrays", _table(map(_array, info.arrays)))
    if info.missing:
        yield from _section("To check" if info.ready else "Missing", info.missing)
    heading = "Settings" if info.ready else "Settings, to be completed"
    yield from _section(heading, info.settings.split("\n"))
    yield from _section("Command", [info.command])


def _section(title: str, lines: Iterator[str] | list[str] | tuple[str, ...]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"{SHIFT}{line}" for line in lines)


def _segy(segy: SegyDescription) -> Iterator[str]:
    """Headers, geometries and amplitudes of a SEG-Y file."""
    revision = "no revision that is known" if segy.revision is None else f"revision {segy.revision}"
    yield f"{SHIFT}{revision}, {segy.endian} endian, sample format {segy.format} ({segy.format_words})"
    yield f"{SHIFT}{segy.traces} traces of {segy.samples} samples, {_axis(segy)}, lengths in: {segy.units}"
    if segy.additional_headers:
        yield f"{SHIFT}{segy.additional_headers} additional headers a trace"
    if segy.text:
        yield from _section(f"Text header ({segy.text_code})", segy.text)
    varying = [one for one in segy.fields if one.minimum < one.maximum]
    yield from _section("Trace header fields that vary", _table(_rows(varying)))
    constant = [
        f"{one.byte} {one.meaning} {one.minimum}" for one in segy.fields if one.minimum == one.maximum
    ]
    yield from _section("Constant and filled in", ["; ".join(constant) or "none"])
    for words, values in segy.scalars.items():
        yield f"{SHIFT}scalar of {words}: {' to '.join(map(str, values))}"
    yield from _section("Geometries that fit, the likeliest first", _geometries(segy))
    if segy.amplitudes is not None:
        yield from _section("Amplitudes", _amplitudes(segy, segy.amplitudes))


def _axis(segy: SegyDescription) -> str:
    if segy.interval is None:
        return "sample interval not known"
    return f"every {segy.interval:.9g} ms (or m) from {segy.start:.9g} on"


def _rows(fields: list[HeaderField]) -> Iterator[tuple[str, ...]]:
    yield "byte", "type", "field of the standard", "range", "step", "filled", "changes"
    for one in fields:
        yield (
            str(one.byte), one.type, one.meaning, f"{one.minimum} to {one.maximum}", str(one.step),
            f"{100 * one.filled:.4g} %", str(one.changes),
        )  # fmt: skip


def _geometries(segy: SegyDescription) -> Iterator[str]:
    if not segy.geometries:
        yield "none"
    for one in segy.geometries[:MOST]:
        sizes = " x ".join(f"{size} {name}" for name, size in one.sizes.items())
        holes = round(segy.traces / one.filled) - segy.traces
        yield f"{one.name}: {sizes}, {holes} holes ({one.reason})"
    for words in segy.rejected:
        yield f"not {words}"


def _amplitudes(segy: SegyDescription, found: Amplitudes) -> Iterator[str]:
    yield f"{segy.dead} of {segy.traces} traces hold zeros only"
    yield (
        f"{found.minimum:.6g} to {found.maximum:.6g}, root mean square {found.rms:.6g}, {found.nonfinite} not "
        f"finite, in {found.traces} traces at several places"
    )
    top = max(found.counts) or 1
    bars = "".join(BARS[-(-one * (len(BARS) - 1) // top)] for one in found.counts)
    yield f"{found.low:.4g} |{bars}| {found.high:.4g}"
    yield from found.picture


def _array(one: ArrayDescription) -> tuple[str, ...]:
    shape = " x ".join(map(str, one.shape)) or "one number"
    dims = "" if one.dims is None else f"({', '.join(one.dims)})"
    chunks = "" if one.chunks is None else f"chunks {' x '.join(map(str, one.chunks))}"
    kind = "coordinate" if one.coordinate else ""
    return one.path, shape, one.type, dims, chunks, one.units or "", kind


def _table(rows: Iterator[tuple[str, ...]]) -> list[str]:
    """Rows in columns as wide as they need."""
    found = list(rows)
    widths = [max(map(len, column)) for column in zip(*found, strict=True)] if found else []
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in found
    ]
