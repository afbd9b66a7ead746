"""Classes of the solvers for sparse models, with the methods of PyLops' classes."""

from pylops_distributed.optimization.pylops_api.cls_irls import IRLS
from pylops_distributed.optimization.pylops_api.cls_ista import FISTA, ISTA
from pylops_distributed.optimization.pylops_api.cls_omp import OMP
from pylops_distributed.optimization.pylops_api.cls_spgl1 import SPGL1
from pylops_distributed.optimization.pylops_api.cls_splitbregman import SplitBregman

__all__ = ["FISTA", "IRLS", "ISTA", "OMP", "SPGL1", "SplitBregman"]
