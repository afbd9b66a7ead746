"""Options that all formats share, SEG-Y too: units and windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pylops_distributed.ingest.formats.dimensions import rename_all as rename_all
from pylops_distributed.units.parsing import factor, parse_quantity

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.vectors.types import NDArray, Options, Settings

# A unit to convert to (or to state, where a file has none), or {from: the unit of the file, to: the unit wanted}.
Units: TypeAlias = Mapping[str, str | Mapping[str, str]]
# First and last coordinate by dimension: numbers, or text with a unit; None for the end of the axis.
Window: TypeAlias = Mapping[str, Sequence[float | str | None]]


def with_old_names(options: Options, rename: Mapping[str, str] | None) -> Settings:
    """Options of a reader that names axes, with its own names in place of new ones."""
    old = {new: name for name, new in rename.items()} if isinstance(rename, Mapping) else {}
    chunks = options.get("chunks")
    if not isinstance(chunks, Mapping):
        return {**options}
    return {**options, "chunks": {old.get(name, name): size for name, size in chunks.items()}}


def convert(ds: xr.Dataset, units: Units | None, path: str) -> xr.Dataset:
    """The dataset with variables and coordinates in other units.

    Parameters
    ----------
    ds : xarray.Dataset
        Dataset.
    units : mapping, optional
        By name of a variable or coordinate, the unit to convert it to; where it has none, it is stated. A mapping of
        ``from`` and ``to`` corrects a wrong unit.
    path : str
        The file, for messages.

    Raises
    ------
    ValueError
        If there is no such variable, a unit is not known, or the two are of different kinds.
    """
    if units is None:
        return ds
    if not isinstance(units, Mapping):
        raise ValueError(f"units={units!r}: expected units by name, such as {{vp: m/s}}.")
    for name, wanted in units.items():
        if name not in ds.variables:
            raise ValueError(
                f"{path!r}: units= has {name!r}, but there are {sorted(map(str, ds.variables))}."
            )
        present, target = _units_of(ds[name], wanted)
        scale = _factor(name, present, target, path)
        array = ds[name] if scale == 1 else _scaled(ds[name], scale)
        ds = ds.assign_coords({name: array}) if name in ds.coords else ds.assign({name: array})
        ds[name].attrs = {**ds[name].attrs, "units": target}
    return ds


def _units_of(array: xr.DataArray, wanted: str | Mapping[str, str]) -> tuple[str, str]:
    """Present and wanted unit."""
    own = str(array.attrs.get("units") or "").strip()
    if isinstance(wanted, str | int):  # YAML reads 1 as a number
        return own or str(wanted), str(wanted)
    if not isinstance(wanted, Mapping) or not wanted or not set(wanted) <= {"from", "to"}:
        raise ValueError(f"units of {array.name!r} are {wanted!r}: expected a unit, or {{from: ft, to: m}}.")
    present = wanted.get("from", own)
    return present, wanted.get("to", present)


def _factor(name: str, present: str, target: str, path: str) -> float:
    try:
        scale = factor(present, target)
    except ValueError as error:
        raise ValueError(
            f"{path!r}: {name!r}: {error}. If the file's unit is wrong, correct it: "
            f"-o 'units.{name}={{from: {target}, to: {target}}}'"
        ) from None
    if scale is None:
        raise ValueError(
            f"{path!r}: {name!r} is in {present!r}, which cannot be converted to {target!r}: one of them is not known "
            f"here. State a unit that is, such as m/s, g/cm3 or ms: -o 'units.{name}={{from: UNIT, to: UNIT}}'"
        )
    return scale


def _scaled(array: xr.DataArray, scale: float) -> xr.DataArray:
    """Values times a factor, of the same precision; integers become floats of 64 bits."""
    dtype = array.dtype if array.dtype.kind in "fc" else np.dtype(np.float64)
    return array.copy(data=(array.data.astype(dtype) * dtype.type(scale)))


def cut_window(ds: xr.Dataset, window: Window | None, path: str) -> xr.Dataset:
    """The part of the dataset within a window.

    Parameters
    ----------
    ds : xarray.Dataset
        Dataset.
    window : mapping, optional
        First and last coordinate by dimension, both included: numbers in the unit of the coordinate, or text with a
        unit as ``"0.5 s"``; None for the end of the axis.
    path : str
        The file, for messages.

    Raises
    ------
    ValueError
        If a dimension has no coordinates, or nothing lies within the window.
    """
    if window is None:
        return ds
    if not isinstance(window, Mapping):
        raise ValueError(
            f"window={window!r}: expected first and last by dimension, such as {{twt: [500, 1500]}}."
        )
    cut = {str(name): size[0] for array in ds.data_vars.values() for name, size in array.chunksizes.items()}
    places = {}
    for name, ends in window.items():
        if name not in ds.dims or name not in ds.coords:
            with_coords = sorted(str(dim) for dim in ds.dims if dim in ds.coords)
            raise ValueError(
                f"{path!r}: window= has {name!r}, expected dimensions with coordinates: {with_coords}. Give others "
                "some with coords= or interval=."
            )
        places[name] = _within(ds[name], ends, path)
    part = ds.isel(places)
    for key, array in part.data_vars.items():
        if array.chunks is not None:  # regular ones, as before
            part[key] = array.chunk({dim: min(cut[str(dim)], size) for dim, size in array.sizes.items()})
    return part


def _within(axis: xr.DataArray, ends: Sequence[float | str | None], path: str) -> slice | NDArray:
    """Where the coordinates lie within two ends."""
    if isinstance(ends, str) or not isinstance(ends, Sequence) or len(ends) != 2:
        raise ValueError(
            f"{path!r}: the window of {axis.name!r} is {ends!r}: expected first and last, [500, 1500]."
        )
    values = axis.values
    low, high = (_number(axis, end, path) for end in ends)
    # Ends that are computed, such as 0.1 + 0.2, include the sample that they mean.
    slack = 1e-6 * float(np.abs(np.diff(values)).min()) if values.size > 1 else 0.0
    inside = np.ones(values.shape, bool)
    inside &= True if low is None else values >= low - slack
    inside &= True if high is None else values <= high + slack
    where = np.flatnonzero(inside)
    if not where.size:
        raise ValueError(
            f"{path!r}: nothing of {axis.name!r}, {values.min():g} to {values.max():g} "
            f"{axis.attrs.get('units', '')}".rstrip()
            + f", lies within the window {list(ends)}."
        )
    contiguous = where[-1] - where[0] + 1 == where.size
    return slice(int(where[0]), int(where[-1]) + 1) if contiguous else where


def _number(axis: xr.DataArray, end: float | str | None, path: str) -> float | None:
    if end is None:
        return None
    number, unit = parse_quantity(end)
    if number is None:
        raise ValueError(
            f"{path!r}: the window of {axis.name!r} has {end!r}: expected a number, or one as '0.5 s'."
        )
    own = str(axis.attrs.get("units") or "").strip()
    return number if not unit else number * _factor(str(axis.name), unit, own or unit, path)
