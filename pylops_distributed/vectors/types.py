"""Names of the types that signatures use: arrays of NumPy and Dask, their shapes, chunks and elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import dask.array as da
import numpy as np

# NumPy's own types of arrays say neither shape nor type of elements where these are known at run time alone.
NDArray: TypeAlias = np.ndarray[Any, np.dtype[Any]]
DType: TypeAlias = np.dtype[Any]

# The key of a block of an array: its name, and the number of the block along each axis.
BlockKey: TypeAlias = tuple[str, *tuple[int, ...]]

Shape: TypeAlias = tuple[int, ...]
Chunks: TypeAlias = tuple[tuple[int, ...], ...]
# What Dask takes as chunks: sizes, "auto", sizes in bytes, for all axes, one after the other, or by axis.
AxisChunks: TypeAlias = int | str | tuple[int, ...] | list[int] | None
ChunksLike: TypeAlias = AxisChunks | Sequence[AxisChunks] | Mapping[int, AxisChunks]

ArrayLike: TypeAlias = da.Array | NDArray
# A number: one in memory, or a lazy 0-dimensional array.
Number: TypeAlias = complex | np.number[Any]
Scalar: TypeAlias = da.Array | Number

# A function of NumPy blocks, and what it is called with: arrays, numbers and settings.
BlockFunction: TypeAlias = Callable[..., Any]
Arguments: TypeAlias = tuple[Any, ...]

# Arguments by name, for a solver, an engine or another package, which checks them.
Settings: TypeAlias = dict[str, Any]
Options: TypeAlias = Mapping[str, Any]
# What PyLops' solvers return: the model, and numbers whose meanings depend on the solver.
Results: TypeAlias = tuple[Any, ...]


class Typed(Protocol):
    """An operator, of which only the type of its elements is looked at; of this library, or PyLops'."""

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
