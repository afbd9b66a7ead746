"""Runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from pylops_distributed.runs.reading import open_run

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json


def compare(*runs: xr.DataTree | str | Path) -> xr.DataTree:
    """Compare runs: settings that differ, convergence, and differences between models; all lazy.

    Parameters
    ----------
    *runs : xarray.DataTree or str or Path
        Two runs or more, as :func:`open_run` returns them, or their places.

    Returns
    -------
    xarray.DataTree
        All along the dimension ``run``: ``/settings`` with those that are not the same in all, as text;
        ``/metrics`` with the figures of their results; ``/history``, which ends in NaN where a run took fewer steps;
        ``/model``; and ``/difference``, the models less that of the first. Where models cannot be compared, both are
        left out, and the attribute ``models`` says why.

    Raises
    ------
    ValueError
        If there are fewer than two.
    """
    trees = [run if isinstance(run, xr.DataTree) else open_run(run) for run in runs]
    if len(trees) < 2:
        raise ValueError(f"{len(trees)} runs given: expected two or more to compare")
    names = [str(tree.name) for tree in trees]
    if len(set(names)) < len(names):
        names = [f"{name} ({n})" for n, name in enumerate(names, 1)]
    along = xr.Variable("run", names)
    nodes = {"settings": _differing(trees), "metrics": _metrics(trees)}
    if all("history" in tree for tree in trees):
        nodes["history"] = xr.concat([tree["history"].to_dataset() for tree in trees], "run", join="outer")
    joined, note = _joined_models(trees)
    if joined is not None:
        nodes["model"] = joined
        nodes["difference"] = joined.isel(run=slice(1, None)) - joined.isel(run=0)
    labelled = {
        f"/{name}": ds.assign_coords(run=along[-ds.sizes.get("run", len(names)) :])
        for name, ds in nodes.items()
    }
    labelled["/"] = xr.Dataset(attrs={"models": note} if note else {})
    return xr.DataTree.from_dict(labelled, name="comparison")


def _joined_models(trees: list[xr.DataTree]) -> tuple[xr.Dataset | None, str | None]:
    """The models along ``run``, or why they cannot be compared."""
    models = [tree["model"].to_dataset().drop_attrs(deep=False) for tree in trees if "model" in tree]
    if len(models) < len(trees):
        return None, "not compared: not every run has one yet"
    try:
        return xr.concat(models, "run", join="exact", coords="minimal", compat="override"), None
    except ValueError as error:
        return None, f"not compared: they are not on one grid ({error})"


def _differing(trees: list[xr.DataTree]) -> xr.Dataset:
    """The settings that are not the same in all runs."""
    asked = ("dataset", "params", "identity")  # what a run depends on has the last word
    every = [{**dict(_flat({k: tree.attrs.get(k, {}) for k in asked})), **_steps(tree)} for tree in trees]
    names = sorted(set().union(*every))
    columns = {name: [str(settings.get(name, "-")) for settings in every] for name in names}
    differing: dict[str, Any] = {n: ("run", values) for n, values in columns.items() if len(set(values)) > 1}
    return xr.Dataset(differing)


def _steps(tree: xr.DataTree) -> Json:
    """Steps as asked for last: those in the settings are of when the run was made."""
    settings = {"solver.niter": tree.attrs["niter"]} if "niter" in tree.attrs else {}
    if "out_of_date" in tree.attrs:
        settings["out of date"] = tree.attrs["out_of_date"]
    return settings


def _metrics(trees: list[xr.DataTree]) -> xr.Dataset:
    """The quality figures of the results, NaN where there is none."""
    every = [tree["model"].attrs.get("metrics", {}) if "model" in tree else {} for tree in trees]
    names = sorted(set().union(*every))
    return xr.Dataset(
        {name: ("run", [figures.get(name, float("nan")) for figures in every]) for name in names}
    )


def _flat(settings: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    """Settings by dotted names."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, "" if key in ("params", "identity") else f"{path}{key}.")
        else:
            yield f"{path}{key}", value
