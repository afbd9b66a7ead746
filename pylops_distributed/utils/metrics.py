"""Measures of how two arrays differ, lazy on Dask arrays: PyLops' own."""

from pylops.utils.metrics import (
    mae,
    mse,
    psnr,
    snr,
)

__all__ = [
    "mae",
    "mse",
    "psnr",
    "snr",
]
