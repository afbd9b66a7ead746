"""A report of versions: PyLops' own."""

from pylops.utils.utils import (
    Report,
    ScoobyReport,
)

__all__ = [
    "Report",
    "ScoobyReport",
]
