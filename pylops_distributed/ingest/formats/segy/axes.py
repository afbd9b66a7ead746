"""Axes, positions and units from SEG-Y headers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pylops_distributed.ingest.formats.segy.binary_header import (
    BINARY_BYTES,
    TEXT_BYTES,
    Binary,
    read_text,
)
from pylops_distributed.ingest.formats.segy.fields import (
    ELEVATION,
    EXTENSION,
    POSITION,
    TIME,
    Field,
    apply_scalar,
    extension,
    scalar_of,
)
from pylops_distributed.ingest.formats.segy.layout import Headers, Layout, Place, standard
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.grid import TraceGrid

# Scalars of elevations and positions, unit of positions, delay, number of samples, interval, scalar of times.
FIXED = tuple(standard(byte) for byte in (69, 71, 89, 109, 115, 117, 215))
DELAY = Field(109, "i2", TIME)
# Of extension 1 of revision 2: its name, number of samples and interval, counted from its own first byte.
NAME, COUNT, INTERVAL = (233, "S8"), (137, "u4"), (145, "f8")
NAMES = (b"SEG00001", "SEG00001".encode("cp037"))


def sample_axis(
    layout: Layout,
    headers: Headers,
    interval: float | None,
    start: float | None,
    *,
    check_samples: bool = True,
) -> npt.NDArray[np.float64]:
    """Times [ms] or depths [m] of the samples; their number in the trace headers must be constant to be checked."""
    path = layout.path
    for name, value in (("interval", interval), ("start", start)):
        if value is not None and not (isinstance(value, int | float) and math.isfinite(value)):
            raise ValueError(f"{path!r}: {name}={value!r}: expected a finite number [ms or m].")
    if interval is not None and interval <= 0:
        raise ValueError(f"{path!r}: interval={interval}: expected a number above zero [ms or m].")
    if check_samples:
        # Only that it is constant: what counts is the binary header's number, checked against the file's size.
        cure = f"the size of the file goes with {layout.samples} in all; give samples={layout.samples} if that is right"
        _constant(path, headers[standard(115)], "number of samples", 115, cure)
    if interval is None:
        interval = _interval(layout, headers)
    if start is None:
        delays = apply_scalar(headers, DELAY)
        start = float(_constant(path, delays, "delay", 109, "give start=, if one fits all traces"))
    return start + interval * np.arange(layout.samples, dtype=np.float64)


def _interval(layout: Layout, headers: Headers) -> float:
    """The sample interval: that of revision 2 takes the place of the others, which hold whole microseconds."""
    path, extended = layout.path, extension(INTERVAL)
    if extended in headers and headers[extended].any():
        own = _constant(path, headers[extended], "extended sample interval", extended[0], "give interval=")
        if not (math.isfinite(own) and own > 0):
            raise ValueError(f"{path!r}: the extended sample interval is {own} us: give interval= [ms or m].")
        return float(own) / 1000
    if layout.interval is not None:
        return layout.interval / 1000
    binary_dt = read_binary(layout).get(3217, "H")
    dt = _constant(path, headers[standard(117)], "sample interval", 117, "give interval=")
    if dt and binary_dt and dt != binary_dt:
        raise ValueError(
            f"{path!r}: the sample interval is {dt} in the trace headers (byte 117), {binary_dt} in the "
            "binary header (byte 3217): say which with interval= [ms or m]."
        )
    if not (dt or binary_dt):
        raise ValueError(f"{path!r}: the headers hold no sample interval: give interval= [ms or m].")
    return float(dt or binary_dt) / 1000


def _constant(path: str, values: NDArray, field: str, byte: int, cure: str) -> float:
    """The one value of a header field."""
    (different,) = np.nonzero(values != values[0])
    if different.size:
        raise ValueError(
            f"{path!r}: the {field} (byte {byte}) is {values[0]:.9g} in trace 0, but "
            f"{values[different[0]]:.9g} in trace {different[0]}: {cure}."
        )
    value: float = values[0].item()
    return value


def extended_places(layout: Layout, fields: list[Field]) -> list[Place]:
    """Fields to read of additional trace headers."""
    if not layout.extra:
        return []
    more = [EXTENSION[field.byte] for field in fields if field.byte in EXTENSION]
    return [extension(place) for place in (NAME, COUNT, INTERVAL, *more)]


def check_extension(layout: Layout, headers: Headers, fields: list[Field]) -> Headers:
    """The headers without the fields of additional ones of another kind; lengths of traces must agree.

    Raises
    ------
    ValueError
        If the extended number of samples is not that of the traces.
    """
    if not layout.extra:
        return headers
    if not np.isin(headers[extension(NAME)], NAMES).all():
        foreign = set(extended_places(layout, fields)) - {field.place for field in fields}
        return {place: values for place, values in headers.items() if place not in foreign}
    counts = headers[extension(COUNT)]
    if (other := counts[(counts != 0) & (counts != layout.samples)]).size:
        raise ValueError(
            f"{layout.path!r}: the extended trace headers hold {other[0]} samples, the traces {layout.samples}."
        )
    return headers


def spread_coordinate(grid: TraceGrid, field: NDArray) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    """A coordinate on the grid, without the dimensions past the second along which it never changes."""
    over, values = tuple(grid.axes), grid.spread(field)
    while len(over) > 2:
        largest = np.where(np.isnan(values), -np.inf, values).max(-1)
        largest[np.isinf(largest)] = np.nan
        same = np.isnan(values) | (values == largest[..., None])
        if not same.all():
            break
        over, values = over[:-1], largest
    return over, values


def read_binary(layout: Layout) -> Binary:
    """The binary header; zeros in Seismic Unix files, which have none."""
    if layout.su:
        return Binary(bytes(TEXT_BYTES + BINARY_BYTES), layout.endian)
    with Path(layout.path).open("rb") as file:
        return Binary(file.read(TEXT_BYTES + BINARY_BYTES), layout.endian)


def text_header(layout: Layout) -> str:
    """Text header in lines of 80 characters, whether EBCDIC or ASCII."""
    if layout.su:
        return ""
    with Path(layout.path).open("rb") as file:
        clean = read_text(file.read(TEXT_BYTES))
    return "\n".join(clean[i : i + 80].rstrip() for i in range(0, TEXT_BYTES, 80))


def length_unit(system: int) -> str | None:
    """Unit of lengths by the binary header, or None where it does not say."""
    return {1: "m", 2: "ft"}.get(system)


def field_unit(name: str, field: Field, headers: Headers, length: str | None, path: str) -> str | None:
    """Unit of a field: lengths have that of the file, positions may be angles (byte 89).

    Raises
    ------
    ValueError
        If traces differ in it.
    """
    meaning = scalar_of(name, field.byte)  # which it has, even where it is declared to have no scalar
    if meaning == POSITION:
        codes = headers[standard(89)]
        if (other := codes[codes != codes[0]]).size and {int(codes[0]), int(other[0])} != {0, 1}:
            raise ValueError(
                f"{path!r}: the unit of {name!r} (byte 89) is {codes[0]} in the first trace, but {other[0]} in "
                "another: leave it out with coords="
            )
        # Degrees, minutes and seconds in one number (4) are in no unit.
        return {0: length, 1: length, 2: "arcsec", 3: "degree"}.get(int(codes[0]))
    return length if meaning == ELEVATION or name == "offset" else None


def vertical_attrs(vertical: str, length: str | None) -> dict[str, str]:
    """Unit and name of the axis of samples."""
    names = {"twt": "two-way time", "time": "time", "depth": "depth"}
    unit = (length or "m") if vertical == "depth" else "ms"
    return {"units": unit, "long_name": names[vertical], "positive": "down"}
