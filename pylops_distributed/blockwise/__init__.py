"""Lifting kernels on NumPy blocks to chunked arrays: the one place where blocks meet their neighbours."""

from pylops_distributed.blockwise.finite_differences import Difference
from pylops_distributed.blockwise.halo import Array, Depth, Kernel
from pylops_distributed.blockwise.kernels import chain
from pylops_distributed.blockwise.operator import BlockwiseOperator, StencilRule, WholeAxisRule
from pylops_distributed.blockwise.overlap import overlap, stencil

__all__ = [
    "Array",
    "BlockwiseOperator",
    "Depth",
    "Difference",
    "Kernel",
    "StencilRule",
    "WholeAxisRule",
    "chain",
    "overlap",
    "stencil",
]
