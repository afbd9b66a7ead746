"""Seismic events: PyLops' own."""

from pylops.utils.seismicevents import (
    hyperbolic2d,
    hyperbolic3d,
    linear2d,
    linear3d,
    makeaxis,
    parabolic2d,
    parabolic3d,
)

__all__ = [
    "hyperbolic2d",
    "hyperbolic3d",
    "linear2d",
    "linear3d",
    "makeaxis",
    "parabolic2d",
    "parabolic3d",
]
