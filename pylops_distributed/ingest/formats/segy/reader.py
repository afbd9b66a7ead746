"""SEG-Y as a labelled, lazy dataset: stacks and gathers, in any trace order, with holes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pylops_distributed.ingest.formats.segy.assembly import arrange_traces, label_traces
from pylops_distributed.ingest.formats.segy.axes import (
    NAME,
    length_unit,
    read_binary,
    sample_axis,
    text_header,
    vertical_attrs,
)
from pylops_distributed.ingest.formats.segy.choices import first_grid, list_choices
from pylops_distributed.ingest.formats.segy.detection import read_layout
from pylops_distributed.ingest.formats.segy.fields import SCALARS, Field, FieldSpec, extension
from pylops_distributed.ingest.formats.segy.keys import DimSpec
from pylops_distributed.ingest.formats.segy.sample_formats import IBM
from pylops_distributed.ingest.formats.segy.su import find_layout, read_su
from pylops_distributed.vectors.types import Options, Settings

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.ingest.formats.segy.byte_order import Endian
    from pylops_distributed.ingest.formats.segy.layout import Headers, Layout

LAYOUT_OPTIONS = ("endian", "revision", "samples")  # those of read_layout
OWN = ("trace_number", "trace_mask")  # names of arrays that come with the samples


def open_segy(
    path: str,
    *,
    preset: str | None = None,
    dims: Mapping[str, DimSpec] | None = None,
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
        SEG-Y file, revision 0 to 2.1, any byte order and sample format. All traces must have one
        length.
    preset : str, optional
        Which header fields are dimensions and coordinates: a key of ``presets.PRESETS``. By default the first of
        ``poststack3d``, ``cdp_gathers3d``, ``cdp_gathers``, ``poststack2d``, ``shot_gathers`` under which the headers
        form a grid.
    dims, coords : mapping of str to int, str or mapping, optional
        Names and header fields of the dimensions and the coordinates, instead of the preset's: the first byte (from
        1), ``"BYTE:TYPE"`` where a field is wider than in the standard (``"201:i4"``), or ``"BYTE:TYPE:SCALAR"``,
        where SCALAR is the byte of its scalar (69, 71 or 215) or 0. Unless that is given, names of positions
        (``cdp_x``, ``source_y``, ...) and elevations have their scalars wherever they lie, numbers (``inline``,
        ``cdp``, ...) have none, and other names have the scalar of the standard's field.
        A dimension may be ``"place"``, the place of traces in the file from 0; ``"counter"``, the number from 1 of
        each trace among those that share the other dimensions; ``{"byte": 37, "bin": 50}``, a field in bins around the
        multiples of a width; or ``{"compute": "offset", "bin": 50}`` or ``"azimuth"`` [degrees from north], from the
        positions of sources and receivers. Values before they are binned are the coordinate ``true_`` and its name.
    chunks : mapping of str to int, optional
        Length of chunks by dimension. By default samples whole and about 16 MB a chunk.
    endian : {'big', 'little', 'pairwise'}, optional
        Byte order; in the last, big endian, the two bytes of each pair are swapped. By default found from the headers.
    variable : str, optional
        Name of the array of samples.
    vertical : {'twt', 'time', 'depth'}, optional
        What the samples run along: two-way time or time [ms], or depth [m, or ft where the headers say feet].
    interval, start : float, optional
        Sample interval and first sample in that unit, instead of those of the headers.
    revision : {0, 1, 2}, optional
        Revision of the standard, instead of that in the binary header.
    samples : int, optional
        Number of samples per trace, instead of that in the headers.
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
    reading = _Reading(
        preset, dims, coords, chunks, variable, vertical, interval, start, check_samples=samples is None
    )
    return _open(layout, reading, _sample_type(layout, dtype))


def open_su(
    path: str,
    *,
    preset: str | None = None,
    dims: Mapping[str, DimSpec] | None = None,
    coords: Mapping[str, FieldSpec] | None = None,
    chunks: Mapping[str, int] | None = None,
    endian: Literal["big", "little"] | None = None,
    variable: str = "amplitude",
    vertical: Literal["twt", "time", "depth"] = "time",
    interval: float | None = None,
    start: float | None = None,
    samples: int | None = None,
) -> xr.Dataset:
    """Open a Seismic Unix file lazily: SEG-Y traces of IEEE floats without text and binary header.

    Parameters
    ----------
    path : str
        Seismic Unix file, of either byte order. All traces must have one length.
    preset, dims, coords, chunks, variable, vertical, interval, start, samples : optional
        As of :func:`open_segy`. The presets of volumes need ``dims``: Seismic Unix has other fields from byte 181 on.
    endian : {'big', 'little'}, optional
        Byte order. By default the one in which traces fill the file, that of the machine first.

    Returns
    -------
    xarray.Dataset
        As of :func:`open_segy`.

    Raises
    ------
    ValueError
        If the file is no Seismic Unix file, or an option does not fit.
    """
    layout = read_su(path, endian, samples)
    reading = _Reading(
        preset, dims, coords, chunks, variable, vertical, interval, start, check_samples=samples is None
    )
    return _open(layout, reading, layout.dtype)


@dataclass(frozen=True)
class _Reading:
    """Options of both readers."""

    preset: str | None
    dims: Mapping[str, DimSpec] | None
    coords: Mapping[str, FieldSpec] | None
    chunks: Mapping[str, int] | None
    variable: str
    vertical: str
    interval: float | None
    start: float | None
    check_samples: bool


def _open(layout: Layout, how: _Reading, dtype: np.dtype[np.generic]) -> xr.Dataset:
    """The labelled dataset of a file of a known structure."""
    _check_options(how.preset, how.dims, how.coords, how.variable, how.vertical)
    times = [name for name in ("interval", "start") if getattr(how, name) is not None]
    choices = list_choices(layout, how.preset, how.dims, how.coords)
    chosen, headers, grid = first_grid(layout, choices, times)
    fields, binary = chosen.fields(layout), read_binary(layout).fields()
    axis = sample_axis(layout, headers, how.interval, how.start, check_samples=how.check_samples)
    length = length_unit(binary["MeasurementSystem"])
    ds = arrange_traces(layout, grid, how.variable, how.vertical, how.chunks, dtype)
    ds = ds.assign_coords({how.vertical: (how.vertical, axis, vertical_attrs(how.vertical, length))})
    ds = label_traces(ds, layout, chosen, headers, grid, length)
    ds.attrs = {
        "segy_text": text_header(layout),
        "segy_binary": {} if layout.su else binary,
        "segy_bytes": {name: field.byte for name, field in fields.items() if name in ds.coords},
        "segy_endian": layout.endian,
        "segy_format": layout.format,
        "segy_traces": layout.traces,
        **_readings(layout, headers, fields),
    }
    return ds


def layout_of(path: str, options: Options, *, su: bool = False) -> Layout:
    """Structure of a SEG-Y or Seismic Unix file that is read with these options."""
    return find_layout(path, su=su, **{name: options[name] for name in LAYOUT_OPTIONS if name in options})


def _check_options(
    preset: str | None,
    dims: Mapping[str, DimSpec] | None,
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
