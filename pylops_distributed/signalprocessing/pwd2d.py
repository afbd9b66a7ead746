"""Plane-wave operators at PyLops' path; each is defined in a separate file."""

from pylops_distributed.signalprocessing.pwsmoother2d import PWSmoother2D
from pylops_distributed.signalprocessing.pwsprayer2d import PWSprayer2D

__all__ = ["PWSmoother2D", "PWSprayer2D"]
