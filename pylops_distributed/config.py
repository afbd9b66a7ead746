"""Settings of the library: those of PyLops, in one place for both."""

from pylops.config import (
    Config,
    disabled_ndarray_multiplication,
    enabled_ndarray_multiplication,
    get_ndarray_multiplication,
    set_ndarray_multiplication,
)

__all__ = [
    "Config",
    "disabled_ndarray_multiplication",
    "enabled_ndarray_multiplication",
    "get_ndarray_multiplication",
    "set_ndarray_multiplication",
]
