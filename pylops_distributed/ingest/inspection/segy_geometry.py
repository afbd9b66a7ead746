"""Geometries that fit the trace headers of a SEG-Y file, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from itertools import combinations

import numpy as np

from pylops_distributed.errors import GeometryError
from pylops_distributed.ingest.formats.segy.fields import Field, FieldSpec, apply_scalar, parse_field
from pylops_distributed.ingest.formats.segy.grid import TraceGrid, build_grid
from pylops_distributed.ingest.formats.segy.layout import (
    Headers,
    Layout,
    Place,
    scan_headers,
    standard,
    standard_code,
)
from pylops_distributed.ingest.formats.segy.presets import AUTOMATIC
from pylops_distributed.ingest.inspection.description import Geometry, HeaderField

# Pairs of bytes where line numbers are usually kept, beyond those of the standard.
LINES: tuple[tuple[FieldSpec, FieldSpec], ...] = (
    (9, 21), (9, 13), (17, 13), (181, 185), (17, 25), (5, 21), (213, 217), ("213:i4", "217:i4"),
    ("217:i4", "221:i4"), ("225:i4", "229:i4"), (233, 237), (41, 45), (73, 77),
)  # fmt: skip
# Further pairs of a gather and what counts within it.
GATHERS: tuple[tuple[str, FieldSpec, str, FieldSpec], ...] = (
    ("shot gathers", 17, "channel", 13), ("shot gathers", 9, "channel", 25), ("shot gathers", 9, "offset", 37),
    ("shot gathers", 17, "offset", 37), ("shot gathers", 73, "receiver", 81), ("shot gathers", 77, "receiver", 85),
    ("receiver gathers", 13, "shot", 9), ("receiver gathers", 13, "shot", 17), ("cdp gathers", 21, "fold", 25),
)  # fmt: skip
POSITIONS = frozenset((73, 77, 81, 85, 181, 185))
NEVER = frozenset((1, 5, 29, 69, 71, 89, 109, 115, 117, 215, *range(157, 168)))  # counters, scalars, times
# In text headers: "INLINE : BYTES 9-12", "3D inline 189-192", "IN-LINE NUMBER (9-12)".
HINTS = {
    "inline": r"(?:\bil(?:ine)?\b|in[- ]?lines?)", "crossline": r"(?:\bxl(?:ine)?\b|(?:cross|x)[- ]?lines?)",
    "cdp": r"\b(?:cdp|cmp)\b(?!\s*[-_]?[xy]\b)", "shot": r"\b(?:shot|ffid|sp)\b", "offset": r"\boffset\b",
    "channel": r"\bchannel\b",
}  # fmt: skip
HINTED = (
    ("inline", "crossline", "offset"), ("inline", "crossline"), ("cdp", "offset"), ("shot", "channel"), ("cdp",),
)  # fmt: skip
MOST_FIELDS = 10  # to pair
# Share of filled cells from which no further way is looked for, and of that of the best below which none is shown.
ENOUGH, WORSE = 0.5, 0.3


@dataclass(frozen=True)
class _Candidate:
    """A way to read the headers that may be right."""

    name: str
    dims: Mapping[str, FieldSpec]
    preset: str | None
    reason: str
    bonus: float
    fields: dict[str, Field] = dataclass_field(default_factory=dict)

    @property
    def places(self) -> set[Place]:
        """Fields of the headers to read."""
        scalars = {standard(field.scalar) for field in self.fields.values() if field.scalar}
        return {field.place for field in self.fields.values()} | scalars


def geometries(
    layout: Layout, fields: tuple[HeaderField, ...], text: tuple[str, ...]
) -> tuple[tuple[Geometry, ...], tuple[str, ...]]:
    """Geometries that fit, and why the usual ones do not.

    Parameters
    ----------
    layout : Layout
        The file's structure.
    fields : tuple of HeaderField
        Header fields that are filled in.
    text : tuple of str
        Lines of the text header, which may name the bytes of fields.

    Returns
    -------
    tuple of Geometry
        Those that fit, the likeliest first.
    tuple of str
        For each of the reader's presets that does not fit, why.
    """
    found: list[Geometry] = []
    rejected: list[str] = []
    headers: Headers = {}
    for group in (_likely(fields, text), _others(fields)):
        tried, words = _possible(layout, fields, group)
        rejected += words
        places = {place for one in tried for place in one.places}
        headers |= scan_headers(layout, places - set(headers))
        for one in tried:
            try:
                found.append(_fitted(layout, headers, one))
            except ValueError as error:
                if one.preset:
                    rejected.append(f"{one.preset}: {error}")
        if any(one.filled >= ENOUGH for one in found):
            break
    found.sort(key=lambda one: -one.score)
    best = max((one.filled for one in found), default=0.0)
    return tuple(one for one in found if one.filled >= WORSE * best), tuple(rejected)


def _possible(
    layout: Layout, fields: tuple[HeaderField, ...], group: Iterable[_Candidate]
) -> tuple[list[_Candidate], list[str]]:
    """Candidates none of whose fields is the same in all traces, each reading once; and why presets are none."""
    varying = {(one.byte, one.type) for one in fields if one.minimum < one.maximum}
    tried: list[_Candidate] = []
    rejected: list[str] = []
    seen: set[frozenset[Place]] = set()
    for one in sorted(group, key=lambda one: -one.bonus):
        one.fields.update({name: parse_field(name, spec, layout) for name, spec in one.dims.items()})
        keys = frozenset(field.place for field in one.fields.values())
        known = {name: field for name, field in one.fields.items() if standard_code(field.byte) == field.code}
        constant = [name for name, field in known.items() if field.place not in varying]
        if constant and layout.traces > 1:
            if one.preset:
                rejected.append(f"{one.preset}: {constant[0]!r} is the same in all traces")
        elif keys not in seen and len(keys) == len(one.dims):
            seen.add(keys)
            tried.append(one)
    return tried, rejected


def _fitted(layout: Layout, headers: Headers, one: _Candidate) -> Geometry:
    """The geometry of a candidate; raises where its traces form no grid."""
    keys = {name: apply_scalar(headers, field) for name, field in one.fields.items()}
    for name, values in keys.items():
        if layout.traces > 1 and (values == values[0]).all():
            raise GeometryError(f"{name!r} is {values[0]} in all traces")
    grid = build_grid(keys)
    filled = layout.traces / grid.numbers.size
    order = _in_order(grid)
    regular = np.mean([_regular(axis) for axis in grid.axes.values()])
    score = filled + 0.3 * order + 0.2 * float(regular) + 0.15 * (len(keys) - 1) + one.bonus
    options: dict[str, object] = {"preset": one.preset} if one.preset else {"dims": dict(one.dims)}
    words = [one.reason, f"{100 * filled:.4g} % of the cells filled"]
    words += ["traces are sorted so" if order else "traces are in another order"]
    return Geometry(
        name=one.name, options=options, sizes={name: axis.size for name, axis in grid.axes.items()}, filled=filled,
        reason="; ".join(words), score=score,
    )  # fmt: skip


def _in_order(grid: TraceGrid) -> bool:
    """Whether the traces lie in the file as on the grid, rows or columns first."""
    one, other = grid.numbers.ravel(), grid.numbers.T.ravel()
    return any(bool((np.diff(numbers[numbers >= 0]) > 0).all()) for numbers in (one, other))


def _regular(axis: np.ndarray) -> bool:
    """Whether values have one step, or steps that are few times the smallest."""
    steps = np.diff(axis.astype(float))
    return bool(steps.size == 0 or (steps.max() <= 3 * steps.min() and np.median(steps) == steps.min()))


def _likely(fields: tuple[HeaderField, ...], text: tuple[str, ...]) -> Iterator[_Candidate]:
    """Bytes named in the text header, the presets, and the usual other places."""
    varying = {one.byte for one in fields if one.minimum < one.maximum}
    gathers = bool(varying & {37, 81, 85})  # offsets, or positions of receivers
    stack = not gathers and bool(varying & {181, 185})
    if hinted := _hinted(text):
        words = ", ".join(f"{name} at byte {spec}" for name, spec in hinted.items())
        for chosen in HINTED:
            if set(chosen) <= set(hinted):
                named = {name: hinted[name] for name in chosen}
                yield _Candidate(_name(chosen), named, None, f"the text header says {words}", 0.2)
    for preset, (dims, _) in AUTOMATIC.items():
        bonus = 0.12 + 0.1 * (gathers if "gathers" in preset else stack)
        bonus += 0.2 * all(str(hinted.get(name)).startswith(f"{spec}:") for name, spec in dims.items())
        yield _Candidate(preset, dims, preset, "fields of the standard", bonus)
    for inline, crossline in LINES:
        lines = {"inline": _unscaled(inline), "crossline": _unscaled(crossline)}
        reason = f"line numbers at bytes {inline} and {crossline}"
        yield _Candidate("poststack3d", lines, None, reason, 0.01 + 0.14 * stack)
        yield _Candidate("cdp_gathers3d", {**lines, "offset": 37}, None, reason, 0.04)
    for name, byte, within, place in GATHERS:
        outer = name.split()[0]
        reason = f"{outer} at byte {byte}, {within} at byte {place}"
        yield _Candidate(name, {outer: byte, within: place}, None, reason, 0.02 + 0.1 * gathers)


def _others(fields: tuple[HeaderField, ...]) -> Iterator[_Candidate]:
    """Any field, or two of them, that vary."""
    counts = [one for one in fields if one.minimum < one.maximum and one.byte not in NEVER | POSITIONS]
    counts.sort(key=lambda one: one.changes)
    for one in counts[:MOST_FIELDS]:
        yield _Candidate(_word(one), {_word(one): one.byte}, None, f"byte {one.byte} counts the traces", 0.0)
    for slow, fast in combinations(counts[:MOST_FIELDS], 2):
        names = (_word(slow), _word(fast))
        if names[0] != names[1]:
            reason = f"bytes {slow.byte} and {fast.byte} count the traces"
            yield _Candidate(
                " x ".join(names), dict(zip(names, (slow.byte, fast.byte), strict=True)), None, reason, 0.0
            )


def _hinted(text: tuple[str, ...]) -> dict[str, FieldSpec]:
    """Bytes that the text header names."""
    found: dict[str, FieldSpec] = {}
    whole = "\n".join(text).lower()
    for name, words in HINTS.items():
        match = re.search(rf"{words}[^\n\d]{{0,40}}\b(\d{{1,3}})\s*(?:-|to)\s*(\d{{1,3}})\b", whole)
        if match is None:
            match = re.search(rf"{words}[^\n\d]{{0,30}}bytes?\s*(?:no\.?|:|=)?\s*(\d{{1,3}})()\b", whole)
        if match is None or not 1 <= int(match[1]) <= 237:
            continue
        width = int(match[2]) - int(match[1]) + 1 if match[2] else 4
        if width in (2, 4, 5):  # many name the byte after the last one
            found[name] = f"{int(match[1])}:i{min(width, 4)}:0"
    return found


def _name(names: tuple[str, ...]) -> str:
    kinds = {
        ("inline", "crossline"): "poststack3d",
        ("cdp",): "poststack2d",
        ("shot", "channel"): "shot_gathers",
    }
    return kinds.get(names, "cdp_gathers3d" if "inline" in names else "cdp_gathers")


def _unscaled(spec: FieldSpec) -> FieldSpec:
    """Line numbers have no scalar, wherever they are."""
    return f"{spec}:i4:0" if spec in POSITIONS else spec


def _word(one: HeaderField) -> str:
    """A name for a dimension."""
    return re.sub(r"\W+", "_", one.meaning.split(" (")[0]).strip("_")
