"""Operators and inversions for wave-equation processing."""

from pylops_distributed.waveeqprocessing.mdc import MDC

__all__ = [
    "MDC",
]
