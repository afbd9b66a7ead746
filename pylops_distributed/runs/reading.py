"""A run as labelled arrays: one lazy tree."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pylops_distributed import tuning
from pylops_distributed.ingest import open_dataset
from pylops_distributed.runs.iterates import in_order, open_checkpoints, open_group_dataset
from pylops_distributed.storage.checkpoint_keys import ROOT, published_checkpoints
from pylops_distributed.storage.claim import read_claim
from pylops_distributed.storage.run import Run, describe_outdated, iteration_of
from pylops_distributed.storage.state_io import SUFFIX

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json
    from pylops_distributed.storage.object_store import Storage

log = logging.getLogger(__name__)


def open_run(url: str | Path) -> xr.DataTree:
    """Open a run as one tree of labelled, lazy arrays; only published checkpoints and results are shown.

    Parameters
    ----------
    url : str or Path
        Folder or ``s3://`` URL of the run.

    Returns
    -------
    xarray.DataTree
        ``/`` with the provenance as attributes, ``niter`` as asked for last, and, as far as there are any:
        ``/inputs`` (the dataset), ``/model`` (the labelled result, before that the newest iterate), ``/iterates``
        (the kept ones along ``iteration``), ``/history`` (one value a step), ``/residual`` (observed, predicted and
        residual data)
        and ``/checkpoints`` (solver states as saved). Variables are in the order of their names. Where the result is
        not of the newest iterate, the attribute ``out_of_date`` of ``/`` and ``/model`` says so.

    Raises
    ------
    FileNotFoundError
        If there is no run.
    """
    run = Run.open(url)
    storage = run.storage
    nodes: dict[str, xr.Dataset] = {"/": xr.Dataset(attrs={**run.attrs, **_steps_asked_for(storage)})}
    if "dataset" in run.attrs:  # runs made by hand may have none
        nodes["/"].attrs["dataset"] = run.dataset  # where it is now
        try:
            nodes["/inputs"] = in_order(open_dataset(run.dataset))
        except (FileNotFoundError, ValueError) as error:
            log.warning("the inputs cannot be shown: %s", error)
    saved = sorted(published_checkpoints(storage), key=lambda entry: entry.iteration)
    if saved:
        states, models = open_checkpoints(storage, saved)
        nodes |= {f"/{ROOT}/{entry.name}": state for entry, state in zip(saved, states, strict=True)}
        nodes["/iterates"] = models.to_dataset(name="model")
        nodes["/history"] = _history(states[-1])
        nodes["/model"] = nodes["/iterates"].isel(iteration=-1)
    if (result := _result(run)) is not None:
        newest = max(saved).iteration if saved else None
        if words := describe_outdated(storage.url, iteration_of(result.attrs), newest):
            result.attrs["out_of_date"] = nodes["/"].attrs["out_of_date"] = words
        data_side = [name for name in ("observed", "predicted", "residual") if name in result]
        nodes["/model"] = result.drop_vars(data_side)
        nodes["/residual"] = result[data_side]
    return xr.DataTree.from_dict(nodes, name=Path(storage.url).name)


def _steps_asked_for(storage: Storage) -> Json:
    """Most steps that the newest solve was asked for, where that is kept."""
    niter = read_claim(storage).get("niter")
    return {} if niter is None else {"niter": niter}


def _result(run: Run) -> xr.Dataset | None:
    """The result that counts, lazily: one that is replaced as it is opened is left for the one that replaces it."""
    for _ in range(tuning.count("storage.result-tries")):
        if (path := run.result) is None:
            return None
        try:
            ds = open_group_dataset(run.storage, path)
        except FileNotFoundError:
            continue
        if run.storage.exists(f"{path}/zarr.json"):  # its coordinates were read before it went
            return ds.assign_attrs(path=path)
    raise OSError(f"the result of {run.storage.place} is replaced again and again while it is opened")


def _history(state: xr.Dataset) -> xr.Dataset:
    names = {str(n): str(n).removesuffix(SUFFIX) for n in state.data_vars if str(n).endswith(SUFFIX)}
    history = (
        state[list(names)].reset_coords(drop=True).drop_vars(names.values(), errors="ignore").rename(names)
    )
    return in_order(history).assign_coords(step=np.arange(history.sizes.get("step", 0)))
