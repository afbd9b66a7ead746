"""Proximal operators and solvers, with the names and conventions of PyProximal.

The functions ``ProximalGradient``, ``ADMM``, ``LinearizedADMM`` and ``PrimalDual`` are PyProximal's; the algorithms
of the same names, for :func:`pylops_distributed.optimization.session.solve`, are in
:mod:`pylops_distributed.optimization`.
"""

from pylops_distributed.optimization.proximal.box import Box
from pylops_distributed.optimization.proximal.l1 import L1
from pylops_distributed.optimization.proximal.l2 import L2
from pylops_distributed.optimization.proximal.l21 import L21
from pylops_distributed.optimization.proximal.nuclear import Nuclear
from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.optimization.proximal.tv import TV

__all__ = ["L1", "L2", "L21", "TV", "Box", "Nuclear", "ProxOperator"]
