"""Matrices of convolutions, and slopes of images: PyLops' own."""

from pylops.utils.signalprocessing import (
    convmtx,
    dip_estimate,
    nonstationary_convmtx,
    pwd_slope_estimate,
    slope_estimate,
)

__all__ = [
    "convmtx",
    "dip_estimate",
    "nonstationary_convmtx",
    "pwd_slope_estimate",
    "slope_estimate",
]
