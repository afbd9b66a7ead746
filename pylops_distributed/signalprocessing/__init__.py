"""Operators for signal processing."""

from pylops_distributed.signalprocessing.bilinear import Bilinear
from pylops_distributed.signalprocessing.convolve1d import Convolve1D
from pylops_distributed.signalprocessing.convolve2d import Convolve2D
from pylops_distributed.signalprocessing.convolvend import ConvolveND
from pylops_distributed.signalprocessing.dct import DCT
from pylops_distributed.signalprocessing.fft import FFT
from pylops_distributed.signalprocessing.fft2d import FFT2D
from pylops_distributed.signalprocessing.fftnd import FFTND
from pylops_distributed.signalprocessing.fredholm1 import Fredholm1
from pylops_distributed.signalprocessing.interp import Interp
from pylops_distributed.signalprocessing.interpspline import InterpCubicSpline
from pylops_distributed.signalprocessing.shift import Shift

__all__ = [
    "DCT",
    "FFT",
    "FFT2D",
    "FFTND",
    "Bilinear",
    "Convolve1D",
    "Convolve2D",
    "ConvolveND",
    "Fredholm1",
    "Interp",
    "InterpCubicSpline",
    "Shift",
]
