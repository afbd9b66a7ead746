"""Dimensions of SEG-Y: header fields, binned ones, offsets and azimuths from positions, places and counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from pylops_distributed.errors import GeometryError
from pylops_distributed.ingest.formats.segy.fields import Field, FieldSpec, apply_scalar
from pylops_distributed.ingest.formats.segy.layout import Headers, Layout, standard
from pylops_distributed.vectors.types import NDArray

DimSpec: TypeAlias = FieldSpec | Mapping[str, FieldSpec | float]
PLACE, COUNTER = "place", "counter"
COMPUTED = ("offset", "azimuth")
ENDS = ("source_x", "source_y", "receiver_x", "receiver_y")
HELP = (
    "give a header field ('37', '201:i4'), 'place' (in the file), 'counter' (of traces that share the other "
    "dimensions), {'byte': 37, 'bin': 50}, or {'compute': 'offset' or 'azimuth', 'bin': 50}"
)


@dataclass(frozen=True)
class Key:
    """A dimension: the header field, or how its values are found, and the width of its bins."""

    kind: str
    field: FieldSpec | None = None
    width: float | None = None


def parse_key(name: str, spec: DimSpec) -> Key:
    """A dimension as it was asked for.

    Raises
    ------
    ValueError
        If it is not written as expected.
    """
    if spec in (PLACE, COUNTER):
        return Key(str(spec))
    if not isinstance(spec, Mapping):
        return Key("byte", spec)
    kinds = set(spec) & {"byte", "compute"}
    if len(kinds) != 1 or set(spec) - {"byte", "compute", "bin"}:
        raise ValueError(f"dims: {name!r}: {dict(spec)} is no dimension: {HELP}.")
    width = _width(name, spec) if "bin" in spec else None
    if "byte" in spec:
        byte = spec["byte"]
        return Key("byte", byte if isinstance(byte, int) else str(byte), width)
    if spec["compute"] not in COMPUTED or width is None:
        raise ValueError(
            f"dims: {name!r}: {dict(spec)}: expected 'offset' or 'azimuth' with a 'bin': {HELP}."
        )
    return Key(str(spec["compute"]), None, width)


def _width(name: str, spec: Mapping[str, FieldSpec | float]) -> float:
    """The width of bins, checked."""
    width, azimuth = spec["bin"], spec.get("compute") == "azimuth"
    number = isinstance(width, int | float) and not isinstance(width, bool) and 0 < width < np.inf
    if not number or (azimuth and abs(360 / float(width) - round(360 / float(width))) > 1e-9):
        whole = ", of which a whole number makes 360 degrees" if azimuth else ""
        raise ValueError(f"dims: {name!r}: bin={width!r}: expected a width above zero{whole}.")
    return float(width)


def key_values(
    layout: Layout, keys: Mapping[str, Key], fields: Mapping[str, Field], headers: Headers
) -> dict[str, NDArray]:
    """For each dimension, the value of every trace.

    Parameters
    ----------
    layout : Layout
        The file's structure.
    keys : mapping of str to Key
        The dimensions.
    fields : mapping of str to Field
        Header fields of the dimensions and coordinates.
    headers : Headers
        Their values.

    Returns
    -------
    dict of numpy.ndarray
        By dimension, values of shape ``(traces,)``.

    Raises
    ------
    GeometryError
        If offsets or azimuths are asked for, and the positions are missing or angles.
    """
    values = {}
    for name, key in keys.items():
        if key.kind != COUNTER:
            exact = exact_values(layout, name, key, fields, headers)
            values[name] = exact if key.width is None else _binned(exact, key)
    counters = [name for name, key in keys.items() if key.kind == COUNTER]
    if len(counters) > 1:
        raise ValueError(f"dims: {counters} are all 'counter': one of them can be.")
    if counters:
        values[counters[0]] = _counts(layout.traces, values)
    return {name: values[name] for name in keys}


def exact_values(
    layout: Layout, name: str, key: Key, fields: Mapping[str, Field], headers: Headers
) -> NDArray:
    """Values of a dimension before they are binned, of shape ``(traces,)``."""
    if key.kind == PLACE:
        return np.arange(layout.traces)
    if key.kind == "byte":
        return apply_scalar(headers, fields[name])
    ends = {one: apply_scalar(headers, fields[one]).astype(np.float64) for one in ENDS}
    if (angles := headers[standard(89)] > 1).any() or not any(values.any() for values in ends.values()):
        why = "are angles (byte 89)" if angles.any() else "are 0 in all traces: give coords= with their bytes"
        raise GeometryError(f"{name!r}: positions of sources and receivers {why}.")
    east = ends["receiver_x"] - ends["source_x"]
    north = ends["receiver_y"] - ends["source_y"]
    if key.kind == "offset":
        return np.asarray(np.hypot(east, north))
    return np.asarray(np.degrees(np.arctan2(east, north)) % 360)


def _binned(values: NDArray, key: Key) -> NDArray:
    """Centres of the bins, which are multiples of their width; 360 degrees are 0."""
    width = key.width or 1.0
    if not np.isfinite(values).all():
        raise GeometryError(
            "a dimension to be binned is not finite in some traces: the byte or its type is wrong."
        )
    numbers = np.floor(values.astype(np.float64) / width + 0.5)
    if key.kind == "azimuth":
        numbers %= round(360 / width)
    centres = numbers * width
    return centres.astype(np.int64) if float(width).is_integer() else centres


def _counts(traces: int, values: Mapping[str, NDArray]) -> NDArray:
    """Number of each trace, from 1, among those that have the same values, in the order of the file."""
    groups = np.zeros(traces, np.int64)
    for one in values.values():
        _, number = np.unique(one, return_inverse=True)
        _, groups = np.unique(groups * (int(number.max()) + 1) + number, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    starts = np.nonzero(np.diff(groups[order], prepend=-1))[0]
    lengths = np.diff(starts, append=traces)
    counts = np.empty(traces, np.int64)
    counts[order] = np.arange(traces) - np.repeat(starts, lengths) + 1
    return counts
