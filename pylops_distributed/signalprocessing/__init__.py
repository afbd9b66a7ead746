"""Operators for signal processing."""

from pylops_distributed.signalprocessing.convolve1d import Convolve1D
from pylops_distributed.signalprocessing.fft import FFT
from pylops_distributed.signalprocessing.fft2d import FFT2D
from pylops_distributed.signalprocessing.fftnd import FFTND
from pylops_distributed.signalprocessing.fredholm1 import Fredholm1

__all__ = ["FFT", "FFT2D", "FFTND", "Convolve1D", "Fredholm1"]
