"""Operators for medical imaging."""

from pylops_distributed.medical.ct import CT2D
from pylops_distributed.medical.mri import MRI2D

__all__ = ["CT2D", "MRI2D"]
