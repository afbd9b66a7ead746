"""Numbers as short text."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

BARS = "▁▂▃▄▅▆▇█"


def duration(seconds: float) -> str:
    """Return a duration in its largest unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def sparkline(values: ArrayLike, width: int = 24) -> str:
    """Return a row of bars as high as the logarithms of ``values``."""
    numbers = np.asarray(values, dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    numbers = (
        numbers[np.linspace(0, len(numbers) - 1, min(width, len(numbers))).astype(int)]
        if len(numbers)
        else numbers
    )
    logs = np.log10(np.maximum(numbers, np.finfo(float).tiny))
    span = np.ptp(logs) if len(logs) else 0.0
    if not span:
        return BARS[0] * len(logs)
    return "".join(BARS[int(7 * (v - logs.min()) / span)] for v in logs)
