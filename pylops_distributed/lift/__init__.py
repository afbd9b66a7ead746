"""Lifting kernels on NumPy blocks to chunked arrays: the one place where blocks meet their neighbours."""

from pylops_distributed.lift.differences import Difference
from pylops_distributed.lift.faces import Array, Depth, Kernel
from pylops_distributed.lift.kernels import chain
from pylops_distributed.lift.operator import Halo, Lift, Whole
from pylops_distributed.lift.overlap import overlap, stencil

__all__ = [
    "Array",
    "Depth",
    "Difference",
    "Halo",
    "Kernel",
    "Lift",
    "Whole",
    "chain",
    "overlap",
    "stencil",
]
