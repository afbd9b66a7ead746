# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from . import basic as basic
from . import callback as callback
from . import cls_basic as cls_basic
from . import cls_leastsquares as cls_leastsquares
from . import cls_sparsity as cls_sparsity
from . import eigs as eigs
from . import leastsquares as leastsquares
from . import primal as primal
from . import primaldual as primaldual
from . import proximal as proximal
from . import sparsity as sparsity
from .algorithms.admm import ADMM as ADMM
from .algorithms.cg import CG as CG
from .algorithms.cgls import CGLS as CGLS
from .algorithms.fista import FISTA as FISTA
from .algorithms.irls import IRLS as IRLS
from .algorithms.irlsmodel import IRLSModel as IRLSModel
from .algorithms.ista import ISTA as ISTA
from .algorithms.linearizedadmm import LinearizedADMM as LinearizedADMM
from .algorithms.lsmr import LSMR as LSMR
from .algorithms.lsqr import LSQR as LSQR
from .algorithms.mp import MP as MP
from .algorithms.omp import OMP as OMP
from .algorithms.power import PowerIteration as PowerIteration
from .algorithms.primaldual import PrimalDual as PrimalDual
from .algorithms.proximalgradient import ProximalGradient as ProximalGradient
from .algorithms.spgl1 import SPGL1 as SPGL1
from .algorithms.splitbregman import SplitBregman as SplitBregman

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
