"""Geometries that fit the trace headers of a SEG-Y file, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from itertools import combinations

import numpy as np

from pylops_distributed.errors import GeometryError
from pylops_distributed.ingest.formats.segy.choices import Choice
from pylops_distributed.ingest.formats.segy.fields import Field, FieldSpec
from pylops_distributed.ingest.formats.segy.grid import TraceGrid, build_grid
from pylops_distributed.ingest.formats.segy.keys import DimSpec, key_values
from pylops_distributed.ingest.formats.segy.layout import (
    Headers,
    Layout,
    Place,
    scan_headers,
    standard,
    standard_code,
)
from pylops_distributed.ingest.formats.segy.presets import AUTOMATIC, AUTOMATIC_SU, PRESETS
from pylops_distributed.ingest.inspection.description import Geometry, HeaderField

# Presets of lines and of gathers, with what speaks for them: more for those of the standard.
LINES = (*(name for name in PRESETS if name.startswith("poststack3d_")), "teapot")
GATHERS = ("shot_points", "shot_offsets", "receiver_gathers", "obn")
# Where no field counts the traces of a gather; the last fits any file.
COUNTED = ("cdp_traces3d", "cdp_traces", "shot_traces")
SINGLE = ("single_inline", "single_crossline")
# Further pairs of bytes where line numbers are kept.
PAIRS: tuple[tuple[FieldSpec, FieldSpec], ...] = (
    ("217:i4", "221:i4"),
    ("225:i4", "229:i4"),
    (41, 45),
    (73, 77),
)
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

    choice: Choice
    preset: str | None
    reason: str
    bonus: float
    fields: dict[str, Field] = dataclass_field(default_factory=dict)

    @classmethod
    def of(cls, name: str, dims: Mapping[str, DimSpec], reason: str, bonus: float) -> _Candidate:
        """One that is no preset."""
        return cls(Choice(name, dims, {}), None, reason, bonus)

    @property
    def places(self) -> set[Place]:
        """Fields of the headers to read."""
        scalars = {standard(field.scalar) for field in self.fields.values() if field.scalar}
        return {field.place for field in self.fields.values()} | scalars

    @property
    def reading(self) -> frozenset[object]:
        """Its fields: the same for candidates that differ in names alone."""
        others = {key.kind for key in self.choice.keys().values() if key.field is None}
        return frozenset({field.place for field in self.fields.values()} | others)


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
    for group in (_likely(layout, fields, text), _others(fields), _counted()):
        tried, words = _possible(layout, fields, group)
        rejected += words
        places = {place for one in tried for place in one.places}
        headers |= scan_headers(layout, places - set(headers))
        for one in tried:
            try:
                found.append(_fitted(layout, headers, one))
            except ValueError as error:
                if one.preset in AUTOMATIC:
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
    seen: set[frozenset[object]] = set()
    for one in sorted(group, key=lambda one: -one.bonus):
        one.fields.update(one.choice.fields(layout))
        known = {name: field for name, field in one.fields.items() if standard_code(field.byte) == field.code}
        constant = [name for name, field in known.items() if field.place not in varying]
        if constant and layout.traces > 1:
            if one.preset in AUTOMATIC:
                rejected.append(f"{one.preset}: {constant[0]!r} is the same in all traces")
        elif one.reading not in seen and len(one.reading) == len(one.choice.dims):
            seen.add(one.reading)
            tried.append(one)
    return tried, rejected


def _fitted(layout: Layout, headers: Headers, one: _Candidate) -> Geometry:
    """The geometry of a candidate; raises where its traces form no grid."""
    keys = key_values(layout, one.choice.keys(), one.fields, headers)
    for name, values in keys.items():
        if layout.traces > 1 and (values == values[0]).all():
            raise GeometryError(f"{name!r} is {values[0]} in all traces")
    grid = build_grid(keys)
    filled = layout.traces / grid.numbers.size
    order = _in_order(grid)
    regular = np.mean([_regular(axis) for axis in grid.axes.values()])
    score = filled + 0.3 * order + 0.2 * float(regular) + 0.15 * (len(keys) - 1) + one.bonus
    options: dict[str, object] = {"preset": one.preset} if one.preset else {"dims": dict(one.choice.dims)}
    words = [one.reason, f"{100 * filled:.4g} % of the cells filled"]
    words += ["traces are sorted so" if order else "traces are in another order"]
    sizes = {name: axis.size for name, axis in grid.axes.items()}
    return Geometry(
        name=one.choice.name, options=options, sizes=sizes, filled=filled, reason="; ".join(words), score=score
    )  # fmt: skip


def _in_order(grid: TraceGrid) -> bool:
    """Whether the traces lie in the file as on the grid, rows or columns first."""
    one, other = grid.numbers.ravel(), grid.numbers.T.ravel()
    return any(bool((np.diff(numbers[numbers >= 0]) > 0).all()) for numbers in (one, other))


def _regular(axis: np.ndarray) -> bool:
    """Whether values have one step, or steps that are few times the smallest."""
    steps = np.diff(axis.astype(float))
    return bool(steps.size == 0 or (steps.max() <= 3 * steps.min() and np.median(steps) == steps.min()))


def _likely(layout: Layout, fields: tuple[HeaderField, ...], text: tuple[str, ...]) -> Iterator[_Candidate]:
    """Bytes named in the text header, and the presets."""
    varying = {one.byte for one in fields if one.minimum < one.maximum}
    gathers = bool(varying & {37, 81, 85})  # offsets, or positions of receivers
    stack = not gathers and bool(varying & {181, 185})
    hinted = _hinted(text)
    named = f"the text header says {', '.join(f'{name} at byte {spec}' for name, spec in hinted.items())}"
    for chosen in HINTED:
        if set(chosen) <= set(hinted):
            yield _Candidate.of(_name(chosen), {name: hinted[name] for name in chosen}, named, 0.2)
    for preset in AUTOMATIC_SU if layout.su else AUTOMATIC:
        dims = AUTOMATIC[preset][0]
        bonus = 0.12 + 0.1 * (gathers if "gathers" in preset else stack)
        bonus += 0.2 * all(str(hinted.get(name)).startswith(f"{spec}:") for name, spec in dims.items())
        yield _preset(preset, "fields of the standard", bonus)
    for preset in GATHERS:
        yield _preset(preset, f"preset for {preset.replace('_', ' ')}", 0.02 + 0.1 * gathers)
    if layout.su:
        return
    for preset in LINES:
        yield _preset(preset, "line numbers where some programs put them", 0.01 + 0.14 * stack)
        lines = PRESETS[preset][0]
        yield _Candidate.of(
            "cdp_gathers3d", {**lines, "offset": 37}, f"line numbers as {preset} and offsets", 0.04
        )
    for inline, crossline in PAIRS:
        lines = {"inline": _unscaled(inline), "crossline": _unscaled(crossline)}
        yield _Candidate.of("poststack3d", lines, f"bytes {inline} and {crossline}", 0.14 * stack)


def _preset(name: str, reason: str, bonus: float) -> _Candidate:
    return _Candidate(Choice(name, PRESETS[name][0], {}), name, reason, bonus)


def _others(fields: tuple[HeaderField, ...]) -> Iterator[_Candidate]:
    """One line of a volume; any field, or two of them, that vary."""
    for preset in SINGLE:
        yield _preset(preset, "the other line number is the same in all traces", 0.1)
    counts = [one for one in fields if one.minimum < one.maximum and one.byte not in NEVER | POSITIONS]
    counts.sort(key=lambda one: one.changes)
    for one in counts[:MOST_FIELDS]:
        yield _Candidate.of(_word(one), {_word(one): one.byte}, f"byte {one.byte} counts the traces", 0.0)
    for slow, fast in combinations(counts[:MOST_FIELDS], 2):
        names = (_word(slow), _word(fast))
        if names[0] != names[1]:
            reason = f"bytes {slow.byte} and {fast.byte} count the traces"
            dims: dict[str, DimSpec] = {names[0]: slow.byte, names[1]: fast.byte}
            yield _Candidate.of(" x ".join(names), dims, reason, 0.0)


def _counted() -> Iterator[_Candidate]:
    """Gathers whose traces are counted, and the order in the file."""
    for preset in COUNTED:
        yield _preset(preset, "several traces share a place", -0.3)
    yield _preset("headerless", "the order in the file: no header field counts the traces", -1.0)


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
