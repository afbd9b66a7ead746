"""Basic operators: one class a file, with PyLops' names."""

from pylops_distributed.basicoperators.block import Block
from pylops_distributed.basicoperators.blockdiag import BlockDiag
from pylops_distributed.basicoperators.causalintegration import CausalIntegration
from pylops_distributed.basicoperators.conj import Conj
from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.basicoperators.firstderivative import FirstDerivative
from pylops_distributed.basicoperators.firstdirectionalderivative import FirstDirectionalDerivative
from pylops_distributed.basicoperators.flip import Flip
from pylops_distributed.basicoperators.functionoperator import FunctionOperator
from pylops_distributed.basicoperators.gradient import Gradient
from pylops_distributed.basicoperators.hstack import HStack
from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.basicoperators.imag import Imag
from pylops_distributed.basicoperators.kronecker import Kronecker
from pylops_distributed.basicoperators.laplacian import Laplacian
from pylops_distributed.basicoperators.linearregression import LinearRegression
from pylops_distributed.basicoperators.matrixmult import MatrixMult
from pylops_distributed.basicoperators.memoizeoperator import MemoizeOperator
from pylops_distributed.basicoperators.pad import Pad
from pylops_distributed.basicoperators.real import Real
from pylops_distributed.basicoperators.regression import Regression
from pylops_distributed.basicoperators.restriction import Restriction
from pylops_distributed.basicoperators.roll import Roll
from pylops_distributed.basicoperators.secondderivative import SecondDerivative
from pylops_distributed.basicoperators.seconddirectionalderivative import SecondDirectionalDerivative
from pylops_distributed.basicoperators.smoothing1d import Smoothing1D
from pylops_distributed.basicoperators.smoothing2d import Smoothing2D
from pylops_distributed.basicoperators.smoothingnd import SmoothingND
from pylops_distributed.basicoperators.spread import Spread
from pylops_distributed.basicoperators.sum import Sum
from pylops_distributed.basicoperators.symmetrize import Symmetrize
from pylops_distributed.basicoperators.tocupy import ToCupy
from pylops_distributed.basicoperators.transpose import Transpose
from pylops_distributed.basicoperators.vstack import VStack
from pylops_distributed.basicoperators.zero import Zero

__all__ = [
    "Block",
    "BlockDiag",
    "CausalIntegration",
    "Conj",
    "Diagonal",
    "FirstDerivative",
    "FirstDirectionalDerivative",
    "Flip",
    "FunctionOperator",
    "Gradient",
    "HStack",
    "Identity",
    "Imag",
    "Kronecker",
    "Laplacian",
    "LinearRegression",
    "MatrixMult",
    "MemoizeOperator",
    "Pad",
    "Real",
    "Regression",
    "Restriction",
    "Roll",
    "SecondDerivative",
    "SecondDirectionalDerivative",
    "Smoothing1D",
    "Smoothing2D",
    "SmoothingND",
    "Spread",
    "Sum",
    "Symmetrize",
    "ToCupy",
    "Transpose",
    "VStack",
    "Zero",
]
