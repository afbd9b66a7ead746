"""Labelled, lazy arrays from a grid of SEG-Y traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dask.array as da
import numpy as np
import xarray as xr
from dask.base import tokenize

from pylops_distributed.ingest.formats.chunking import regular_chunks
from pylops_distributed.ingest.formats.failures import naming
from pylops_distributed.ingest.formats.segy.axes import field_unit, spread_coordinate
from pylops_distributed.ingest.formats.segy.fields import apply_scalar
from pylops_distributed.ingest.formats.segy.keys import exact_values
from pylops_distributed.ingest.formats.segy.samples import read_traces

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.choices import Choice
    from pylops_distributed.ingest.formats.segy.grid import TraceGrid
    from pylops_distributed.ingest.formats.segy.layout import Headers, Layout
    from pylops_distributed.vectors.types import NDArray


def label_traces(
    ds: xr.Dataset, layout: Layout, chosen: Choice, headers: Headers, grid: TraceGrid, length: str | None
) -> xr.Dataset:
    """Add the axes of the grid and the coordinates of its traces, with their units."""
    keys, fields = chosen.keys(), chosen.fields(layout)
    for name, key in keys.items():
        attrs: dict[str, object] = {"segy_byte": fields[name].byte} if name in fields else {}
        if name in fields:
            units = field_unit(name, fields[name], headers, length, layout.path)
        else:
            units = {"offset": length, "azimuth": "degree"}.get(key.kind)
        attrs |= {"units": units} if units else {}
        if key.width is not None:
            exact = spread_coordinate(grid, exact_values(layout, name, key, fields, headers))
            ds = ds.assign_coords({f"true_{name}": (*exact, dict(attrs))})
            attrs["bin_width"] = key.width
        ds = ds.assign_coords({name: (name, grid.axes[name], attrs)})
    for name, field in fields.items():
        if name in keys or not (numbers := apply_scalar(headers, field)).any():
            continue  # nobody filled this field in
        units = field_unit(name, field, headers, length, layout.path)
        attrs = {"segy_byte": field.byte} | ({"units": units} if units else {})
        ds = ds.assign_coords({name: (*spread_coordinate(grid, numbers), attrs)})
    return ds


def arrange_traces(
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
        _read_named,
        numbers,
        da.from_array(steps, chunks=(1,) * len(grid.axes) + (cut[vertical],)),
        layout,
        dtype,
        variable=variable,
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


def _read_named(
    numbers: NDArray, steps: NDArray, layout: Layout, kind: np.dtype[np.generic], *, variable: str
) -> NDArray:
    """Samples of one chunk; errors of reading name the file and the variable."""
    with naming(layout.path, variable):
        return read_traces(numbers, steps, layout, kind)
