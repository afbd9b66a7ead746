"""Kernels made of kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pylops_distributed.blockwise.halo_tasks import Array, Kernel


def chain(block: Array, kernels: tuple[Kernel, ...]) -> Array:
    """Apply kernels one after the other to a block of any shape that they take."""
    for kernel in kernels:
        block = kernel(block)
    return block
