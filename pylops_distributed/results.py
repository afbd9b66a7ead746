"""A run as labelled arrays: one lazy tree."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import xarray as xr

from pylops_distributed.ingest import open_dataset
from pylops_distributed.iterates import open_checkpoints, open_group
from pylops_distributed.store.result import LOOKS
from pylops_distributed.store.run import Run
from pylops_distributed.store.snapshot import ROOT, SUFFIX, entries

log = logging.getLogger(__name__)


def open_run(url: str | Path) -> xr.DataTree:
    """Open a run as one tree of labelled, lazy arrays; only what is published is shown.

    Parameters
    ----------
    url : str or Path
        Folder or ``s3://`` URL of the run.

    Returns
    -------
    xarray.DataTree
        ``/`` with the provenance as attributes, and, as far as there are any: ``/inputs`` (the dataset),
        ``/model`` (the labelled result, before that the newest iterate), ``/iterates`` (the kept ones along
        ``iteration``), ``/history`` (one value a step), ``/residual`` (observed, predicted and residual data)
        and ``/checkpoints`` (solver states as saved).

    Raises
    ------
    FileNotFoundError
        If there is no run.
    """
    run = Run.open(url)
    storage = run.storage
    nodes: dict[str, xr.Dataset] = {"/": xr.Dataset(attrs=run.attrs)}
    if "dataset" in run.attrs:  # runs made by hand may have none
        try:
            nodes["/inputs"] = open_dataset(run.dataset)
        except (FileNotFoundError, ValueError) as error:
            log.warning("the inputs cannot be shown: %s", error)
    saved = sorted(entries(storage), key=lambda entry: entry.iteration)
    if saved:
        states, models = open_checkpoints(storage, saved)
        nodes |= {f"/{ROOT}/{entry.name}": state for entry, state in zip(saved, states, strict=True)}
        nodes["/iterates"] = models.to_dataset(name="model")
        nodes["/history"] = _history(states[-1])
        nodes["/model"] = nodes["/iterates"].isel(iteration=-1)
    if (result := _result(run)) is not None:
        data_side = [name for name in ("observed", "predicted", "residual") if name in result]
        nodes["/model"] = result.drop_vars(data_side)
        nodes["/residual"] = result[data_side]
    return xr.DataTree.from_dict(nodes, name=Path(storage.url).name)


def _result(run: Run) -> xr.Dataset | None:
    """The result that counts, lazily: one that is replaced as it is opened is left for the one that replaces it."""
    for _ in range(LOOKS):
        if (path := run.result) is None:
            return None
        try:
            ds = open_group(run.storage, path)
        except FileNotFoundError:
            continue
        if run.storage.exists(f"{path}/zarr.json"):  # its coordinates were read before it went
            return ds.assign_attrs(path=path)
    raise OSError(f"the result of {run.storage.url} is replaced again and again while it is opened")


def _history(state: xr.Dataset) -> xr.Dataset:
    names = {str(n): str(n).removesuffix(SUFFIX) for n in state.data_vars if str(n).endswith(SUFFIX)}
    history = (
        state[list(names)].reset_coords(drop=True).drop_vars(names.values(), errors="ignore").rename(names)
    )
    return history.assign_coords(step=np.arange(history.sizes.get("step", 0)))
