"""From trace headers to a regular grid of trace numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pylops_distributed import tuning
from pylops_distributed.errors import GeometryError
from pylops_distributed.vectors.types import NDArray

Integers: TypeAlias = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class TraceGrid:
    """Traces laid out on their dimensions.

    Parameters
    ----------
    axes : dict of numpy.ndarray
        Sorted values of each dimension's header field, after its scalar.
    numbers : numpy.ndarray
        Trace number (counted from 0) in each cell, -1 where there is no trace.
    """

    axes: dict[str, NDArray]
    numbers: Integers

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """True where there is a trace."""
        return self.numbers >= 0

    def spread(self, values: NDArray) -> npt.NDArray[np.float64]:
        """Put one value per trace on the grid; holes become NaN."""
        return np.where(self.mask, values[self.numbers], np.nan)


def build_grid(keys: Mapping[str, NDArray]) -> TraceGrid:
    """Lay the traces out by their header values, in any order and with holes.

    Parameters
    ----------
    keys : mapping of str to numpy.ndarray
        For each dimension, the header value of every trace.

    Returns
    -------
    Grid
        Axes and trace numbers.

    Raises
    ------
    GeometryError
        If a field is not filled in, too few of the cells have a trace, or two traces share one.
    """
    count = len(next(iter(keys.values())))
    axes: dict[str, NDArray] = {name: np.unique(values) for name, values in keys.items()}
    for name, axis in axes.items():
        if axis.dtype.kind == "f" and not np.isfinite(axis).all():
            raise GeometryError(f"{name!r} is not finite in some traces: the byte or its type is wrong.")
        if count > 1 and axis.size == 1 and axis[0] == 0:
            raise GeometryError(
                f"{name!r} is 0 in all {count} traces: the byte is wrong or was not filled in."
            )
    shape = tuple(axis.size for axis in axes.values())
    fill = count / math.prod(shape)
    if fill < tuning.share("ingest.segy-fill"):
        raise GeometryError(
            f"a grid of {_named(axes)} would have traces in {100 * fill:.2g} % of its cells: "
            "one of these bytes is probably wrong; if values are irregular, such as offsets, collect them in bins, as "
            "in dims={'cdp': 21, 'offset': {'byte': 37, 'bin': 50}}, or count the traces, as in "
            "dims={'cdp': 21, 'trace': 'counter'}."
        )
    cells = np.zeros(count, np.int64)
    for name, values in keys.items():
        cells *= axes[name].size
        cells += np.searchsorted(axes[name], values)
    traces: Integers = np.arange(count, dtype=np.int32 if count < 1 << 31 else np.int64)
    numbers: Integers = np.full(shape, -1, traces.dtype)
    numbers.ravel()[cells] = traces
    (displaced,) = np.nonzero(numbers.ravel()[cells] != traces)
    if displaced.size:
        first, second = displaced[0], numbers.ravel()[cells[displaced[0]]]
        where = ", ".join(f"{name}={values[first]}" for name, values in keys.items())
        raise GeometryError(
            f"traces {first} and {second} (counted from 0) are both at {where}, and {displaced.size - 1} more "
            f"traces share a place, on a grid of {_named(axes)}: a dimension is missing (offset?), a byte is "
            "wrong, or traces are repeated: then add 'trace': 'counter' to dims=."
        )
    return TraceGrid(axes, numbers)


def _named(axes: Mapping[str, NDArray]) -> str:
    """For example '23 inline x 18 crossline'."""
    return " x ".join(f"{axis.size} {name}" for name, axis in axes.items())
