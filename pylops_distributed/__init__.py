"""Large linear inverse problems as real pipelines: PyLops' operators and solvers on Dask arrays.

The names are those of PyLops: ``Diagonal``, ``signalprocessing.Convolve1D``, ``avo.PoststackLinearModelling``
and so on. Operators are lazy; see :class:`LinearOperator`.
"""

from pylops_distributed.registry import attach

__version__ = "1.0.0.dev0"
__getattr__, __dir__, __all__ = attach(__name__, __file__)
