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
from pylops_distributed.avo.poststack import *
from pylops_distributed.avo.prestack import *
from pylops_distributed.basicoperators import *
from pylops_distributed.config import (
    disabled_ndarray_multiplication,
    enabled_ndarray_multiplication,
    get_ndarray_multiplication,
    set_ndarray_multiplication,
)
from pylops_distributed.errors import InsufficientMemoryError
from pylops_distributed.jaxoperator import JaxOperator
from pylops_distributed.linearoperator.memory_check import check_memory
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.basic import *
from pylops_distributed.optimization.leastsquares import *
from pylops_distributed.optimization.sparsity import *
from pylops_distributed.pytensoroperator import PyTensorOperator
from pylops_distributed.runs.comparison import compare
from pylops_distributed.runs.plots import (
    plot_convergence,
    plot_difference,
    plot_iterates,
    plot_residual,
    plot_slices,
    plot_spectrum,
)
from pylops_distributed.runs.reading import open_run
from pylops_distributed.storage.run import list_runs
from pylops_distributed.torchoperator import TorchOperator
from pylops_distributed.utils.seismicevents import *
from pylops_distributed.utils.tapers import *
from pylops_distributed.utils.utils import *
from pylops_distributed.utils.wavelets import *

__all__ = [
    "JaxOperator",
    "LinearOperator",
    "PyTensorOperator",
    "TorchOperator",
    "aslinearoperator",
    "avo",
    "optimization",
]
__all__ += ["InsufficientMemoryError", "check_memory", "config"]
__all__ += ["disabled_ndarray_multiplication", "enabled_ndarray_multiplication"]
__all__ += ["get_ndarray_multiplication", "set_ndarray_multiplication"]
__all__ += ["medical", "signalprocessing", "utils", "waveeqprocessing"]
__all__ += ["compare", "list_runs", "open_run"]
__all__ += [
    "plot_convergence",
    "plot_difference",
    "plot_iterates",
    "plot_residual",
    "plot_slices",
    "plot_spectrum",
]
__all__ += avo.poststack.__all__ + avo.prestack.__all__ + basicoperators.__all__
__all__ += optimization.basic.__all__ + optimization.leastsquares.__all__ + optimization.sparsity.__all__
__all__ += utils.seismicevents.__all__ + utils.tapers.__all__ + utils.utils.__all__ + utils.wavelets.__all__
