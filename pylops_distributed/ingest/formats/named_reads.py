"""Lazy arrays whose errors of reading name the file and the variable, whenever they are computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

import dask.array as da
import numpy as np

from pylops_distributed.ingest.formats.failures import naming

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.vectors.types import NDArray


class NamedReads:
    """A variable of a file as an array that is read where it is sliced.

    Parameters
    ----------
    array : xarray.DataArray
        A variable that is not read yet.
    path : str
        Its file.
    """

    def __init__(self, array: xr.DataArray, path: str) -> None:
        self.variable, self.path, self.name = array.variable, path, str(array.name)
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __getitem__(self, key: object) -> NDArray:
        """Values of a part."""
        with naming(self.path, self.name):
            return np.asarray(self.variable[key].values)


def chunk_named(array: xr.DataArray, chunks: Mapping[str, int], path: str) -> xr.DataArray:
    """The variable of a file as a lazy array of chunks."""
    if array.chunks is not None:
        return array.chunk(chunks)
    cut = tuple(chunks[str(dim)] for dim in array.dims)
    lazy = da.from_array(
        NamedReads(array, path), chunks=cut, name=f"{array.name}-{uuid4().hex}",
        meta=np.empty((0,) * array.ndim, array.dtype),
    )  # fmt: skip
    return array.copy(data=lazy)
