"""Proximal operators and solvers, with the names and conventions of PyProximal.

The functions ``ProximalGradient``, ``ADMM``, ``LinearizedADMM`` and ``PrimalDual`` are PyProximal's; the algorithms
of the same names, for :func:`pylops_distributed.optimization.session.run_solver`, are in
:mod:`pylops_distributed.optimization`.
"""

from pylops_distributed.registry import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
