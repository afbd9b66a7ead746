"""Solvers: one algorithm a file; PyLops' functions in ``basic``, ``leastsquares``, ``sparsity`` and ``eigs``.

The names here are the algorithms: settings, with ``init``, ``step`` and ``done``, for
:func:`pylops_distributed.optimization.solver.solve`. PyLops' classes are in ``cls_basic``, ``cls_leastsquares`` and
``cls_sparsity``, its callbacks in ``callback``. PyProximal's functions are in ``primal`` and ``primaldual``, its
operators in ``proximal``.
"""

from pylops_distributed.optimization import (
    basic,
    callback,
    cls_basic,
    cls_leastsquares,
    cls_sparsity,
    eigs,
    leastsquares,
    primal,
    primaldual,
    proximal,
    sparsity,
)
from pylops_distributed.optimization.cg import CG
from pylops_distributed.optimization.cgls import CGLS
from pylops_distributed.optimization.fista import FISTA
from pylops_distributed.optimization.irls import IRLS
from pylops_distributed.optimization.irlsmodel import IRLSModel
from pylops_distributed.optimization.ista import ISTA
from pylops_distributed.optimization.lsmr import LSMR
from pylops_distributed.optimization.lsqr import LSQR
from pylops_distributed.optimization.mp import MP
from pylops_distributed.optimization.omp import OMP
from pylops_distributed.optimization.power import PowerIteration
from pylops_distributed.optimization.proximal.admm import ADMM
from pylops_distributed.optimization.proximal.linearizedadmm import LinearizedADMM
from pylops_distributed.optimization.proximal.primaldual import PrimalDual
from pylops_distributed.optimization.proximal.proximalgradient import ProximalGradient
from pylops_distributed.optimization.spgl1 import SPGL1
from pylops_distributed.optimization.splitbregman import SplitBregman

__all__ = [
    "ADMM",
    "CG",
    "CGLS",
    "FISTA",
    "IRLS",
    "ISTA",
    "LSMR",
    "LSQR",
    "MP",
    "OMP",
    "SPGL1",
    "IRLSModel",
    "LinearizedADMM",
    "PowerIteration",
    "PrimalDual",
    "ProximalGradient",
    "SplitBregman",
]
__all__ += [
    "basic",
    "callback",
    "cls_basic",
    "cls_leastsquares",
    "cls_sparsity",
    "eigs",
    "leastsquares",
    "primal",
    "primaldual",
    "proximal",
    "sparsity",
]
