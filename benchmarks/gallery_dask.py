"""Scripts that hand NumPy arrays to operators and solvers hand them Dask arrays, and take NumPy arrays back.

Whatever is applied, divided or solved goes in as a Dask array of about two chunks along each of its longest axes, and
what comes back is computed: scripts format numbers, write into arrays and plot, which needs values. So operators and
solvers do all of their work on chunks, and a script's own NumPy code is as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import dask
import dask.array as da
import numpy as np

import pylops_distributed as pld

METHODS = ("__mul__", "__matmul__", "__truediv__", "dot", "matvec", "rmatvec", "matmat", "rmatmat", "div")
SOLVERS = {
    "basic": ("cg", "cgls", "lsqr"),
    "leastsquares": ("normal_equations_inversion", "preconditioned_inversion", "regularized_inversion"),
    "sparsity": ("fista", "irls", "ista", "omp", "spgl1", "splitbregman"),
}


def chunked(value: Any) -> Any:
    """A numeric NumPy array of some size as a Dask array of several chunks; lists of them, too; others as they are."""
    if isinstance(value, list | tuple) and any(isinstance(v, np.ndarray) for v in value):
        return type(value)(map(chunked, value))
    if (
        not isinstance(value, np.ndarray)
        or value.ndim == 0
        or value.size < 2
        or value.dtype.kind not in "biufc"
    ):
        return value
    longest = max(value.shape)
    return da.from_array(value.copy(), tuple(-(-n // 2) if n == longest else n for n in value.shape))


def computed(value: Any) -> Any:
    """A result, computed where it is lazy."""
    return dask.compute(value)[0] if isinstance(value, da.Array | tuple) else value


def on_chunks(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function or method that gets Dask arrays in place of NumPy's, and returns NumPy's."""
    inside = False

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        nonlocal inside
        if inside:  # called by the library itself
            return function(*args, **options)
        inside = True
        try:
            return computed(function(*map(chunked, args), **{k: chunked(v) for k, v in options.items()}))
        finally:
            inside = False

    return call


def feed_dask() -> None:
    """Let all operators and solvers of this library get Dask arrays."""
    for name in METHODS:
        setattr(pld.LinearOperator, name, on_chunks(getattr(pld.LinearOperator, name)))
    for module, names in SOLVERS.items():
        place = getattr(pld.optimization, module)
        for name in names:
            setattr(place, name, on_chunks(getattr(place, name)))
