"""Lifting kernels on NumPy blocks to chunked arrays: the one place where blocks meet their neighbours."""

from pylops_distributed.lift.kernels import chain, local
from pylops_distributed.lift.operator import Halo, Lift, Whole, halos
from pylops_distributed.lift.overlap import Array, Depth, Kernel, overlap, stencil

__all__ = [
    "Array",
    "Depth",
    "Halo",
    "Kernel",
    "Lift",
    "Whole",
    "chain",
    "halos",
    "local",
    "overlap",
    "stencil",
]
