"""Operators for signal processing."""

from pylops_distributed.signalprocessing.convolve1d import Convolve1D

__all__ = ["Convolve1D"]
