"""Solvers: one algorithm a file; PyLops' functions in ``basic``, ``leastsquares``, ``sparsity`` and ``eigs``.

The names here are the algorithms: settings, with ``init``, ``step`` and ``done``, for
:func:`pylops_distributed.optimization.session.run_solver`. PyLops' classes are in ``cls_basic``,
``cls_leastsquares`` and ``cls_sparsity``, its callbacks in ``callback``. PyProximal's functions are in ``primal`` and
``primaldual``, its operators in ``proximal``.
"""

from pylops_distributed.registry import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
