"""Ways to read the trace headers of a SEG-Y file, and the first of them under which traces form a grid."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from pylops_distributed.errors import GeometryError
from pylops_distributed.ingest.formats.segy.axes import DELAY, FIXED, check_extension, extended_places
from pylops_distributed.ingest.formats.segy.fields import (
    Field,
    FieldSpec,
    check_numbers,
    check_overlaps,
    check_widths,
    parse_field,
    widths,
)
from pylops_distributed.ingest.formats.segy.grid import TraceGrid, build_grid
from pylops_distributed.ingest.formats.segy.keys import COMPUTED, DimSpec, Key, key_values, parse_key
from pylops_distributed.ingest.formats.segy.layout import Headers, Layout, scan_headers, standard
from pylops_distributed.ingest.formats.segy.presets import AUTOMATIC, AUTOMATIC_SU, CDP, ENDS, PRESETS
from pylops_distributed.vectors.types import NDArray


@dataclass(frozen=True)
class Choice:
    """One way to read the headers."""

    name: str
    dims: Mapping[str, DimSpec]
    coords: Mapping[str, FieldSpec]

    def keys(self) -> dict[str, Key]:
        """The dimensions."""
        return {name: parse_key(name, spec) for name, spec in self.dims.items()}

    def fields(self, layout: Layout) -> dict[str, Field]:
        """Header fields of dimensions and coordinates."""
        keys = self.keys()
        # One without a value too: its error names the cure.
        own = {name: key.field for name, key in keys.items() if key.kind == "byte"}
        specs: dict[str, FieldSpec | None] = {**own, **self.coords}
        if any(key.kind in COMPUTED for key in keys.values()):
            specs = {**ENDS, **specs}
        return {name: parse_field(name, spec, layout) for name, spec in specs.items()}


def list_choices(
    layout: Layout,
    preset: str | None,
    dims: Mapping[str, DimSpec] | None,
    coords: Mapping[str, FieldSpec] | None,
) -> list[Choice]:
    """The ways to try, in order."""
    if preset is not None and preset not in PRESETS:
        raise ValueError(f"preset={preset!r} is unknown: expected one of {list(PRESETS)}, or give dims=.")
    if dims is not None:
        if not dims:
            raise ValueError("dims is empty: give at least one, such as dims={'cdp': 21}.")
        # Of the usual coordinates, those whose bytes are not taken.
        taken = [_byte(spec) for spec in dims.values()]
        usual = {} if layout.su else {k: v for k, v in CDP.items() if k not in dims and v not in taken}
        return [Choice(str(dict(dims)), dims, coords if coords is not None else usual)]
    names = [preset] if preset else list(AUTOMATIC_SU if layout.su else AUTOMATIC)
    return [_preset(name, coords, layout) for name in names]


def _preset(name: str, coords: Mapping[str, FieldSpec] | None, layout: Layout) -> Choice:
    dims, usual = PRESETS[name]
    if layout.su:  # which has other fields from byte 181 on
        usual = {key: spec for key, spec in usual.items() if key not in CDP}
    return Choice(name, dims, usual if coords is None else coords)


def _byte(spec: DimSpec) -> int | None:
    first = str(spec.get("byte") if isinstance(spec, Mapping) else spec).partition(":")[0]
    return int(first) if first.isdigit() else None


def first_grid(
    layout: Layout, choices: list[Choice], times: Collection[str]
) -> tuple[Choice, Headers, TraceGrid]:
    """The first choice that works, its header fields and its grid.

    Parameters
    ----------
    layout : Layout
        The file's structure.
    choices : list of Choice
        Those to try. Of several, those with a dimension that is the same in all traces come last.
    times : collection of str
        Which of ``interval`` and ``start`` need no header.

    Raises
    ------
    GeometryError
        If none works; it says why each does not.
    """
    problems: list[str] = []
    headers: Headers = {}
    single: list[tuple[Choice, Headers, TraceGrid]] = []
    for choice in choices:
        if twice := sorted(set(choice.dims) & set(choice.coords)):
            problems.append(f"{choice.name}: {twice} are dimensions, and coords= has the same names")
            continue
        fields = choice.fields(layout)
        wanted = {
            *FIXED, *(field.place for field in fields.values()), *widths(fields),
            *extended_places(layout, list(fields.values())),
        }  # fmt: skip
        headers = {place: values for place, values in headers.items() if place in wanted}
        headers |= scan_headers(layout, wanted - set(headers))
        usable = _usable(layout, headers, fields, times)
        try:
            keys = key_values(layout, choice.keys(), fields, usable)
            constant = _constant(keys) if len(choices) > 1 else []
            if constant:
                problems.append(f"{choice.name}: {constant[0]!r} is the same in all traces")
            if constant and (len(constant) == len(keys) or any(keys[name][0] == 0 for name in constant)):
                continue
            grid = build_grid(keys)
            if len(choices) > 1:
                check_numbers(grid, {byte: usable.get((byte, "i4")) for byte in (181, 185)})
        except GeometryError as error:
            problems.append(f"{choice.name}: {error}")
            continue
        if not constant:
            return choice, usable, grid
        single.append((choice, usable, grid))
    if single:  # such as one inline of a volume
        return single[0]
    listed = "\n  ".join(problems)
    raise GeometryError(
        f"{layout.path!r}: the trace headers form no grid; give the right bytes with dims=, or preset='headerless' "
        f"to take the traces in their order in the file.\n  {listed}"
    )


def _constant(keys: Mapping[str, NDArray]) -> list[str]:
    """Dimensions that are the same in all of several traces."""
    return [name for name, values in keys.items() if values.size > 1 and (values == values[0]).all()]


def _usable(layout: Layout, headers: Headers, fields: Mapping[str, Field], times: Collection[str]) -> Headers:
    """The headers as they are meant: without scalars that the revision has not, or that lie under other fields."""
    headers = check_extension(layout, headers, list(fields.values()))
    check_widths(fields, headers)
    headers = check_overlaps(layout.path, fields, headers, _needed_fields(layout, headers, times))
    scalars, delays = headers[standard(215)], headers[DELAY.place]
    if layout.revision is None and "start" not in times and (scalars * (delays != 0)).any():
        raise ValueError(
            f"{layout.path!r}: bytes 3501-3502 name no revision that is known, and byte 215 is {scalars[0]}, which "
            "scales the delay (byte 109) from revision 1 on: say which it is with revision=, or give start=."
        )
    return headers if layout.revision else headers | {standard(215): np.zeros_like(scalars)}


def _needed_fields(layout: Layout, headers: Headers, times: Collection[str]) -> list[int]:
    """The fields of the standard that the axis of samples needs."""
    delay = [109, 215] if "start" not in times and headers[DELAY.place].any() else []
    return delay + ([117] if "interval" not in times and layout.interval is None else [])
