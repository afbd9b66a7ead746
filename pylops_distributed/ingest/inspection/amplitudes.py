"""Amplitudes of a few traces of a SEG-Y file: range, histogram and a small picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pylops_distributed.ingest.formats.segy.samples import read_traces
from pylops_distributed.ingest.inspection.description import Amplitudes

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.layout import Layout

RUNS, RUN, BINS = 16, 64, 24  # places in the file, traces at each, and bins of the histogram
MOST_BYTES = 32_000_000
ROWS, COLUMNS, SHADES = 18, 64, " .:-=+*#%@"

Floats = npt.NDArray[np.float64]


def amplitudes(layout: Layout) -> Amplitudes | None:
    """Amplitudes of traces at several places of the file.

    Parameters
    ----------
    layout : Layout
        The file's structure.

    Returns
    -------
    Amplitudes or None
        None where no sample is finite.
    """
    each = max(1, min(RUN, MOST_BYTES // (RUNS * layout.samples * 8)))
    places = min(RUNS, -(-layout.traces // each))  # so that no trace is read twice
    starts = np.linspace(0, max(0, layout.traces - each), places).astype(np.int64)
    runs = [_read(layout, int(start), each) for start in starts]
    values = np.concatenate(runs)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    low, high = (float(one) for one in np.quantile(finite, (0.005, 0.995)))
    counts, _ = np.histogram(finite, BINS, (low, high if high > low else low + 1))
    middle = _read(layout, max(0, layout.traces // 2 - COLUMNS), min(layout.traces, 2 * COLUMNS))
    return Amplitudes(
        traces=len(values), minimum=float(finite.min()), maximum=float(finite.max()),
        rms=float(np.sqrt(np.mean(np.square(finite)))), nonfinite=int(values.size - finite.size), low=low, high=high,
        counts=tuple(counts.tolist()), picture=picture(middle),
    )  # fmt: skip


def _read(layout: Layout, start: int, count: int) -> Floats:
    """Consecutive traces, one a row."""
    numbers = np.arange(start, min(start + count, layout.traces))
    steps = np.array([0, layout.samples - 1])
    kind = (
        np.dtype(np.float64) if layout.dtype.kind == "f" else layout.dtype
    )  # integers are not rounded in the log
    return np.asarray(read_traces(numbers[:, None], steps, layout, kind), np.float64)


def picture(traces: Floats) -> tuple[str, ...]:
    """Traces as letters, time downwards: the darker, the larger the largest amplitude of the samples it stands for.

    Parameters
    ----------
    traces : numpy.ndarray
        Shape ``(traces, samples)``.

    Returns
    -------
    tuple of str
        Lines.
    """
    size = np.nan_to_num(np.abs(traces), posinf=0.0)
    columns = np.array_split(size, min(COLUMNS, len(size)), axis=0)
    cells = np.array([
        [part.max() for part in np.array_split(column.max(axis=0), min(ROWS, size.shape[1]))] for column in columns
    ]).T  # fmt: skip
    top = np.quantile(cells, 0.98) or cells.max() or 1.0
    shades = np.minimum(cells / top * (len(SHADES) - 1), len(SHADES) - 1).astype(int)
    return tuple("".join(SHADES[one] for one in row) for row in shades)
