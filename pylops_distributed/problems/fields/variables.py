"""Variables of a dataset as arrays in good chunks, their labels, and errors of results."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed import tuning
from pylops_distributed.problems.base import relative_norm
from pylops_distributed.registry import lazy_module
from pylops_distributed.storage.labels import Labels
from pylops_distributed.units.parsing import factor

if TYPE_CHECKING:
    import dask.array as da
    import xarray as xr

    from pylops_distributed.storage.group_metadata import Json
    from pylops_distributed.vectors.types import NDArray
else:
    da, xr = lazy_module("dask.array"), lazy_module("xarray")

log = logging.getLogger(__name__)


def variable(
    ds: xr.Dataset, name: str, ndim: Sequence[int] = (), dims: Sequence[Hashable] = ()
) -> xr.DataArray:
    """A variable, its dimensions ``dims`` first.

    Parameters
    ----------
    ds : xarray.Dataset
        Dataset.
    name : str
        Name of the variable.
    ndim : sequence of int, optional
        Numbers of dimensions it may have; any if empty.
    dims : sequence of str, optional
        Dimensions it must have.

    Raises
    ------
    ValueError
        If it is not there, or not like that.
    """
    if name not in ds:
        raise ValueError(
            f"the dataset has no variable {name!r}; it has {sorted(map(str, ds.data_vars))}: name one of them in the "
            "settings of the problem, or give the source the option rename"
        )
    array = ds[name]
    if ndim and array.ndim not in ndim:
        raise ValueError(f"{name!r} has {array.ndim} dimensions, expected {' or '.join(map(str, ndim))}")
    if missing := set(dims) - set(array.dims):
        raise ValueError(
            f"{name!r} has dimensions {array.dims}, without {sorted(map(str, missing))}: give the source the option "
            f"rename, such as {{{array.dims[-1]}: {min(map(str, missing))}}}"
        )
    if array.dtype.kind not in "iufcb":
        raise ValueError(f"{name!r} is of type {array.dtype}, expected numbers")
    return array.transpose(*dims, ...)


def chunked(array: xr.DataArray, dtype: DTypeLike, whole: Sequence[Hashable] = ()) -> da.Array:
    """The values of a variable, the dimensions ``whole`` in one chunk, the others cut so that workers share."""
    values = da.asarray(array.data).astype(dtype)
    limit = min(tuning.nbytes("problems.chunk"), max(1, values.nbytes // 4))
    cut = tuple(-1 if dim in whole else "auto" for dim in array.dims)
    if "auto" not in cut:
        return values.rechunk(-1)
    chunks = da.core.normalize_chunks(cut, values.shape, limit, values.dtype)
    even = tuple(-(-n // len(sizes)) for n, sizes in zip(values.shape, chunks, strict=True))
    return values.rechunk(even)


def shaped(array: xr.DataArray, shape: Sequence[int]) -> da.Array:
    """The values of a variable in a shape that has the same samples in the same order.

    Raises
    ------
    ValueError
        If the shapes differ in more than neighbouring axes that are one axis in the other.
    """
    present, wanted = (set(np.cumprod(lengths or (1,)).tolist()) for lengths in (array.shape, tuple(shape)))
    if not (present | {1} <= wanted | {1} or present | {1} >= wanted | {1}) or max(present) != max(wanted):
        raise ValueError(
            f"{array.name!r} has shape {array.shape} on {array.dims}, the operator has {tuple(shape)}: transpose "
            "the variable or name another, so that its axes are the operator's"
        )
    return da.asarray(array.data).reshape(tuple(shape))


def labels_of(array: xr.DataArray) -> Labels:
    """Names and coordinates of a variable's axes."""
    dims = tuple(map(str, array.dims))
    return Labels(dims, {d: array.coords[d].variable for d in dims if d in array.coords})


def in_unit(axis: xr.DataArray, unit: str) -> NDArray:
    """The values of an axis, or of a variable, in a unit; as they are where it does not tell its own.

    Raises
    ------
    ValueError
        If its unit is of another kind, or it has none and its values are of no size for that unit: sample numbers, say.
    """
    if axis.dtype.kind == "M":
        raise ValueError(
            f"{axis.name!r} holds dates, expected numbers in {unit!r}: subtract the first at the source"
        )
    if axis.dtype.kind == "m":  # as xarray reads times in words
        axis = (axis / np.timedelta64(1, "s")).assign_attrs(units="s")
    written = str(axis.attrs.get("units") or "").strip()
    if not written:
        _check_bare(axis, unit)
        return np.asarray(axis.values)
    try:
        scale = factor(written, unit)
    except ValueError:
        raise ValueError(
            f"{axis.name!r} is in {written!r}, expected {unit!r}: ingest again with the right unit, "
            f"-o 'units.{axis.name}={{from: {unit}, to: {unit}}}', or name another axis with rename="
        ) from None
    if scale is None:
        _check_bare(axis, unit, written)
        log.warning(
            "%r is in %r, which is taken for %r: its unit is not known here", axis.name, written, unit
        )
    if scale is None or scale == 1:
        return np.asarray(axis.values)
    return np.asarray(axis.values.astype(float) * scale)


def _check_bare(axis: xr.DataArray, unit: str, written: str = "") -> None:
    """Raise for values without a unit, or in an unknown one, that cannot be in the one that is expected."""
    values = axis.values
    if values.ndim != 1 or values.size < 2 or values.dtype.kind not in "iuf":
        return
    step, said, likely = float(np.abs(np.diff(values)).min()), "", unit
    if np.array_equal(values, np.arange(values.size)):
        said = "0, 1, 2, ..., which are sample numbers"
    elif unit == "ms" and 0 < step < 0.1:
        said, likely = f"in steps of {step:g}, which look like seconds", "s"
    elif unit == "s" and step >= 0.1:
        said, likely = f"in steps of {step:g}, which look like milliseconds", "ms"
    elif unit == "deg" and step > 0 and np.abs(values).max() <= np.pi / 2:
        said, likely = f"up to {np.abs(values).max():g}, which look like radians", "rad"
    if said:
        has = f"has the unit {written!r}, which is not known here" if written else "has no unit"
        raise ValueError(
            f"{axis.name!r} {has}, and is {said}; expected {unit}: {_cure(str(axis.name), unit)}, or "
            f"state the unit, -o units.{axis.name}={likely}, and ingest again"
        )


def _cure(name: str, unit: str) -> str:
    """How to give coordinates to files that have none."""
    return (
        f"give the source the option coords, such as {{{name}: {{start: 0, step: 4, units: {unit}}}}}, or interval, "
        f"such as {{{name}: 4 {unit}}}"
    )


def step(ds: xr.Dataset, dim: str, unit: str = "") -> float:
    """Distance of neighbours along a coordinate, in its own unit or another.

    Raises
    ------
    ValueError
        If there is no such coordinate, it does not rise in equal steps, or it is not in units of that kind.
    """
    if dim not in ds.coords:
        raise ValueError(
            f"the dataset has no coordinate {dim!r}, only {sorted(map(str, ds.coords))}: if one of them is that, give "
            f"the source the option rename, such as {{time: {dim}}}; else {_cure(dim, unit or 'UNIT')}"
        )
    steps = np.diff(in_unit(ds[dim], unit) if unit else ds[dim].values)
    if not len(steps) or not np.allclose(steps, steps[0], rtol=1e-4, atol=0) or steps[0] <= 0:
        raise ValueError(f"{dim!r} must rise in equal steps")
    return float(steps[0])


def check_spacing(ds: xr.Dataset, dim: str, distance: float, setting: str) -> None:
    """Raise for a distance [m] that is not that of a coordinate with a unit.

    Raises
    ------
    ValueError
        If the two differ, or the coordinate is in a unit of another kind.
    """
    if dim not in ds.coords or not ds[dim].attrs.get("units") or ds.sizes[dim] < 2:
        return
    steps = np.abs(np.diff(in_unit(ds[dim], "m").astype(float)))
    if not np.allclose(steps, distance, rtol=1e-3, atol=0):
        raise ValueError(
            f"{setting} is {distance:g} m, but {dim!r} is in steps of {steps.min():g} to {steps.max():g} m: correct "
            "one of them"
        )


def like(array: xr.DataArray, values: object, long_name: str, **attrs: object) -> xr.DataArray:
    """``values`` with the axes of a variable."""
    return xr.DataArray(values, dims=array.dims, coords=array.coords, attrs={"long_name": long_name, **attrs})


def fit_of(observed: xr.DataArray, predicted: object) -> dict[str, xr.DataArray]:
    """Observed, predicted and residual data, labelled."""
    shown = observed.copy(data=observed.data).assign_attrs(long_name="observed data")
    return {
        "observed": shown,
        "predicted": like(observed, predicted, "predicted data"),
        "residual": like(observed, observed.data - predicted, "residual data"),
    }


def errors(ds: xr.Dataset, result: xr.Dataset, truth: str | None, **variables: str) -> Json:
    """Relative L2 error of each variable of a result against the truth, sample by sample.

    None where there is no truth, or, with a warning, where it is at other points: a run that is done is not to fail.
    """
    if truth is None:
        return {}
    true, figures = variable(ds, truth), {}
    for name, shown in variables.items():
        apart, scale = _apart(result[shown], true), 1.0
        if not apart:
            apart, scale = _scale(result[shown], true)
        if apart:
            log.warning("no %r: %r of the result and its truth %r %s", name, shown, truth, apart)
        else:
            # Labels that differ in their last bits would be dropped by a difference of labelled arrays.
            values = result[shown].copy(data=_placed(true, result[shown]) * scale)
            figures[name] = relative_norm(result[shown] - values, values)
    return figures


def _scale(model: xr.DataArray, true: xr.DataArray) -> tuple[str, float]:
    """Why two arrays cannot be compared by their units, in words; else what the truth is to be multiplied with."""
    ours, theirs = (str(array.attrs.get("units") or "").strip() for array in (model, true))
    if not ours or not theirs:
        return "", 1.0
    try:
        scale = factor(theirs, ours)
    except ValueError as error:
        return f"differ: {error}", 1.0
    return ("", scale) if scale is not None else (f"are in {ours!r} and {theirs!r}, which are not known", 1.0)


def _apart(model: xr.DataArray, true: xr.DataArray) -> str:
    """How the points of two arrays differ, in words; empty if they do not."""
    try:
        _placed(true, model)
    except ValueError:
        return f"have other axes: {dict(model.sizes)} and {dict(true.sizes)}"
    shared = (d for d in model.dims if d in model.coords and d in true.coords)
    other = [d for d in shared if not _close(model[d].values, true[d].values)]
    return f"are at other points along {', '.join(map(str, other))}" if other else ""


def _placed(true: xr.DataArray, model: xr.DataArray) -> da.Array:
    """The values of the truth in the shape of a result."""
    named = [d for d in model.dims if d in true.dims]
    return shaped(true.transpose(..., *named), model.shape)


def _close(values: NDArray, true: NDArray) -> bool:
    """Whether coordinates are the same to a hundredth of their smallest step."""
    if values.shape != true.shape or values.dtype.kind not in "iuf" or true.dtype.kind not in "iuf":
        return bool(np.array_equal(values, true))
    steps = abs(np.diff(values.astype(float)))
    near = 0.01 * steps.min() if steps.size else 1e-6 * abs(values).max(initial=0)
    return bool(np.allclose(values, true, rtol=1e-9, atol=near))
