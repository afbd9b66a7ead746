"""Large linear inverse problems as real pipelines: PyLops' operators and solvers on Dask arrays.

The names are those of PyLops: ``Diagonal``, ``signalprocessing.Convolve1D``, ``avo.PoststackLinearModelling``
and so on. Operators are lazy; see :class:`LinearOperator`.
"""

from pylops_distributed import (
    avo,
    basicoperators,
    config,
    medical,
    optimization,
    signalprocessing,
    utils,
    waveeqprocessing,
)
from pylops_distributed.basicoperators import *  # noqa: F403
from pylops_distributed.config import (
    disabled_ndarray_multiplication,
    enabled_ndarray_multiplication,
    get_ndarray_multiplication,
    set_ndarray_multiplication,
)
from pylops_distributed.limits import TooLarge, check_memory
from pylops_distributed.linearoperator import LinearOperator, aslinearoperator
from pylops_distributed.results import open_run, plot_convergence, plot_iterates, plot_residual

__all__ = ["LinearOperator", "aslinearoperator", "avo", "config", "optimization", "signalprocessing", "utils"]
__all__ += ["medical", "waveeqprocessing"]
__all__ += ["TooLarge", "check_memory"]
__all__ += ["open_run", "plot_convergence", "plot_iterates", "plot_residual"]
__all__ += ["disabled_ndarray_multiplication", "enabled_ndarray_multiplication"]
__all__ += ["get_ndarray_multiplication", "set_ndarray_multiplication"]
__all__ += basicoperators.__all__
