"""Several sources as the variables of one dataset, if their grids agree."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from pylops_distributed.vectors.types import NDArray, Settings

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.source import Source

# Small arrays that belong to a variable: they are copied with the coordinates.
NUMBERS = "trace_number"
COMPANIONS = ("trace_mask", NUMBERS)


def open_sources(sources: Mapping[str, Source], *, checksum: bool = True) -> xr.Dataset:
    """Open the sources as one dataset.

    Parameters
    ----------
    sources : mapping of str to Source
        Source of each variable; the name ``''`` keeps the names of the source's own variables.
    checksum : bool, optional
        Whether to compute the files' SHA-256.

    Returns
    -------
    xarray.Dataset
        All variables; the attribute ``sources`` lists the attributes of each source.

    Raises
    ------
    ValueError
        If a source does not have the one variable that is needed, or the grids differ.
    """
    merged = xr.Dataset()
    provenance = []
    for name, source in sources.items():
        ds = source.open(checksum=checksum)
        _check_labels(ds, source.path)
        provenance.append(
            jsonable(ds.attrs | {"options": source.options, "variables": [name or [*ds.data_vars]]})
        )
        named = _named(ds, name, source) if name else ds
        _check_grid(merged, named, name)
        merged = merged.merge(named, join="exact", compat="override", combine_attrs="override")
    return merged.assign_attrs(sources=provenance)


def _check_labels(ds: xr.Dataset, path: str) -> None:
    """Raise for coordinates of axes that are not finite, such as where a chunk of a Zarr array is absent."""
    for dim in set(ds.dims) & set(ds.coords):
        values = ds[dim].values
        if values.dtype.kind in "fc" and (bad := int(np.count_nonzero(~np.isfinite(values)))):
            raise ValueError(
                f"{path!r}: {bad} of {values.size} values of the coordinate {dim!r} are NaN or infinite: give it anew "
                "with the option coords=, or repair the file."
            )


def _named(ds: xr.Dataset, name: str, source: Source) -> xr.Dataset:
    """The one variable of a source under the name wanted."""
    variables = [str(key) for key in ds.data_vars if not is_companion(key)]
    if name in variables:
        own = name
    elif len(variables) == 1:
        own = variables[0]
    else:
        raise ValueError(
            f"{source.path!r} holds {variables}: choose the one for {name!r} with the option variables=."
        )
    picked = ds[[own]].rename({own: name} if own != name else {})
    ancillary = str(ds[own].attrs.get("ancillary_variables", "")).split()
    companions = {
        f"{name}_{kind}": ds[key]
        for kind in COMPANIONS
        for key in (kind, *ancillary)
        if key.endswith(kind) and key in ds
    }
    if companions:
        picked[name].attrs["ancillary_variables"] = " ".join(companions)
    return picked.assign(companions)


def _check_grid(merged: xr.Dataset, ds: xr.Dataset, name: str) -> None:
    """Raise for dimensions or coordinates that differ from those before."""
    for dim, size in ds.sizes.items():
        if merged.sizes.get(dim, size) != size:
            raise ValueError(
                f"{name!r} has {size} {dim!r} where the variables before it have {merged.sizes[dim]}."
            )
    for key in set(ds.coords) & set(merged.coords):
        ours, theirs = merged[key], ds[key]
        same = (
            ours.dims == theirs.dims
            and ours.shape == theirs.shape
            and values_agree(ours.values, theirs.values)
        )
        if not same or str(ours.attrs.get("units")) != str(theirs.attrs.get("units")):
            raise ValueError(
                f"the grids differ in the coordinate {key!r}: {name!r} has {show_axis(theirs)}, "
                f"the variables before it {show_axis(ours)}. Resample, or ingest into separate datasets."
            )


def values_agree(a: NDArray, b: NDArray) -> bool:
    """Whether two coordinates are the same but for rounding."""
    if a.shape != b.shape:
        return False
    if "f" in a.dtype.kind + b.dtype.kind and {a.dtype.kind, b.dtype.kind} <= set("iuf"):
        return bool(np.allclose(a, b, rtol=1e-9, atol=0, equal_nan=True))
    return np.array_equal(a, b)


def show_axis(array: xr.DataArray) -> str:
    """First and last value, unit and number of values."""
    flat = array.values.ravel()
    ends = f"{flat[0]} to {flat[-1]}" if flat.size else "nothing"
    return f"{ends} {array.attrs.get('units', '')}".rstrip() + f" ({' x '.join(map(str, array.shape))})"


def jsonable(value: object) -> Any:
    """The same attributes in types that JSON has; NaN and Inf become text."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return jsonable(value.tolist())
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if isinstance(value, bool | int | str) or value is None:
        return value
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def is_companion(name: Hashable) -> bool:
    """Whether an array only describes another."""
    return str(name).endswith(COMPANIONS)


def trace_numbers(ds: xr.Dataset, variable: str) -> str | None:
    """Name of the array with the trace numbers of a variable that is read from SEG-Y, not from a copy of it."""
    source = _segy_source(ds, variable)
    if source is None or "along" in source:
        return None
    names = str(ds[variable].attrs.get("ancillary_variables", "")).split()
    return next((name for name in names if name.endswith(NUMBERS) and name in ds), None)


def numbers_to_read(ds: xr.Dataset, variable: str) -> str | None:
    """Name of the array of trace numbers by which a variable is read, unless its samples are not those of the file."""
    source, numbers = _segy_source(ds, variable), trace_numbers(ds, variable)
    if source is None or numbers is None or "units" in source["options"]:
        return None
    return None if set(source["options"].get("window", ())) - set(ds[numbers].dims) else numbers


def _segy_source(ds: xr.Dataset, variable: str) -> Settings | None:
    """Provenance of a variable that is read from SEG-Y."""
    sources = [one for one in ds.attrs.get("sources", ()) if one["format"] in ("segy", "su")]
    return next((one for one in sources if variable in np.ravel(one["variables"])), None)
