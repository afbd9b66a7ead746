"""A report of versions: PyLops' own."""

from pylops.utils.utils import (
    Report,
)

__all__ = [
    "Report",
]
