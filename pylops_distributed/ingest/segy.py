"""SEG-Y as a labelled, lazy dataset: stacks and gathers, in any trace order, with holes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import dask.array as da
import numpy as np
import segyio
import xarray as xr
from dask.base import tokenize
from numpy.typing import NDArray

from pylops_distributed.ingest.chunking import regular_chunks
from pylops_distributed.ingest.segy_axes import (
    FIXED,
    SCALARS,
    binary_header,
    field_unit,
    length_unit,
    sample_axis,
    scaled,
    scaled_axis,
    spread,
    text_header,
    vertical_attrs,
)
from pylops_distributed.ingest.segy_grid import GeometryError, Grid, Integers, build_grid
from pylops_distributed.ingest.segy_layout import Endian, Headers, Layout, read_layout, scan_headers

_CDP = {"cdp_x": 181, "cdp_y": 185}
_ENDS = {"source_x": 73, "source_y": 77, "receiver_x": 81, "receiver_y": 85}
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
    dims: Mapping[str, int] | None = None,
    coords: Mapping[str, int] | None = None,
    chunks: Mapping[str, int] | None = None,
    endian: Endian | None = None,
    variable: str = "amplitude",
    vertical: Literal["twt", "time", "depth"] = "twt",
    interval: float | None = None,
    start: float | None = None,
) -> xr.Dataset:
    """Open a SEG-Y file lazily; only headers are read now, and each chunk later reads its own traces only.

    Parameters
    ----------
    path : str
        SEG-Y file, revision 0 or 1, any byte order and any sample format that segyio decodes.
    preset : str, optional
        Which header fields are dimensions and coordinates: a key of ``PRESETS``. By default the first preset
        under which the headers form a grid.
    dims, coords : mapping of str to int, optional
        Names and header bytes (from 1) of the dimensions and the coordinates, instead of the preset's.
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

    Returns
    -------
    xarray.Dataset
        ``variable`` with the dimensions and ``vertical``, and ``trace_number``, the place of each trace in the
        file. Where the grid has holes, they are NaN, integer samples become floats, and ``trace_mask`` tells
        where traces are. Attributes: the file's headers.

    Raises
    ------
    ValueError
        If the file is not SEG-Y or damaged, headers vary where they must not, or an option does not fit.
    GeometryError
        If the traces do not form a grid; a ``ValueError``.
    """
    layout = read_layout(path, endian)
    if vertical not in ("twt", "time", "depth"):
        raise ValueError(f"vertical={vertical!r}: expected 'twt', 'time' or 'depth'.")
    choice, headers, grid = _first_grid(layout, _choices(preset, dims, coords))
    binary = binary_header(layout)
    if not binary["SEGYRevision"]:  # which has no scalar of times
        headers = headers | {215: np.zeros_like(headers[215])}
    axis = sample_axis(path, layout, headers, binary["Interval"], interval, start)
    ds = _assemble(layout, grid, variable, vertical, chunks)
    length = length_unit(binary["MeasurementSystem"])
    ds = ds.assign_coords({vertical: (vertical, axis, vertical_attrs(vertical, length))})
    for name, byte in choice.dims.items():
        values = grid.axes[name] if byte not in SCALARS else scaled_axis(headers, byte, grid, name)
        attrs = _attrs(byte, field_unit(name, byte, headers[89], length))
        ds = ds.assign_coords({name: (name, values, attrs)})
    for name, byte in choice.coords.items():
        field = scaled(headers, byte)
        if not field.any():
            continue  # nobody filled this field in
        over, values = spread(grid, field)
        attrs = _attrs(byte, field_unit(name, byte, headers[89], length))
        ds = ds.assign_coords({name: (over, values, attrs)})
    ds.attrs = {
        "segy_text": text_header(layout),
        "segy_binary": binary,
        "segy_bytes": dict(choice.dims)
        | {name: byte for name, byte in choice.coords.items() if name in ds.coords},
        "segy_endian": layout.endian,
        "segy_format": layout.format,
        "segy_traces": layout.traces,
    }
    return ds


@dataclass(frozen=True)
class _Choice:
    """One way to read the headers."""

    name: str
    dims: Mapping[str, int]
    coords: Mapping[str, int]


def _choices(
    preset: str | None, dims: Mapping[str, int] | None, coords: Mapping[str, int] | None
) -> list[_Choice]:
    """The ways to try, in order."""
    if preset is not None and preset not in PRESETS:
        raise ValueError(f"preset={preset!r} is unknown: expected one of {list(PRESETS)}, or give dims=.")
    if dims is not None:
        if not dims:
            raise ValueError("dims is empty: give at least one, such as dims={'cdp': 21}.")
        return [_Choice(str(dict(dims)), dims, coords if coords is not None else _CDP)]
    names = [preset] if preset else list(PRESETS)
    return [_Choice(name, PRESETS[name][0], PRESETS[name][1] if coords is None else coords) for name in names]


def _first_grid(layout: Layout, choices: list[_Choice]) -> tuple[_Choice, Headers, Grid]:
    """The first choice that works, its header fields and its grid."""
    problems: list[str] = []
    headers: Headers = {}
    for choice in choices:
        wanted = {*FIXED, *choice.dims.values(), *choice.coords.values()}
        headers = {byte: values for byte, values in headers.items() if byte in wanted}
        headers |= scan_headers(layout, wanted - set(headers))
        keys = {name: headers[byte] for name, byte in choice.dims.items()}
        constant = [name for name, values in keys.items() if values.size > 1 and (values == values[0]).all()]
        if constant and len(choices) > 1:
            problems.append(f"{choice.name}: {constant[0]!r} is the same in all traces")
            continue
        try:
            return choice, headers, build_grid(keys)
        except GeometryError as error:
            problems.append(f"{choice.name}: {error}")
    listed = "\n  ".join(problems)
    raise GeometryError(
        f"{layout.path!r}: the trace headers form no grid; give the right bytes with dims=.\n  {listed}"
    )


def _assemble(
    layout: Layout, grid: Grid, variable: str, vertical: str, chunks: Mapping[str, int] | None
) -> xr.Dataset:
    """Samples as lazy chunks, their trace numbers, and the mask of the traces where there are holes."""
    holes = bool((grid.numbers < 0).any())
    # Floats hold a hole; float32 is exact for 16 bits, float64 for 32.
    dtype = np.promote_types(layout.dtype, np.float32) if holes else layout.dtype
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


def read_traces(
    numbers: Integers, steps: Integers, layout: Layout, dtype: np.dtype[np.generic]
) -> NDArray[np.generic]:
    """Read the traces of one chunk, in runs of consecutive ones; the task behind each chunk."""
    wanted = numbers.ravel()
    first, stop = int(steps.flat[0]), int(steps.flat[-1]) + 1
    out = np.full((wanted.size, stop - first), np.nan if dtype.kind == "f" else 0, dtype)
    order = np.argsort(wanted, kind="stable")
    order = order[wanted[order] >= 0]
    runs = np.split(order, np.nonzero(np.diff(wanted[order]) != 1)[0] + 1) if order.size else []
    with segyio.open(layout.path, ignore_geometry=True, endian=layout.endian) as file:
        for run in runs:
            begin = int(wanted[run[0]])
            out[run] = file.trace.raw[begin : begin + run.size][:, first:stop]
    return out.reshape((*numbers.shape[:-1], stop - first))


def _attrs(byte: int, units: str | None) -> dict[str, Any]:
    return {"segy_byte": byte} | ({"units": units} if units else {})
