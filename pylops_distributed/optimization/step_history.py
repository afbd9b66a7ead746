"""Numbers of all steps of a solve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from pylops_distributed.vectors.types import NDArray

History: TypeAlias = dict[str, NDArray]


class StepHistory:
    """Columns that grow by one row a step, at the same price however many there are.

    Parameters
    ----------
    past : mapping of str to numpy.ndarray
        The numbers of steps that were taken before.
    """

    def __init__(self, past: Mapping[str, NDArray]) -> None:
        self._columns: dict[str, list[Any]] = {name: list(values) for name, values in past.items()}

    def add(self, row: Mapping[str, object]) -> None:
        """Add the numbers of a step; columns that it does not have are dropped."""
        if row.keys() != self._columns.keys():
            self._columns = {name: self._columns.get(name, []) for name in row}
        for name, value in row.items():
            self._columns[name].append(value)

    def arrays(self) -> History:
        """An array for each quantity, of one value a step."""
        return {name: np.append(np.empty(0), values) for name, values in self._columns.items()}
