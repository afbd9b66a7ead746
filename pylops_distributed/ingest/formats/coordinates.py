"""Coordinates for arrays whose files have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pylops_distributed.units.parsing import parse_quantity
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.storage.group_metadata import Json

# A step as a number or with its unit ("4 ms"), for the one axis that time or depth runs along, or by dimension.
Interval: TypeAlias = float | str | Mapping[str, float | str]
# By dimension: values, the name of an array of the file, or a mapping of start, step, values and units.
Coords: TypeAlias = Mapping[str, Any]

VERTICAL = ("twt", "t", "time", "depth", "z", "lag")
UNITS = {"twt": "ms"}  # of steps that do not say theirs
KEYS = {"start", "step", "values", "units"}
HELP = (
    "expected a list of values, the name of an array of the file, or a mapping of start, step and units "
    "(or values and units), such as {start: 0, step: 4, units: ms}"
)


def arrays_named(coords: Coords | None) -> set[str]:
    """Names of the file's arrays that are used as coordinates."""
    return {value for value in (coords or {}).values() if isinstance(value, str)}


def add_coords(
    ds: xr.Dataset,
    coords: Coords | None,
    interval: Interval | None,
    arrays: Mapping[str, object],
    path: str,
) -> xr.Dataset:
    """The dataset with coordinates as the options say, which take the place of those that it has.

    Parameters
    ----------
    ds : xarray.Dataset
        Dataset.
    coords : mapping, optional
        By dimension: values, the name of one of ``arrays``, or a mapping of ``start``, ``step``, ``values`` and
        ``units``.
    interval : float, str, or mapping, optional
        Step of the axis of time or depth, from 0 on, or steps by dimension. A text has a unit: ``"4 ms"``.
    arrays : mapping of str to array
        The arrays of the file.
    path : str
        The file, for messages.

    Raises
    ------
    ValueError
        If an option does not fit the dataset.
    """
    wanted = {**_steps(ds, interval, path)}
    if both := set(wanted) & set(coords or {}):
        raise ValueError(f"{path!r}: {sorted(both)} are given by coords= and by interval=: give one of them.")
    wanted |= dict(coords or {})
    for name, asked in wanted.items():
        if name not in ds.dims:
            raise ValueError(
                f"{path!r}: there is no dimension {name!r} to give coordinates to, only {list(map(str, ds.dims))}: "
                "name the axes with dims=."
            )
        values, attrs = _values(name, asked, ds.sizes[name], arrays, path)
        ds = ds.drop_vars(name, errors="ignore").assign_coords({name: (name, values, attrs)})
    return ds


def _steps(ds: xr.Dataset, interval: Interval | None, path: str) -> Json:
    """Coordinates from 0 on, by dimension."""
    if interval is None:
        return {}
    if not isinstance(interval, Mapping):
        along = [name for name in VERTICAL if name in ds.dims]
        if len(along) != 1:
            raise ValueError(
                f"{path!r}: interval={interval!r} is for one axis of time or depth ({', '.join(VERTICAL)}), and the "
                f"dimensions are {list(map(str, ds.dims))}: name the axes with dims=, or give "
                f"interval={{NAME: {interval!r}}}."
            )
        interval = {along[0]: interval}
    steps = {}
    for name, step in interval.items():
        number, written = parse_quantity(step)
        if number is None or not 0 < number < np.inf:
            raise ValueError(
                f"{path!r}: interval={step!r} along {name!r}: expected a number above zero, or one with a unit as "
                "in '4 ms'."
            )
        units = written or UNITS.get(name)
        steps[name] = {"step": number} | ({"units": units} if units else {})
    return steps


def _values(
    name: str, asked: Any, size: int, arrays: Mapping[str, Any], path: str
) -> tuple[NDArray, dict[str, str]]:
    """Values and attributes of one coordinate."""
    attrs: dict[str, str] = {}
    if isinstance(asked, Mapping):
        if (
            not set(asked) <= KEYS
            or ("values" in asked) == ("step" in asked)
            or {"values", "start"} <= set(asked)
        ):
            raise ValueError(f"{path!r}: coords of {name!r} are {dict(asked)!r}: {HELP}.")
        attrs = {"units": str(asked["units"])} if asked.get("units") else {}
        if "step" in asked:
            start, step = _number(name, asked.get("start", 0), path), _number(name, asked["step"], path)
            if step == 0:
                raise ValueError(f"{path!r}: coords of {name!r} have the step 0.")
            return start + step * np.arange(size), attrs
        asked = asked["values"]
    if isinstance(asked, str):
        if asked not in arrays:
            raise ValueError(f"{path!r} has no array {asked!r} for {name!r}: it holds {sorted(arrays)}.")
        attrs = {**getattr(arrays[asked], "attrs", {}), **attrs}
        asked = arrays[asked][...]
    try:
        values = np.asarray(asked)
        good = values.dtype.kind in "iuf" and bool(np.isfinite(values).all())
    except (TypeError, ValueError):
        good = False
    if not good:
        raise ValueError(f"{path!r}: coords of {name!r} are no finite real numbers: {HELP}.")
    if values.size != size or max(values.shape, default=1) != size:
        raise ValueError(
            f"{path!r}: coords of {name!r} have shape {values.shape}, the axis has {size} samples."
        )
    return values.reshape(size), attrs


def _number(name: str, value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f"{path!r}: coords of {name!r} have {value!r}, expected a finite number.")
    return float(value)
