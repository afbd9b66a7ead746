"""Wavelets: PyLops' own."""

from pylops.utils.wavelets import (
    gaussian,
    klauder,
    ormsby,
    ricker,
)

__all__ = [
    "gaussian",
    "klauder",
    "ormsby",
    "ricker",
]
