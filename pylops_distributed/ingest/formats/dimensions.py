"""Other names for axes, variables and coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Hashable

# Names in the order of the axes; or by new name, the number of an axis or its present name.
Dims: TypeAlias = Sequence[str] | Mapping[str, int | str]


def rename_all(ds: xr.Dataset, rename: Mapping[str, str] | None, path: str) -> xr.Dataset:
    """The dataset with other names of variables, dimensions and coordinates.

    Raises
    ------
    ValueError
        If there is no such name, or two things would have the same.
    """
    if rename is None:
        return ds
    if not isinstance(rename, Mapping) or not all(
        isinstance(one, str) for pair in rename.items() for one in pair
    ):
        raise ValueError(f"rename={rename!r}: expected new names by present ones, such as {{time: twt}}.")
    present = {*map(str, ds.variables), *map(str, ds.dims)}
    if unknown := sorted(set(rename) - present):
        raise ValueError(f"{path!r}: rename= has {unknown}, but there are {sorted(present)}.")
    return _renamed(ds, rename, f"{path!r}: rename={dict(rename)}")


def name_dims(ds: xr.Dataset, dims: Dims | None, path: str) -> xr.Dataset:
    """The dataset with other names for the axes of all variables with as many axes.

    Raises
    ------
    ValueError
        If no variable has as many axes, or the names do not fit.
    """
    if dims is None:
        return ds
    wanted = _in_order(dims) if isinstance(dims, Mapping) else dims
    if wanted is None:
        return _by_present_name(ds, dims, path)
    if (
        isinstance(wanted, str)
        or not all(isinstance(d, str) for d in wanted)
        or len(set(wanted)) < len(wanted)
    ):
        raise ValueError(
            f"dims={dims!r}: expected a list of names, another for each axis, such as [twt, x], or the numbers of the "
            "axes, {twt: 0, x: 1}."
        )
    return _by_position(ds, tuple(wanted), path)


def _in_order(dims: Mapping[str, int | str]) -> Sequence[str] | None:
    """Names by the numbers of their axes, from 0 on; None for a mapping of present names."""
    if all(isinstance(one, str) for one in dims.values()):
        return None
    if set(dims.values()) != set(range(len(dims))):
        return "bad"
    return sorted(dims, key=lambda name: int(dims[name]))


def _by_present_name(ds: xr.Dataset, dims: Dims, path: str) -> xr.Dataset:
    pairs = {str(old): new for new, old in dims.items()} if isinstance(dims, Mapping) else {}
    if unknown := sorted(set(pairs) - set(map(str, ds.dims))):
        raise ValueError(
            f"{path!r}: dims= has the present names {unknown}, but the axes are {sorted(map(str, ds.dims))}: expected "
            "those, the numbers of the axes, or a list of names."
        )
    return _renamed(ds, pairs, f"{path!r}: dims={dims}")


def _by_position(ds: xr.Dataset, dims: tuple[str, ...], path: str) -> xr.Dataset:
    alike = {name: array.dims for name, array in ds.data_vars.items() if array.ndim == len(dims)}
    unnamed = sorted((d for d in map(str, ds.dims) if is_unnamed(d)), key=lambda d: int(d.rpartition("_")[2]))
    pairs = {(str(old), new) for present in alike.values() for old, new in zip(present, dims, strict=True)}
    if not alike and len(unnamed) == len(dims):  # of several variables together
        pairs = set(zip(unnamed, dims, strict=True))
    if len(pairs) == len(dims) == len({old for old, _ in pairs}):
        return _renamed(ds, dict(pairs), f"{path!r}: dims={list(dims)}")
    if alike and all(is_unnamed(old) for old, _ in pairs):
        return _one_by_one(ds, alike, dims, path)
    have = {str(name): tuple(map(str, array.dims)) for name, array in ds.data_vars.items()}
    raise ValueError(
        f"{path!r}: dims={list(dims)} are no names for the axes of {have}: give one for each axis of the variables "
        "that are chosen with variables=."
    )


def is_unnamed(dim: str) -> bool:
    """Whether the name of an axis was made up, as its file has none."""
    return dim.rpartition("_")[2].isdigit() and dim.rpartition("_")[0].endswith("dim")


def _one_by_one(
    ds: xr.Dataset, alike: Mapping[Hashable, tuple[Hashable, ...]], dims: tuple[str, ...], path: str
) -> xr.Dataset:
    """Variables whose axes have no names, each with new ones."""
    sizes = {name: dict(zip(dims, ds[name].shape, strict=True)) for name in alike}
    if len({tuple(one.values()) for one in sizes.values()}) > 1:
        raise ValueError(
            f"{path!r}: dims={list(dims)} are axes of different lengths: {sizes}. Choose variables on one grid with "
            "variables=, and ingest the others as another dataset."
        )
    variables = {name: array.variable for name, array in ds.data_vars.items()}
    for name in alike:
        old = variables[name]
        variables[name] = xr.Variable(dims, old._data, old.attrs, old.encoding)
    return xr.Dataset(variables, attrs=ds.attrs)


def _renamed(ds: xr.Dataset, pairs: Mapping[str, str], where: str) -> xr.Dataset:
    changed = {old: new for old, new in pairs.items() if old != new}
    try:
        return ds.rename(changed) if changed else ds
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
