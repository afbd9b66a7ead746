"""What SEG-Y headers say about axes, positions and units."""

from __future__ import annotations

from typing import Any

import numpy as np
import segyio
from numpy.typing import NDArray

from pylops_distributed.ingest.segy_grid import Grid, Integers
from pylops_distributed.ingest.segy_layout import Headers, Layout

ELEVATIONS = (41, 45, 49, 53, 57, 61, 65)
POSITIONS = (73, 77, 81, 85, 181, 185)
TIMES = tuple(range(95, 115, 2))
# Field: where its scalar is.
SCALARS = dict.fromkeys(ELEVATIONS, 69) | dict.fromkeys(POSITIONS, 71) | dict.fromkeys(TIMES, 215)
# Scalars of elevations and positions, unit of positions, delay, number of samples, interval, scalar of times.
FIXED = (69, 71, 89, 109, 115, 117, 215)


def sample_axis(
    path: str, layout: Layout, headers: Headers, binary_dt: int, interval: float | None, start: float | None
) -> NDArray[np.float64]:
    """Times [ms] or depths [m] of the samples."""
    # Only that it is constant: what counts is the binary header's number, checked against the file's size.
    _constant(path, headers[115], "number of samples", 115, "split the file by trace length")
    if interval is None:
        dt = _constant(path, headers[117], "sample interval", 117, "give interval=")
        if dt and binary_dt and dt != binary_dt:
            raise ValueError(
                f"{path!r}: the sample interval is {dt} in the trace headers (byte 117), {binary_dt} in the "
                "binary header (byte 3217): say which with interval= [ms or m]."
            )
        if not (dt or binary_dt):
            raise ValueError(f"{path!r}: the headers hold no sample interval: give interval= [ms or m].")
        interval = (dt or binary_dt) / 1000
    if start is None:
        delays = scaled(headers, 109)
        start = float(_constant(path, delays, "delay", 109, "give start=, if one fits all traces"))
    return start + interval * np.arange(layout.samples, dtype=np.float64)


def _constant(path: str, values: NDArray[Any], what: str, byte: int, cure: str) -> Any:
    """The one value of a header field."""
    (different,) = np.nonzero(values != values[0])
    if different.size:
        raise ValueError(
            f"{path!r}: the {what} (byte {byte}) is {values[0]:.9g} in trace 0, but "
            f"{values[different[0]]:.9g} in trace {different[0]}: {cure}."
        )
    return values[0].item()


def scaled(headers: Headers, byte: int) -> NDArray[np.float64]:
    """A field after its scalar: 0 means 1, a negative one divides."""
    values = headers[byte].astype(np.float64)
    if byte not in SCALARS:
        return values
    scalar = headers[SCALARS[byte]].astype(np.int32)
    size = np.maximum(np.abs(scalar), 1)
    return np.where(scalar < 0, values / size, values * size)


def scaled_axis(headers: Headers, byte: int, grid: Grid, name: str) -> NDArray[np.float64]:
    """Values along a dimension made of a field that has a scalar."""
    raw, first = np.unique(headers[byte], return_index=True)
    assert np.array_equal(raw, grid.axes[name])
    return scaled(headers, byte)[first]


def spread(grid: Grid, field: NDArray[np.float64]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """A coordinate on the grid, without the dimensions past the second along which it never changes."""
    over, values = tuple(grid.axes), grid.spread(field)
    while len(over) > 2:
        known = np.where(np.isnan(values), -np.inf, values).max(-1)
        known[np.isinf(known)] = np.nan
        same = np.isnan(values) | (values == known[..., None])
        if not same.all():
            break
        over, values = over[:-1], known
    return over, values


def binary_header(layout: Layout) -> dict[str, int]:
    """The fields of the binary header by segyio's names; the sample interval is unsigned."""
    with segyio.open(layout.path, ignore_geometry=True, endian=layout.endian) as file:
        fields = {str(field): int(value) for field, value in file.bin.items()}
    return fields | {"Interval": fields["Interval"] & 0xFFFF}


def text_header(layout: Layout) -> str:
    """Text header in lines of 80 characters, whether EBCDIC or ASCII."""
    with open(layout.path, "rb") as file:
        raw = file.read(3200)
    # EBCDIC letters and spaces are above or at 0x40; ASCII text has spaces (0x20), which EBCDIC text has not.
    text = raw.decode("latin-1" if raw.count(0x20) > raw.count(0x40) else "cp037")
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return "\n".join(clean[i : i + 80].rstrip() for i in range(0, 3200, 80))


def length_unit(system: int) -> str | None:
    """Unit of lengths by the binary header, or None where it does not say."""
    return {1: "m", 2: "ft"}.get(system)


def field_unit(name: str, byte: int, codes: Integers, length: str | None) -> str | None:
    """Unit of a field: lengths have that of the file, positions may be angles (byte 89)."""
    if byte in POSITIONS:
        # Degrees, minutes and seconds in one number (4) are in no unit.
        return {0: length, 1: length, 2: "arcsec", 3: "degree"}.get(int(codes[0]))
    return length if byte in ELEVATIONS or name == "offset" else None


def vertical_attrs(vertical: str, length: str | None) -> dict[str, str]:
    names = {"twt": "two-way time", "time": "time", "depth": "depth"}
    unit = (length or "m") if vertical == "depth" else "ms"
    return {"units": unit, "long_name": names[vertical], "positive": "down"}
