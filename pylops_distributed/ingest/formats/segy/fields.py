"""Fields of SEG-Y trace headers: where they are, how wide, and which scalar goes with what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pylops_distributed.errors import GeometryError
from pylops_distributed.ingest.formats.segy.binary_header import HEADER_BYTES
from pylops_distributed.ingest.formats.segy.layout import Headers, Layout, Place, standard, standard_code
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.grid import TraceGrid

# What people write: a byte, or "BYTE:TYPE" or "BYTE:TYPE:SCALAR".
FieldSpec: TypeAlias = int | str

ELEVATION, POSITION, TIME = 69, 71, 215  # bytes of the scalars
ELEVATIONS = (41, 45, 49, 53, 57, 61, 65)
POSITIONS = (73, 77, 81, 85, 181, 185)
TIMES = tuple(range(95, 115, 2))
# Of the standard's fields: where their scalar is.
SCALARS = (
    dict.fromkeys(ELEVATIONS, ELEVATION) | dict.fromkeys(POSITIONS, POSITION) | dict.fromkeys(TIMES, TIME)
)
TYPES = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8")
HELP = (
    "give a byte, 'BYTE:TYPE' as in '201:i4', or 'BYTE:TYPE:SCALAR' as in '189:i4:71', where SCALAR is the byte of "
    "the scalar (69 elevations, 71 positions, 215 times) or 0 for none"
)
# Names that say what they are: those of positions and elevations have a scalar wherever they lie, numbers have none.
_POSITION = re.compile(r"(.*_)?(x|y|easting|northing|longitude|latitude|lon|lat)|(cdp|cmp|s|g|r|src|rec)[xy]")
_NUMBER = re.compile(
    r"(in|cross|x|i)_?lines?|il|xl|(cdp|cmp|ffid|ensemble|channel|trace|record|line|bin|offset)"
    r"(_?(number|no|index))?s?|.*_(number|index|id)|fold"
)
_LONG = re.compile(r"(shot|station|source|receiver)(_?(point|number|no))?s?|sp|.*_depth")
LARGE = 100_000  # of line numbers: few are, most positions are
_ELEVATION = re.compile(r"(.*_)?(elevation|elev|datum|water_depth)")
# Short fields that are filled in side by side, in any file.
_STANDARD_PAIRS = (*range(29, 37), *range(69, 73), *range(89, 181))
# Of the standard's fields that extension 1 of revision 2 repeats, more precisely and without a scalar: where.
EXTENSION = {
    73: (97, "f8"), 77: (105, "f8"), 81: (113, "f8"), 85: (121, "f8"), 181: (161, "f8"), 185: (169, "f8"),
    41: (33, "f8"), 45: (49, "f8"), 49: (57, "f8"), 53: (65, "f8"), 57: (73, "f8"), 61: (81, "f8"),
    65: (89, "f8"), 37: (129, "f8"), 1: (1, "u8"), 5: (9, "u8"), 9: (17, "i8"), 21: (25, "i8"),
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """A field of the trace headers.

    Attributes
    ----------
    byte : int
        Its first byte, counted from 1.
    code : str
        NumPy type.
    scalar : int
        Byte of its scalar; 0 if it has none.
    certain : bool
        Whether the type was given.
    """

    byte: int
    code: str
    scalar: int
    certain: bool = True

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.byte, self.code

    @property
    def span(self) -> range:
        """The bytes it takes."""
        return range(self.byte, self.byte + int(self.code[1]))


def scalar_of(name: str, byte: int) -> int:
    """Byte of the scalar that goes with a name, or, where the name says nothing, with the standard's field."""
    word = name.lower()
    if _NUMBER.fullmatch(word):
        return 0
    if _POSITION.fullmatch(word):
        return POSITION
    return ELEVATION if _ELEVATION.fullmatch(word) else SCALARS.get(byte, 0)


def extension(place: Place) -> Place:
    """Where a field of the first additional trace header is."""
    return HEADER_BYTES + place[0], place[1]


def apply_scalar(headers: Headers, field: Field) -> NDArray:
    """Values of a field after its scalar: 0 means 1, a negative one divides. Extended fields take its place."""
    values = headers[field.place]
    if field.scalar:
        scalar = headers[standard(field.scalar)].astype(np.int32)
        size = np.maximum(np.abs(scalar), 1)
        numbers = values.astype(np.float64)
        values = np.where(scalar < 0, numbers / size, numbers * size)
    more = extension(EXTENSION[field.byte]) if field.byte in EXTENSION and not field.certain else None
    if more in headers and (longer := headers[more]).any():
        return np.where(longer != 0, longer, values)
    return values


def parse_field(name: str, spec: object, layout: Layout) -> Field:
    """A field as it was asked for.

    Raises
    ------
    ValueError
        If it is not written as expected, or is not within the headers.
    """
    if spec is None and ":" in name:  # YAML's {inline:189}
        raise ValueError(
            f"{name!r} has no value: write a blank after the colon, as in {{inline: 189, crossline: 193}}."
        )
    parts = str(spec).split(":")
    numbers = [parts[0], *parts[2:]]
    if (
        isinstance(spec, bool)
        or len(parts) > 3
        or not all(re.fullmatch(r"\d{1,6}", part) for part in numbers)
    ):
        raise ValueError(f"{name!r}: {spec!r} is no trace header field: {HELP}.")
    byte, code = int(parts[0]), parts[1] if len(parts) > 1 else standard_code(int(parts[0]))
    if code is None:
        raise ValueError(
            f"no trace header field starts at byte {byte} in the standard; inline, say, is often at 189 or 9. If "
            f"{name!r} is stored there, give its type: '{byte}:i4' or '{byte}:i2'."
        )
    if code not in TYPES:
        raise ValueError(
            f"{name!r}: the type {code!r} in {spec!r} is unknown: expected one of {list(TYPES)}."
        )
    scalar = int(parts[2]) if len(parts) > 2 else scalar_of(name, byte)
    if scalar not in (0, ELEVATION, POSITION, TIME):
        raise ValueError(f"{name!r}: there is no scalar at byte {scalar}: {HELP}.")
    field = Field(byte, code, scalar, certain=len(parts) > 1)
    if byte < 1 or field.span[-1] > layout.header_bytes:
        raise ValueError(
            f"{name!r}: {spec!r} is not within the {layout.header_bytes} bytes of the trace headers of "
            f"{layout.path!r}."
        )
    return field


def widths(fields: Mapping[str, Field]) -> list[Place]:
    """Fields to read in order to find the width of those whose type was not given."""
    return [
        (field.byte + 2, "i2")
        for field in fields.values()
        if not field.certain and field.code == "i2" and field.byte < 239
    ]


def check_widths(fields: Mapping[str, Field], headers: Headers) -> None:
    """Raise for a short field of the standard where a long one may be meant, of which half would be read.

    Raises
    ------
    ValueError
        If it is not clear how wide a field is; it shows both.
    """
    for name, field in fields.items():
        after = (field.byte + 2, "i2")
        if field.certain or field.code != "i2" or after not in headers or not headers[after].any():
            continue
        word = name.lower()
        if (
            not any(kind.fullmatch(word) for kind in (_NUMBER, _POSITION, _ELEVATION, _LONG))
            and field.byte in _STANDARD_PAIRS
        ):
            continue
        short = headers[field.place].astype(np.int64)
        wide = (short << 16) + (headers[after].astype(np.int64) & 0xFFFF)
        raise ValueError(
            f"{name!r} at byte {field.byte} has two bytes in the standard, and holds {_ends(short)} there; with the "
            f"two bytes after them it holds {_ends(wide)}. Say which: '{field.byte}:i2' or '{field.byte}:i4'."
        )


def check_overlaps(
    path: str, fields: Mapping[str, Field], headers: Headers, bytes_used: Iterable[int]
) -> Headers:
    """The headers with zeros for what the standard has under fields that lie elsewhere than it says.

    Raises
    ------
    ValueError
        If the standard's field under another one is needed.
    """
    needed = {field.scalar for field in fields.values()} | set(bytes_used)
    changed: Headers = {}
    for name, field in fields.items():
        for byte in (69, 71, 89, 109, 115, 117, 215):
            place = standard(byte)
            if field.place == place or not set(field.span) & {byte, byte + 1} or not headers[place].any():
                continue
            if byte in needed:
                raise ValueError(
                    f"{path!r}: {name!r} takes bytes {field.span[0]}-{field.span[-1]}, where the standard has a field "
                    f"that is needed (byte {byte}): give start= and interval= in its place, or ':0' after the type "
                    "of a field that has no scalar."
                )
            changed[place] = np.zeros_like(headers[place])
    return headers | changed


def check_numbers(grid: TraceGrid, positions: Mapping[int, NDArray | None]) -> None:
    """Raise for positions that would be taken for line numbers because nothing was said about the bytes.

    Raises
    ------
    GeometryError
        If bytes 189 and 193 look like positions: by their size, or as bytes 181 and 185 look like line numbers.
    """
    if not {"inline", "crossline"} <= set(grid.axes):
        return
    axes = [np.abs(grid.axes[name]) for name in ("inline", "crossline")]
    others = [np.unique(values) for values in positions.values() if values is not None]
    large = all(axis.max() >= LARGE and _step(axis) >= 5 for axis in axes)
    swapped = len(others) == 2 and all(
        axis.size == other.size > 1 and _step(other) < _step(axis)
        for axis, other in zip(axes, others, strict=True)
    )
    if large or swapped:
        ends = " and ".join(_ends(axis) for axis in axes)
        raise GeometryError(
            f"bytes 189 and 193, where the standard has line numbers, hold {ends}, which look like positions. If "
            "they are, give dims={'inline': 181, 'crossline': 185} (or where the lines are), "
            "coords={'cdp_x': 189, 'cdp_y': 193}; if they are line numbers, preset='poststack3d'."
        )


def _step(axis: NDArray) -> float:
    """Smallest step of sorted values."""
    return float(np.diff(np.sort(axis).astype(float)).min(initial=np.inf))


def _ends(values: NDArray) -> str:
    low, high = values.min(), values.max()
    return f"{low}" if low == high else f"{low} to {high}"
