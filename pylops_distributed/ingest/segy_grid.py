"""From trace headers to a regular grid of trace numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]
MIN_FILL = 0.1


class GeometryError(ValueError):
    """The header fields chosen as dimensions do not form a grid."""


@dataclass(frozen=True)
class Grid:
    """Traces laid out on their dimensions.

    Parameters
    ----------
    axes : dict of numpy.ndarray
        Sorted values of each dimension's header field.
    numbers : numpy.ndarray
        Trace number (counted from 0) in each cell, -1 where there is no trace.
    """

    axes: dict[str, Integers]
    numbers: Integers

    @property
    def mask(self) -> NDArray[np.bool_]:
        """True where there is a trace."""
        return self.numbers >= 0

    def spread(self, values: NDArray[np.generic]) -> NDArray[np.float64]:
        """Put one value per trace on the grid; holes become NaN."""
        return np.where(self.mask, values[self.numbers], np.nan)


def build_grid(keys: Mapping[str, Integers]) -> Grid:
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
        If a field is not filled in, fewer than 10 % of the cells have a trace, or two traces share one.
    """
    count = len(next(iter(keys.values())))
    axes: dict[str, Integers] = {}
    places: list[Integers] = []
    for name, values in keys.items():
        axes[name], place = np.unique(values, return_inverse=True)
        places.append(place)
        if count > 1 and axes[name].size == 1 and axes[name][0] == 0:
            raise GeometryError(
                f"{name!r} is 0 in all {count} traces: the byte is wrong or was not filled in."
            )
    shape = tuple(axis.size for axis in axes.values())
    fill = count / math.prod(shape)
    if fill < MIN_FILL:
        raise GeometryError(
            f"a grid of {_named(axes)} would have traces in {100 * fill:.2g} % of its cells: "
            "one of these bytes is probably wrong."
        )
    cells = np.ravel_multi_index(tuple(places), shape)
    order = np.argsort(cells, kind="stable")
    (same,) = np.nonzero(np.diff(cells[order]) == 0)
    if same.size:
        first, second = order[same[0]], order[same[0] + 1]
        where = ", ".join(f"{name}={values[first]}" for name, values in keys.items())
        raise GeometryError(
            f"traces {first} and {second} (counted from 0) are both at {where}, and so are "
            f"{same.size - 1} other pairs, on a grid of {_named(axes)}: a dimension is missing (offset?), "
            "a byte is wrong, or traces are repeated."
        )
    numbers = np.full(shape, -1, np.int64)
    numbers.ravel()[cells] = np.arange(count)
    return Grid(axes, numbers)


def _named(axes: Mapping[str, Integers]) -> str:
    """For example '23 inline x 18 crossline'."""
    return " x ".join(f"{axis.size} {name}" for name, axis in axes.items())
