"""Lifting kernels on NumPy blocks to chunked arrays: the one place where blocks meet their neighbours."""

from pylops_distributed.blockwise.finite_differences import Difference
from pylops_distributed.blockwise.halo_graph import overlap, stencil
from pylops_distributed.blockwise.halo_tasks import Array, Depth, Kernel
from pylops_distributed.blockwise.kernels import chain
from pylops_distributed.blockwise.operator import BlockwiseOperator, StencilRule, WholeAxisRule

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
