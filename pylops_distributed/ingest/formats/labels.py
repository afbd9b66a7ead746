"""The options that all files of arrays share: one function applies them to the contents of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pylops_distributed.ingest.formats.chunking import chunk_dataset
from pylops_distributed.ingest.formats.coordinates import add_coords, arrays_named
from pylops_distributed.ingest.formats.dimensions import Dims, name_dims, rename_all

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.ingest.formats.contents import FileContents
    from pylops_distributed.ingest.formats.coordinates import Coords, Interval

# Types of numbers that Zarr has.
NUMBERS = tuple(np.dtype(code) for code in ("?", *"bhilqBHILQ", "f2", "f4", "f8", "c8", "c16"))
# Names of arrays are those of folders: none that lead elsewhere, or that a URL would read in its own way.
NAME = re.compile(r"(?!\.|__)[^/\\%#?\x00-\x1f\x7f]+")
MASK = "trace_mask"
_KINDS = {"U": "text", "S": "text", "T": "text", "M": "dates", "m": "durations"}


def label(
    contents: FileContents,
    path: str,
    *,
    variables: Sequence[str] | None = None,
    dims: Dims | None = None,
    coords: Coords | None = None,
    interval: Interval | None = None,
    rename: Mapping[str, str] | None = None,
    chunks: Mapping[str, int] | None = None,
) -> xr.Dataset:
    """Lazy, labelled variables from the contents of a file.

    Parameters
    ----------
    contents : FileContents
        Arrays of the file.
    path : str
        The file, for messages.
    variables : sequence of str, optional
        Arrays to take, by their names in the file. By default all that are numbers, but the ones that ``coords`` names.
    dims : sequence of str, or mapping of str to int or str, optional
        Names of the axes of the variables with as many axes; or by new name, the number of the axis or its present
        name.
    coords : mapping, optional
        Coordinates by dimension, instead of the file's: a list of values, the name of an array of the file, or a
        mapping of ``start``, ``step`` and ``units`` (or ``values`` and ``units``).
    interval : float, str, or mapping, optional
        Step of the axis of time or depth, from 0 on: a number (along ``twt`` in ms), or one with a unit as ``"4 ms"``;
        or such steps by dimension.
    rename : mapping of str to str, optional
        Other names of variables, dimensions and coordinates, by their names in the file.
    chunks : mapping of str to int, optional
        Length of chunks by dimension. By default near 16 MB, along the chunks of the file.

    Returns
    -------
    xarray.Dataset
        The attribute ``left_out`` lists variables that cannot be ingested, each with the reason.

    Raises
    ------
    ValueError
        If an option does not fit, a variable that was asked for cannot be ingested, or there is none.
    """
    names, left_out = _choose(contents, variables, coords, path)
    ds = _with_mask(contents.ds, names)
    if len(names) == 1:  # the name of the array need not tell axes apart
        ds = ds.rename({dim: str(dim).removeprefix(f"{names[0]}_") for dim in _bare(ds, names[0])})
    ds = rename_all(ds, rename, path)
    ds = name_dims(ds, dims, path)
    arrays = {str(name): array for name, array in contents.ds.variables.items()}
    ds = add_coords(ds, coords, interval, arrays, path)
    ds = chunk_dataset(ds, chunks, contents.chunks, path)
    return ds.assign_attrs(left_out=left_out) if left_out else ds


def _bare(ds: xr.Dataset, name: str) -> list[str]:
    return [dim for dim in map(str, ds[name].dims) if re.fullmatch(re.escape(name) + r"_dim_\d+", dim)]


def _choose(
    contents: FileContents, variables: Sequence[str] | None, coords: Coords | None, path: str
) -> tuple[list[str], dict[str, str]]:
    """Names of the variables to take, and those that are left out, with reasons."""
    names: list[str] = [str(name) for name in contents.ds.data_vars]
    if isinstance(variables, str):
        raise ValueError(f"variables={variables!r}: expected a list of names, such as [{variables}].")
    if missing := set(variables or ()) - {*names, *contents.left_out}:
        raise ValueError(
            f"{path!r} has no {sorted(missing)}: it holds {sorted(names)}{_elsewhere(contents)}."
        )
    reasons = dict(contents.left_out)
    for name in names if variables is None else [one for one in variables if one in names]:
        if reason := _reason(contents.ds[name], name):
            reasons[name] = reason
    if wanted := {name: reasons[name] for name in variables or () if name in reasons}:
        raise ValueError(
            f"{path!r}: {_listed(wanted)}: only numbers can be ingested, of up to 64 bits (complex: 2 x 64). Convert "
            f"them at the source, or choose others with variables=, of {sorted(set(names) - set(reasons))}."
        )
    if variables is not None:
        return list(variables), {}
    chosen = [name for name in names if name not in reasons and name not in arrays_named(coords)]
    if not chosen:
        raise ValueError(f"{path!r} holds no numerical array{_elsewhere(contents, reasons)}.")
    return chosen, {name: reasons[name] for name in sorted(reasons)}


def _listed(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"{name!r} is {reason}" for name, reason in sorted(reasons.items())[:20])


def _elsewhere(contents: FileContents, reasons: Mapping[str, str] | None = None) -> str:
    """Other things that the file holds, and the option that reads them."""
    said = f" here; {_listed(reasons)}" if reasons else ""
    if coordinates := sorted(map(str, contents.ds.coords)):
        said += f"; the coordinates {coordinates}" if reasons is not None else ""
    if contents.groups:
        said += f"; choose a group with group=, of {sorted(contents.groups)[:20]} (-o group={min(contents.groups)})"
    return said


def _reason(array: xr.DataArray, name: str) -> str:
    """Why a variable cannot be ingested; empty if it can."""
    if not NAME.fullmatch(name):
        return "no name of an array: expected one without / \\ % # ? that begins with neither a dot nor __"
    if len(set(array.dims)) < array.ndim:
        return f"on the axes {array.dims}, expected another name for each"
    if array.dtype.newbyteorder("=") not in NUMBERS:
        if array.dtype.names:
            return "of a structured type"
        text = array.dtype.kind == "O" and array.encoding.get("dtype") is str
        return "text" if text else _KINDS.get(array.dtype.kind, f"of type {array.dtype}")
    if not array.ndim:
        try:
            np.asarray(array.values)
        except TypeError as error:  # of HDF5 datasets that hold nothing
            return f"empty: {error}"
    return ""


def _with_mask(whole: xr.Dataset, names: Sequence[str]) -> xr.Dataset:
    """The variables chosen, with the mask of the traces that the file has for them."""
    ds = whole[list(names)]
    if MASK not in whole.variables:
        return ds
    mask = whole[MASK]
    for name in names:
        if name != MASK and set(mask.dims) < set(ds[name].dims):
            ancillary = str(ds[name].attrs.get("ancillary_variables", "")).split()
            if not any(other.endswith(MASK) for other in ancillary):
                ds[name].attrs["ancillary_variables"] = " ".join([*ancillary, MASK])
            ds = ds.assign({MASK: mask.variable})
    return ds
