"""SEG-Y as a labelled, lazy dataset: stacks and gathers, in any trace order, with holes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import dask.array as da
import numpy as np
import xarray as xr
from dask.base import tokenize

from pylops_distributed.errors import GeometryError
from pylops_distributed.ingest.formats.chunking import regular_chunks
from pylops_distributed.ingest.formats.segy.axes import (
    DELAY,
    FIXED,
    NAME,
    check_extension,
    extended_places,
    field_unit,
    length_unit,
    read_binary,
    sample_axis,
    spread_coordinate,
    text_header,
    vertical_attrs,
)
from pylops_distributed.ingest.formats.segy.fields import (
    SCALARS,
    Field,
    FieldSpec,
    apply_scalar,
    check_numbers,
    check_overlaps,
    check_widths,
    extension,
    parse_field,
    widths,
)
from pylops_distributed.ingest.formats.segy.grid import TraceGrid, build_grid
from pylops_distributed.ingest.formats.segy.layout import (
    Headers,
    Layout,
    read_layout,
    scan_headers,
    standard,
)
from pylops_distributed.ingest.formats.segy.sample_formats import IBM
from pylops_distributed.ingest.formats.segy.samples import read_traces
from pylops_distributed.vectors.types import Options, Settings

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.byte_order import Endian

_CDP = {"cdp_x": 181, "cdp_y": 185}
_ENDS = {"source_x": 73, "source_y": 77, "receiver_x": 81, "receiver_y": 85}
LAYOUT_OPTIONS = ("endian", "revision", "samples")  # those of read_layout
OWN = ("trace_number", "trace_mask")  # names of arrays that come with the samples
# Name: header bytes of the dimensions, and of the coordinates. The first that fits is the default.
PRESETS: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "poststack3d": ({"inline": 189, "crossline": 193}, _CDP),
    "cdp_gathers3d": ({"inline": 189, "crossline": 193, "offset": 37}, _CDP),
    "cdp_gathers": ({"cdp": 21, "offset": 37}, _CDP),
    "poststack2d": ({"cdp": 21}, _CDP),
    "shot_gathers": ({"shot": 9, "channel": 13}, _ENDS),
}


def open_segy(
    path: str,
    *,
    preset: str | None = None,
    dims: Mapping[str, FieldSpec] | None = None,
    coords: Mapping[str, FieldSpec] | None = None,
    chunks: Mapping[str, int] | None = None,
    endian: Endian | None = None,
    variable: str = "amplitude",
    vertical: Literal["twt", "time", "depth"] = "twt",
    interval: float | None = None,
    start: float | None = None,
    revision: Literal[0, 1, 2] | None = None,
    samples: int | None = None,
    dtype: Literal["float32", "float64"] | None = None,
) -> xr.Dataset:
    """Open a SEG-Y file lazily; only headers are read now, and each chunk later reads its own traces only.

    Parameters
    ----------
    path : str
        SEG-Y file, revision 0, 1 or 2, any byte order, IBM and IEEE floats and integers. All traces must have one
        length.
    preset : str, optional
        Which header fields are dimensions and coordinates: a key of ``PRESETS``. By default the first preset
        under which the headers form a grid.
    dims, coords : mapping of str to int or str, optional
        Names and header fields of the dimensions and the coordinates, instead of the preset's: the first byte (from
        1), ``"BYTE:TYPE"`` where a field is wider than in the standard (``"201:i4"``), or ``"BYTE:TYPE:SCALAR"``,
        where SCALAR is the byte of its scalar (69, 71 or 215) or 0. Unless that is given, names of positions
        (``cdp_x``, ``source_y``, ...) and elevations have their scalars wherever they lie, numbers (``inline``,
        ``cdp``, ...) have none, and other names have the scalar of the standard's field.
    chunks : mapping of str to int, optional
        Length of chunks by dimension. By default samples whole and about 16 MB a chunk.
    endian : {'big', 'little'}, optional
        Byte order. By default found from the headers.
    variable : str, optional
        Name of the array of samples.
    vertical : {'twt', 'time', 'depth'}, optional
        What the samples run along: two-way time or time [ms], or depth [m, or ft where the headers say feet].
    interval, start : float, optional
        Sample interval and first sample in that unit, instead of those of the headers.
    revision : {0, 1, 2}, optional
        Revision of the standard, instead of that in the binary header.
    samples : int, optional
        Number of samples per trace, instead of that in the binary header.
    dtype : {'float32', 'float64'}, optional
        Type of the samples. By default that of the file; IBM floats become ``float32``, each rounded to nearest, and
        infinite (with a warning) beyond 3.4e38, where ``float64`` holds all of them exactly.

    Returns
    -------
    xarray.Dataset
        ``variable`` with the dimensions and ``vertical``, and ``trace_number``, the place of each trace in the
        file. Where the grid has holes, they are NaN, integer samples become floats, and ``trace_mask`` shows where
        traces are. Attributes: the file's headers.

    Raises
    ------
    ValueError
        If the file is not SEG-Y or corrupt, headers vary where they must not or contradict each other, or an option
        does not fit.
    GeometryError
        If the traces do not form a grid; a ``ValueError``.
    """
    layout = read_layout(path, endian, revision=revision, samples=samples)
    _check_options(preset, dims, coords, variable, vertical)
    times = {name: value for name, value in (("interval", interval), ("start", start)) if value is not None}
    chosen, headers, grid = _first_grid(layout, _choices(preset, dims, coords), times)
    fields = chosen.fields(layout)
    axis = sample_axis(layout, headers, interval, start)
    binary = read_binary(layout).fields()
    ds = _assemble(layout, grid, variable, vertical, chunks, _sample_type(layout, dtype))
    length = length_unit(binary["MeasurementSystem"])
    ds = ds.assign_coords({vertical: (vertical, axis, vertical_attrs(vertical, length))})
    for name, field in fields.items():
        over: tuple[str, ...]
        if name in chosen.dims:
            over, values = (name,), grid.axes[name]
        elif (numbers := apply_scalar(headers, field)).any():
            over, values = spread_coordinate(grid, numbers)
        else:
            continue  # nobody filled this field in
        units = field_unit(name, field, headers, length, layout.path)
        attrs = {"segy_byte": field.byte} | ({"units": units} if units else {})
        ds = ds.assign_coords({name: (over, values, attrs)})
    ds.attrs = {
        "segy_text": text_header(layout),
        "segy_binary": binary,
        "segy_bytes": {name: field.byte for name, field in fields.items() if name in ds.coords},
        "segy_endian": layout.endian,
        "segy_format": layout.format,
        "segy_traces": layout.traces,
        **_readings(layout, headers, fields),
    }
    return ds


def layout_of(path: str, options: Options) -> Layout:
    """Structure of a file that is read with these options."""
    return read_layout(path, **{name: options[name] for name in LAYOUT_OPTIONS if name in options})


def _check_options(
    preset: str | None,
    dims: Mapping[str, FieldSpec] | None,
    coords: Mapping[str, FieldSpec] | None,
    variable: str,
    vertical: str,
) -> None:
    """Raise for options that are unknown, or of which one would be ignored."""
    if vertical not in ("twt", "time", "depth"):
        raise ValueError(f"vertical={vertical!r}: expected 'twt', 'time' or 'depth'.")
    if preset is not None and dims is not None:
        raise ValueError(f"preset={preset!r} and dims={dict(dims)}: give one of them, dims= takes its place.")
    names = [*(dims or ()), *(coords or ()), variable, vertical, *OWN]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(
            f"the names {sorted(twice)} are given twice among dims, coords, variable={variable!r}, "
            f"vertical={vertical!r} and {list(OWN)}: each array needs its own."
        )


def _sample_type(layout: Layout, dtype: str | None) -> np.dtype[np.generic]:
    """Type of the samples; raises where it does not hold all values that the file may have."""
    if dtype is None:
        return layout.dtype
    if dtype not in ("float32", "float64") or not np.can_cast(layout.dtype, dtype):
        raise ValueError(
            f"dtype={dtype!r}: expected 'float32' or 'float64', and one that holds {layout.dtype} samples."
        )
    return np.dtype(dtype)


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


def _readings(layout: Layout, headers: Headers, fields: Mapping[str, Field]) -> Settings:
    """Settings under which a file is read differently than by earlier versions, so that the dataset is another one."""
    scalars = {
        name: field.scalar for name, field in fields.items() if field.scalar != SCALARS.get(field.byte, 0)
    }
    extended = layout.interval is not None or extension(NAME) in headers
    return (
        ({"segy_ibm": "exact"} if layout.format == IBM else {})
        | ({"segy_scalars": scalars} if scalars else {})
        | ({"segy_extended": True} if extended else {})
    )


@dataclass(frozen=True)
class _Choice:
    """One way to read the headers."""

    name: str
    dims: Mapping[str, FieldSpec]
    coords: Mapping[str, FieldSpec]

    def fields(self, layout: Layout) -> dict[str, Field]:
        """Dimensions and coordinates as fields."""
        return {name: parse_field(name, spec, layout) for name, spec in {**self.dims, **self.coords}.items()}


def _choices(
    preset: str | None, dims: Mapping[str, FieldSpec] | None, coords: Mapping[str, FieldSpec] | None
) -> list[_Choice]:
    """The ways to try, in order."""
    if preset is not None and preset not in PRESETS:
        raise ValueError(f"preset={preset!r} is unknown: expected one of {list(PRESETS)}, or give dims=.")
    if dims is not None:
        if not dims:
            raise ValueError("dims is empty: give at least one, such as dims={'cdp': 21}.")
        # Of the usual coordinates, those whose bytes are not taken.
        usual = {k: v for k, v in _CDP.items() if k not in dims and v not in map(_byte, dims.values())}
        return [_Choice(str(dict(dims)), dims, coords if coords is not None else usual)]
    names = [preset] if preset else list(PRESETS)
    return [_Choice(name, PRESETS[name][0], PRESETS[name][1] if coords is None else coords) for name in names]


def _byte(spec: FieldSpec) -> int | None:
    first = str(spec).partition(":")[0]
    return int(first) if first.isdigit() else None


def _first_grid(
    layout: Layout, choices: list[_Choice], times: Collection[str]
) -> tuple[_Choice, Headers, TraceGrid]:
    """The first choice that works, its header fields and its grid."""
    problems: list[str] = []
    headers: Headers = {}
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
        keys = {name: apply_scalar(usable, fields[name]) for name in choice.dims}
        constant = [name for name, values in keys.items() if values.size > 1 and (values == values[0]).all()]
        if constant and len(choices) > 1:
            problems.append(f"{choice.name}: {constant[0]!r} is the same in all traces")
            continue
        try:
            grid = build_grid(keys)
            if len(choices) > 1:
                check_numbers(grid, {byte: usable.get((byte, "i4")) for byte in (181, 185)})
            return choice, usable, grid
        except GeometryError as error:
            problems.append(f"{choice.name}: {error}")
    listed = "\n  ".join(problems)
    raise GeometryError(
        f"{layout.path!r}: the trace headers form no grid; give the right bytes with dims=.\n  {listed}"
    )


def _assemble(
    layout: Layout,
    grid: TraceGrid,
    variable: str,
    vertical: str,
    chunks: Mapping[str, int] | None,
    dtype: np.dtype[np.generic],
) -> xr.Dataset:
    """Samples as lazy chunks, their trace numbers, and the mask of the traces where there are holes."""
    holes = bool((grid.numbers < 0).any())
    # Floats hold a hole; float32 is exact for 16 bits, float64 for 32.
    dtype = np.promote_types(dtype, np.float32) if holes else dtype
    sizes = {name: axis.size for name, axis in grid.axes.items()} | {vertical: layout.samples}
    cut = regular_chunks(sizes, dtype, chunks, whole=(vertical,))
    numbers = da.from_array(grid.numbers[..., None], chunks=(*list(cut.values())[:-1], 1))
    steps = np.arange(layout.samples).reshape((1,) * len(grid.axes) + (-1,))
    samples = da.map_blocks(
        read_traces,
        numbers,
        da.from_array(steps, chunks=(1,) * len(grid.axes) + (cut[vertical],)),
        layout,
        dtype,
        dtype=dtype,
        chunks=(*numbers.chunks[:-1], da.core.normalize_chunks(cut[vertical], (layout.samples,))[0]),
        name=f"segy-{tokenize(layout, grid.numbers, cut, dtype)}",
        meta=np.empty((0,) * len(sizes), dtype),
    )
    ds = xr.Dataset({variable: (tuple(sizes), samples)})
    ds["trace_number"] = (
        tuple(grid.axes),
        grid.numbers,
        {"long_name": "place in the file, from 0; -1 for holes"},
    )
    if holes:
        ds["trace_mask"] = (tuple(grid.axes), grid.mask)
    ds[variable].attrs["ancillary_variables"] = "trace_number trace_mask" if holes else "trace_number"
    return ds
