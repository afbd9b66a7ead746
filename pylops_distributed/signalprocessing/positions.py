"""Positions between samples, checked."""

from __future__ import annotations

from typing import Any
from warnings import warn

import numpy as np

Array = np.ndarray[Any, Any]


def check_unique(positions: Array) -> None:
    """Raise a ValueError if positions, or the columns of a table of positions, are equal."""
    if np.unique(positions, axis=-1).shape[-1] < positions.shape[-1]:
        raise ValueError("some values of iava are repeated, or non-unique: each position may be there once")


def below_last(positions: Array, n: int) -> Array:
    """Positions as floats, those at or past the last of ``n`` samples moved just before it."""
    positions = positions.astype(np.result_type(positions.dtype, float))
    if np.any(outside := positions >= n - 1):
        warn(
            f"positions of iava at or beyond the last sample, {n - 1}, are moved just before it", stacklevel=3
        )
        positions = np.where(outside, np.nextafter(n - 1, -np.inf), positions)
    check_unique(positions)
    return positions
