"""Tapers: PyLops' own."""

from pylops.utils.tapers import (
    cosinetaper,
    hanningtaper,
    taper,
    taper2d,
    taper3d,
    tapernd,
)

__all__ = [
    "cosinetaper",
    "hanningtaper",
    "taper",
    "taper2d",
    "taper3d",
    "tapernd",
]
