# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .block import Block as Block
from .blockdiag import BlockDiag as BlockDiag
from .causalintegration import CausalIntegration as CausalIntegration
from .conj import Conj as Conj
from .diagonal import Diagonal as Diagonal
from .firstderivative import FirstDerivative as FirstDerivative
from .firstdirectionalderivative import FirstDirectionalDerivative as FirstDirectionalDerivative
from .flip import Flip as Flip
from .functionoperator import FunctionOperator as FunctionOperator
from .gradient import Gradient as Gradient
from .hstack import HStack as HStack
from .identity import Identity as Identity
from .imag import Imag as Imag
from .kronecker import Kronecker as Kronecker
from .laplacian import Laplacian as Laplacian
from .linearregression import LinearRegression as LinearRegression
from .matrixmult import MatrixMult as MatrixMult
from .memoizeoperator import MemoizeOperator as MemoizeOperator
from .pad import Pad as Pad
from .real import Real as Real
from .regression import Regression as Regression
from .restriction import Restriction as Restriction
from .roll import Roll as Roll
from .secondderivative import SecondDerivative as SecondDerivative
from .seconddirectionalderivative import SecondDirectionalDerivative as SecondDirectionalDerivative
from .smoothing1d import Smoothing1D as Smoothing1D
from .smoothing2d import Smoothing2D as Smoothing2D
from .smoothingnd import SmoothingND as SmoothingND
from .spread import Spread as Spread
from .sum import Sum as Sum
from .symmetrize import Symmetrize as Symmetrize
from .tocupy import ToCupy as ToCupy
from .transpose import Transpose as Transpose
from .vstack import VStack as VStack
from .zero import Zero as Zero

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
