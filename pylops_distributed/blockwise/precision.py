"""Kernels in the precision of operator and input together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pylops_distributed.blockwise.arguments import real_type
from pylops_distributed.vectors.types import DType, NDArray


def in_precision(*blocks: NDArray, kernel: Callable[..., object], kind: DType, **options: object) -> NDArray:
    """Apply a kernel to blocks at least as precise as its result, of type ``kind``."""
    least = real_type(kind)
    wide = (b.astype(np.result_type(b.dtype, least), copy=False) for b in blocks)
    y = np.asarray(kernel(*wide, **options))
    return y.real.astype(kind) if y.dtype.kind == "c" != kind.kind else y.astype(kind, copy=False)
