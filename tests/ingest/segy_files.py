"""SEG-Y files with any headers, in any order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import segyio


def write_traces(
    path: str,
    samples: np.ndarray,
    headers: Mapping[int, Any],
    *,
    code: int = 5,
    endian: str = "big",
    binary: Mapping[int, int] | None = None,
) -> None:
    """Write traces of shape (traces, samples); header fields by byte, one value for all or one per trace."""
    count, length = samples.shape
    fields = {115: length, 117: 4000} | dict(headers)
    columns = {byte: np.broadcast_to(values, count) for byte, values in fields.items()}
    spec = segyio.spec()
    spec.samples, spec.tracecount, spec.format, spec.endian = np.arange(length), count, code, endian
    with segyio.create(path, spec) as file:
        file.bin.update({3221: length, 3217: 4000, 3225: code, 3501: 1} | dict(binary or {}))
        for k in range(count):
            file.header[k] = {byte: int(values[k]) for byte, values in columns.items()}
            file.trace[k] = samples[k]


def lines(inlines: np.ndarray, crosslines: np.ndarray) -> dict[int, np.ndarray]:
    """Header fields of a full grid, inline by inline."""
    i, j = np.meshgrid(inlines, crosslines, indexing="ij")
    return {189: i.ravel(), 193: j.ravel()}
