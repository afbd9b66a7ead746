"""Several files as one survey, along a new axis: angle stacks, vintages, receivers."""

from __future__ import annotations

import glob
import logging
import re
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import xarray as xr

from pylops_distributed.ingest.merge import COMPANIONS, show_axis, values_agree

if TYPE_CHECKING:
    from pylops_distributed.vectors.types import NDArray

log = logging.getLogger(__name__)
# Name of the new axis: a coordinate for each file, a pattern whose group is the number in a file's name, or None.
Along: TypeAlias = Mapping[str, Sequence[float] | str | None]
HELP = "expected the name of the new axis and a number for each file, such as {angle: [5, 15, 25]}"
MASK = COMPANIONS[0]


def find_files(path: str, along: Along) -> list[str]:
    """Files of a pattern, by the numbers in their names, else by name.

    Raises
    ------
    FileNotFoundError
        If there are none.
    """
    files = sorted(glob.glob(path))  # noqa: PTH207 - a pattern may be absolute
    if not files:
        raise FileNotFoundError(
            f"no file matches {path!r}: expected a pattern such as 'stacks/*.sgy', or paths:."
        )
    pattern = next(iter(along.values()), None)
    if isinstance(pattern, str):
        files.sort(key=lambda file: _number_in(file, pattern))
    return files


def positions(along: Along, files: Sequence[str]) -> tuple[str, NDArray]:
    """Name and coordinates of the new axis.

    Raises
    ------
    ValueError
        If there is not one number for each file.
    """
    if len(along) != 1:
        raise ValueError(f"along={dict(along)!r}: {HELP}.")
    ((name, asked),) = along.items()
    if asked is None:
        return name, np.arange(len(files))
    values = np.array([_number_in(file, asked) for file in files] if isinstance(asked, str) else asked)
    if values.dtype.kind not in "iuf" or values.shape != (len(files),):
        raise ValueError(f"along={dict(along)!r} does not fit {len(files)} files, {list(files)[:5]}: {HELP}.")
    if len(set(values.tolist())) < len(files):
        raise ValueError(f"along={dict(along)!r} has a number more than once: {HELP}.")
    return name, values


def _number_in(file: str, pattern: str) -> float:
    try:
        match = re.search(pattern, Path(file).name)
        return float(match[1]) if match else float("nan")
    except (re.error, IndexError, ValueError) as error:
        raise ValueError(
            f"{pattern!r} finds no number in {Path(file).name!r} ({error}): expected a regular expression with a "
            r"group, such as 'stack_(\d+)'."
        ) from None


def join_files(
    datasets: Sequence[xr.Dataset], files: Sequence[str], name: str, values: NDArray, chunk: int
) -> xr.Dataset:
    """One dataset of several on one grid.

    Parameters
    ----------
    datasets : sequence of xarray.Dataset
        Lazy datasets, one a file.
    files : sequence of str
        Their files, for messages.
    name : str
        Name of the new axis, the first of all variables.
    values : numpy.ndarray
        Its coordinates, of shape ``(files,)``.
    chunk : int
        Length of chunks along it.

    Raises
    ------
    ValueError
        If the grids or the variables differ.
    """
    datasets = _of_one_name(datasets)
    first = datasets[0]
    for ds, file in zip(datasets[1:], files[1:], strict=True):
        _check_alike(first, ds, name, files[0], file)
    parts = [_with_all_masks(ds, datasets) for ds in datasets]
    stacked, constant = _coordinates(datasets, files)
    joined = xr.Dataset(attrs=first.attrs)
    for key, array in parts[0].data_vars.items():
        joined[key] = _stack([part[key] for part in parts], name)
        if joined[key].chunks is not None:
            joined[key] = joined[key].chunk({name: chunk})
        names = {
            word for part in parts for word in str(part[key].attrs.get("ancillary_variables", "")).split()
        }
        joined[key].attrs = {
            **array.attrs,
            **({"ancillary_variables": " ".join(sorted(names))} if names else {}),
        }
    for key in stacked:
        joined = joined.assign_coords({key: _stack([ds[key] for ds in datasets], name)})
    return joined.assign_coords({**{key: first[key].variable for key in constant}, name: (name, values)})


def _stack(arrays: Sequence[xr.DataArray], name: str) -> xr.Variable:
    """Arrays of one shape along a new first axis."""
    bare = [array.drop_vars(list(map(str, array.coords))) for array in arrays]
    return xr.concat(bare, name, combine_attrs="override").variable


def _of_one_name(datasets: Sequence[xr.Dataset]) -> list[xr.Dataset]:
    """The variable of each, if it is the only one, by the name of the first: NPY files have only their own."""
    names = [[str(key) for key in ds.data_vars if not str(key).endswith(COMPANIONS)] for ds in datasets]
    if any(len(one) != 1 for one in names):
        return list(datasets)
    wanted = names[0][0]
    return [
        ds if own == wanted else ds.rename({own: wanted}) for ds, (own,) in zip(datasets, names, strict=True)
    ]


def _check_alike(first: xr.Dataset, ds: xr.Dataset, name: str, before: str, file: str) -> None:
    """Raise for another grid or other variables."""
    if name in first.dims:
        raise ValueError(f"along={name!r}: {before!r} has an axis of that name already: choose another.")
    if dict(first.sizes) != dict(ds.sizes):
        raise ValueError(
            f"the grids differ: {file!r} has {dict(ds.sizes)}, {before!r} has {dict(first.sizes)}. Take the part that "
            "they share with the option window=."
        )
    for dim in first.dims:
        if (dim in first.coords) != (dim in ds.coords) or (
            dim in ds.coords and not _same(first[dim], ds[dim])
        ):
            raise ValueError(
                f"the grids differ in {dim!r}: {file!r} has {show_axis(ds[dim])}, {before!r} has "
                f"{show_axis(first[dim])}. Take the part that they share with the option window=, or resample."
            )
    ours, theirs = ({str(key) for key in one.data_vars if not str(key).endswith(MASK)} for one in (first, ds))
    if ours != theirs:
        raise ValueError(
            f"{file!r} holds {sorted(theirs)}, {before!r} {sorted(ours)}: choose with variables=."
        )


def _same(ours: xr.DataArray, theirs: xr.DataArray) -> bool:
    return values_agree(ours.values, theirs.values) and str(ours.attrs.get("units")) == str(
        theirs.attrs.get("units")
    )


def _with_all_masks(ds: xr.Dataset, datasets: Sequence[xr.Dataset]) -> xr.Dataset:
    """The dataset with the masks that any of them has: a file without holes has no mask."""
    for other in datasets:
        for key in other.data_vars:
            if str(key).endswith(MASK) and key not in ds:
                ds = ds.assign({key: xr.ones_like(other[key])})
    return ds


def _coordinates(
    datasets: Sequence[xr.Dataset], files: Sequence[str]
) -> tuple[list[Hashable], list[Hashable]]:
    """Names of the coordinates that differ from file to file, and of those that do not."""
    first, stacked, constant = datasets[0], [], []
    for key in {key: None for ds in datasets for key in ds.coords}:
        without = [file for ds, file in zip(datasets, files, strict=True) if key not in ds.coords]
        if without:
            log.warning(
                "the coordinate %r is left out, which %s of %s files lack", key, len(without), len(files)
            )
        elif all(_same(first[key], ds[key]) for ds in datasets[1:]):
            constant.append(key)
        else:
            stacked.append(key)
    return stacked, constant
