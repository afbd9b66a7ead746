"""Tables of numbers as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from pylops_distributed.ingest.formats.base import label_arrays


def open_text(
    path: str, *, dims: Sequence[str] | None = None, chunks: Mapping[str, int] | None = None
) -> xr.Dataset:
    """Open a table of numbers, read whole.

    Parameters
    ----------
    path : str
        ``.txt`` file.
    dims : sequence of str, optional
        Names of the axes.
    chunks : mapping of str to int, optional
        Length of chunks by dimension.
    """
    ds = label_arrays({Path(path).stem: np.loadtxt(path)}, None, dims, chunks, None, None, path)
    return ds.assign_attrs(reading="whole")
