"""Operators for medical imaging."""

from pylops_distributed.medical.mri import MRI2D

__all__ = [
    "MRI2D",
]
