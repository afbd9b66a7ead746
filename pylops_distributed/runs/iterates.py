"""The checkpoints of a run as labelled, lazy arrays: hundreds of them open in the time of a few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dask.array as da
import numpy as np
import xarray as xr

from pylops_distributed.storage.group_metadata import Json, digest, read_attrs
from pylops_distributed.storage.object_store import Storage, open_array
from pylops_distributed.vectors.types import ChunksLike, DType, NDArray, Shape

if TYPE_CHECKING:
    from pylops_distributed.storage.checkpoint_keys import CheckpointKey

STEP = "step"  # the axis of histories, which alone grows from checkpoint to checkpoint


@dataclass(frozen=True)
class StoredArrays:
    """A stored array, or several of one kind as one along a new first axis; each is opened when it is read."""

    storage: Storage
    paths: str | tuple[str, ...]
    shape: tuple[int, ...]
    dtype: DType

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: tuple[int | slice | NDArray, ...]) -> NDArray:
        if isinstance(self.paths, str):
            return self._read_part(self.paths, index)
        first, *rest = index
        wanted = self.paths[first]
        if isinstance(wanted, str):
            return self._read_part(wanted, rest)
        return np.stack([self._read_part(path, rest) for path in wanted])

    def _read_part(self, path: str, index: Sequence[int | slice | NDArray]) -> NDArray:
        return np.asarray(open_array(self.storage, path, whole=True)[tuple(index)])


def open_group_dataset(storage: Storage, path: str) -> xr.Dataset:
    """A published group, lazily; corrupt metadata raises here, by name."""
    attrs = read_attrs(storage, path)
    ds: xr.Dataset = xr.open_zarr(
        storage.zarr(path, read_only=True, whole=True), consolidated=False, chunks={}
    )
    ds.attrs = _public_attrs(attrs)
    return in_order(ds)


def in_order(ds: xr.Dataset) -> xr.Dataset:
    """A dataset with its variables in the order of their names: storage lists them in any."""
    return ds[[*sorted(ds.coords, key=str), *sorted(ds.data_vars, key=str)]]


def open_checkpoints(
    storage: Storage, entries: Sequence[CheckpointKey]
) -> tuple[list[xr.Dataset], xr.DataArray]:
    """The solver states of a run, and their models along ``iteration``.

    Only the last is looked at array by array. That the others hold the same arrays is known from the digests of their
    metadata; where it is not so, they are opened one by one.
    """
    last = open_group_dataset(storage, entries[-1].path)
    about = [read_attrs(storage, entry.path) for entry in entries]
    grown = {str(name) for name, variable in last.variables.items() if STEP in variable.dims}
    kinds = [{n: a["metadata"] for n, a in one["manifest"].items() if n not in grown} for one in about]
    if all(kind == kinds[-1] for kind in kinds):
        older = zip(entries[:-1], about[:-1], strict=True)
        states = [_like(last, storage, entry, one) for entry, one in older] + [last]
        models = _stack_models(storage, entries, about, last["model"].reset_coords(drop=True))
    else:
        states = [open_group_dataset(storage, entry.path) for entry in entries[:-1]] + [last]
        models = xr.concat([state["model"].reset_coords(drop=True) for state in states], "iteration")
    return states, models.assign_coords(iteration=[entry.iteration for entry in entries])


def _stack_models(
    storage: Storage, entries: Sequence[CheckpointKey], about: Sequence[Json], model: xr.DataArray
) -> xr.DataArray:
    """The models of all checkpoints, which are stored as ``model`` is."""
    paths, count = tuple(f"{entry.path}/model" for entry in entries), len(entries)
    chunks = ((1,) * count, *(model.chunks or ()))
    array = _lazy(storage, paths, (count, *model.shape), chunks, model.dtype, [one["uuid"] for one in about])
    return xr.DataArray(array, model.coords, ("iteration", *model.dims), "model", model.attrs)


def _like(last: xr.Dataset, storage: Storage, entry: CheckpointKey, about: Json) -> xr.Dataset:
    """A checkpoint that holds the arrays of ``last``, but histories of another length."""
    variables = {}
    for name, array in last.data_vars.items():
        shape = tuple(map(sum, about["manifest"][name]["chunks"]))
        chunks = array.chunks if shape == array.shape and array.chunks else tuple((n,) for n in shape)
        lazy = _lazy(storage, f"{entry.path}/{name}", shape, chunks, array.dtype, about["uuid"])
        variables[name] = xr.Variable(array.dims, lazy, array.attrs)
    # Indexes are made once for all: a hundred times as dear as the rest.
    coords = {name: array.variable for name, array in last.coords.items()}
    indexes = dict(last.xindexes)
    coords["iteration"] = last["iteration"].variable.copy(data=np.asarray(entry.iteration))
    if STEP in indexes:
        steps = xr.indexes.PandasIndex(np.arange(sum(about["manifest"][STEP]["chunks"][0])), STEP)
        indexes[STEP] = steps
        coords[STEP] = steps.create_variables(coords)[STEP]
    return xr.Dataset(variables, xr.Coordinates(coords, indexes), _public_attrs(about))


def _lazy(
    storage: Storage,
    paths: str | tuple[str, ...],
    shape: Shape,
    chunks: ChunksLike,
    dtype: DType,
    about: object,
) -> da.Array:
    """Array stored at one or several places, lazily; ``about`` distinguishes it from earlier ones there."""
    name = f"read-{digest([storage.url, paths, about])[:32]}"
    stored = StoredArrays(storage, paths, shape, dtype)
    return da.from_array(stored, chunks=chunks, name=name, meta=np.empty((0,) * len(shape), dtype))


def _public_attrs(attrs: Json) -> Json:
    """Attributes for people: without the manifest, and without what names the coordinates."""
    return {k: v for k, v in attrs.items() if k not in ("manifest", "coordinates")}
