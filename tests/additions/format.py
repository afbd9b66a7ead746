"""Tables of numbers as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pylops_distributed.ingest.formats.contents import FileContents, bare_contents


def read_numbers(path: str) -> FileContents:
    """Contents of a table of numbers, read whole.

    Parameters
    ----------
    path : str
        ``.num`` file.
    """
    return bare_contents({Path(path).stem: np.loadtxt(path)}, reading="whole")
