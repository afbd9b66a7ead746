"""Decorators of methods and solvers: PyLops' own, which work on Dask arrays, too."""

from pylops.utils.decorators import (
    add_ndarray_support_to_solver,
    count,
    disable_ndarray_multiplication,
    reshaped,
)

__all__ = [
    "add_ndarray_support_to_solver",
    "count",
    "disable_ndarray_multiplication",
    "reshaped",
]
