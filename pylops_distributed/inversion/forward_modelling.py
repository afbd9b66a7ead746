"""Forward modelling from a dataset's model to data on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pylops_distributed.ingest import open_dataset, read_ref
from pylops_distributed.inversion.result import variables
from pylops_distributed.storage.atomic_group import write_group
from pylops_distributed.storage.group_metadata import metadata_key
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.provenance import environment

if TYPE_CHECKING:
    from pylops_distributed.problems.base import Problem

SCHEMA = "pylops-distributed-modelled/1"


def write_modelled(dataset: str, problem: Problem, target: str) -> str:
    """Apply a problem's operator to a dataset's model and write the data, chunk by chunk, published last.

    Parameters
    ----------
    dataset : str
        URL of an ingested dataset, with a model among its variables.
    problem : Problem
        Problem whose operator models.
    target : str
        Folder or URL to write to; ``xarray.open_zarr(..., consolidated=False)`` opens it, and so does ingest.

    Returns
    -------
    str
        URL of the modelled data.

    Raises
    ------
    FileExistsError
        If another dataset is stored there.
    """
    storage = open_storage(target)
    about = {
        "schema": SCHEMA,
        "dataset": read_ref(dataset).fingerprint,
        "problem": problem.model_dump(mode="json"),
    }
    if storage.exists(metadata_key("")):
        stored = xr.open_zarr(storage.zarr(read_only=True), consolidated=False, chunks={}).attrs
        if all(stored.get(key) == value for key, value in about.items()):
            return storage.url
        raise FileExistsError(
            f"{storage.place} holds something else: choose another place, or delete it yourself"
        )
    ds = open_dataset(dataset)
    ready = problem.prepare(ds)
    labels = ready.labels(ds)["codomain"]
    modelled = xr.Dataset(
        {
            "modelled": (
                labels.dims,
                ready.operator(ds).apply(ready.model(ds)),
                {"long_name": "modelled data"},
            )
        },
        coords={name: (v.dims, np.asarray(v.data), dict(v.attrs)) for name, v in labels.coords.items()},
    )
    write_group(storage, "", variables(modelled), {**environment(), **about})
    return storage.url
