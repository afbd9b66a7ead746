"""Panels side by side, saved as a picture: what the examples share."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np


def save(panels, aspect="auto"):
    """Save arrays by title: those of two axes as images, of one as curves; as the script's name or ``argv[1]``."""
    script = Path(sys.argv[0])
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else script.with_suffix(".png")
    figure, axes = plt.subplots(1, len(panels), figsize=(3.2 * len(panels), 3), layout="constrained")
    for axis, (title, values) in zip(axes, panels.items(), strict=True):
        values = np.asarray(values)  # computes lazy arrays
        if values.ndim == 1:
            axis.plot(values)
        else:
            limit = np.percentile(abs(values), 99.5) or 1.0
            axis.imshow(values, aspect=aspect, cmap="RdBu", vmin=-limit, vmax=limit)
        axis.set_title(title)
    figure.savefig(target, dpi=80)
    print(target)
