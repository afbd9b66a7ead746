"""Solvers: one algorithm a file; PyLops' functions in ``basic``, ``leastsquares``, ``sparsity`` and ``eigs``.

The names here are the algorithms: settings, with ``init``, ``step`` and ``done``, for
:func:`pylops_distributed.optimization.session.solve`. PyLops' classes are in ``cls_basic``, ``cls_leastsquares`` and
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
from pylops_distributed.optimization.algorithms.admm import ADMM
from pylops_distributed.optimization.algorithms.cg import CG
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.algorithms.fista import FISTA
from pylops_distributed.optimization.algorithms.irls import IRLS
from pylops_distributed.optimization.algorithms.irlsmodel import IRLSModel
from pylops_distributed.optimization.algorithms.ista import ISTA
from pylops_distributed.optimization.algorithms.linearizedadmm import LinearizedADMM
from pylops_distributed.optimization.algorithms.lsmr import LSMR
from pylops_distributed.optimization.algorithms.lsqr import LSQR
from pylops_distributed.optimization.algorithms.mp import MP
from pylops_distributed.optimization.algorithms.omp import OMP
from pylops_distributed.optimization.algorithms.power import PowerIteration
from pylops_distributed.optimization.algorithms.primaldual import PrimalDual
from pylops_distributed.optimization.algorithms.proximalgradient import ProximalGradient
from pylops_distributed.optimization.algorithms.spgl1 import SPGL1
from pylops_distributed.optimization.algorithms.splitbregman import SplitBregman

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
