# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from . import avo as avo
from . import config as config
from . import medical as medical
from . import optimization as optimization
from . import signalprocessing as signalprocessing
from . import utils as utils
from . import waveeqprocessing as waveeqprocessing
from .avo.poststack import PoststackInversion as PoststackInversion
from .avo.poststack import PoststackLinearModelling as PoststackLinearModelling
from .avo.prestack import PrestackInversion as PrestackInversion
from .avo.prestack import PrestackLinearModelling as PrestackLinearModelling
from .avo.prestack import PrestackWaveletModelling as PrestackWaveletModelling
from .basicoperators import Block as Block
from .basicoperators import BlockDiag as BlockDiag
from .basicoperators import CausalIntegration as CausalIntegration
from .basicoperators import Conj as Conj
from .basicoperators import Diagonal as Diagonal
from .basicoperators import FirstDerivative as FirstDerivative
from .basicoperators import FirstDirectionalDerivative as FirstDirectionalDerivative
from .basicoperators import Flip as Flip
from .basicoperators import FunctionOperator as FunctionOperator
from .basicoperators import Gradient as Gradient
from .basicoperators import HStack as HStack
from .basicoperators import Identity as Identity
from .basicoperators import Imag as Imag
from .basicoperators import Kronecker as Kronecker
from .basicoperators import Laplacian as Laplacian
from .basicoperators import LinearRegression as LinearRegression
from .basicoperators import MatrixMult as MatrixMult
from .basicoperators import MemoizeOperator as MemoizeOperator
from .basicoperators import Pad as Pad
from .basicoperators import Real as Real
from .basicoperators import Regression as Regression
from .basicoperators import Restriction as Restriction
from .basicoperators import Roll as Roll
from .basicoperators import SecondDerivative as SecondDerivative
from .basicoperators import SecondDirectionalDerivative as SecondDirectionalDerivative
from .basicoperators import Smoothing1D as Smoothing1D
from .basicoperators import Smoothing2D as Smoothing2D
from .basicoperators import SmoothingND as SmoothingND
from .basicoperators import Spread as Spread
from .basicoperators import Sum as Sum
from .basicoperators import Symmetrize as Symmetrize
from .basicoperators import ToCupy as ToCupy
from .basicoperators import Transpose as Transpose
from .basicoperators import VStack as VStack
from .basicoperators import Zero as Zero
from .config import disabled_ndarray_multiplication as disabled_ndarray_multiplication
from .config import enabled_ndarray_multiplication as enabled_ndarray_multiplication
from .config import get_ndarray_multiplication as get_ndarray_multiplication
from .config import set_ndarray_multiplication as set_ndarray_multiplication
from .errors import InsufficientMemoryError as InsufficientMemoryError
from .jaxoperator import JaxOperator as JaxOperator
from .linearoperator.memory_check import check_memory as check_memory
from .linearoperator.operator import LinearOperator as LinearOperator
from .linearoperator.operator import aslinearoperator as aslinearoperator
from .optimization.basic import cg as cg
from .optimization.basic import cgls as cgls
from .optimization.basic import lsmr as lsmr
from .optimization.basic import lsqr as lsqr
from .optimization.leastsquares import normal_equations_inversion as normal_equations_inversion
from .optimization.leastsquares import preconditioned_inversion as preconditioned_inversion
from .optimization.leastsquares import regularized_inversion as regularized_inversion
from .optimization.leastsquares import regularized_system as regularized_system
from .optimization.sparsity import fista as fista
from .optimization.sparsity import irls as irls
from .optimization.sparsity import ista as ista
from .optimization.sparsity import omp as omp
from .optimization.sparsity import spgl1 as spgl1
from .optimization.sparsity import splitbregman as splitbregman
from .pytensoroperator import PyTensorOperator as PyTensorOperator
from .runs.comparison import compare as compare
from .runs.plots import plot_convergence as plot_convergence
from .runs.plots import plot_difference as plot_difference
from .runs.plots import plot_iterates as plot_iterates
from .runs.plots import plot_residual as plot_residual
from .runs.plots import plot_slices as plot_slices
from .runs.plots import plot_spectrum as plot_spectrum
from .runs.reading import open_run as open_run
from .storage.run import list_runs as list_runs
from .torchoperator import TorchOperator as TorchOperator
from .utils.seismicevents import hyperbolic2d as hyperbolic2d
from .utils.seismicevents import hyperbolic3d as hyperbolic3d
from .utils.seismicevents import linear2d as linear2d
from .utils.seismicevents import linear3d as linear3d
from .utils.seismicevents import makeaxis as makeaxis
from .utils.seismicevents import parabolic2d as parabolic2d
from .utils.seismicevents import parabolic3d as parabolic3d
from .utils.tapers import cosinetaper as cosinetaper
from .utils.tapers import hanningtaper as hanningtaper
from .utils.tapers import taper as taper
from .utils.tapers import taper2d as taper2d
from .utils.tapers import taper3d as taper3d
from .utils.tapers import tapernd as tapernd
from .utils.utils import Report as Report
from .utils.wavelets import gaussian as gaussian
from .utils.wavelets import klauder as klauder
from .utils.wavelets import ormsby as ormsby
from .utils.wavelets import ricker as ricker

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
    "InsufficientMemoryError",
    "JaxOperator",
    "Kronecker",
    "Laplacian",
    "LinearOperator",
    "LinearRegression",
    "MatrixMult",
    "MemoizeOperator",
    "Pad",
    "PoststackInversion",
    "PoststackLinearModelling",
    "PrestackInversion",
    "PrestackLinearModelling",
    "PrestackWaveletModelling",
    "PyTensorOperator",
    "Real",
    "Regression",
    "Report",
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
    "TorchOperator",
    "Transpose",
    "VStack",
    "Zero",
    "aslinearoperator",
    "avo",
    "cg",
    "cgls",
    "check_memory",
    "compare",
    "config",
    "cosinetaper",
    "disabled_ndarray_multiplication",
    "enabled_ndarray_multiplication",
    "fista",
    "gaussian",
    "get_ndarray_multiplication",
    "hanningtaper",
    "hyperbolic2d",
    "hyperbolic3d",
    "irls",
    "ista",
    "klauder",
    "linear2d",
    "linear3d",
    "list_runs",
    "lsmr",
    "lsqr",
    "makeaxis",
    "medical",
    "normal_equations_inversion",
    "omp",
    "open_run",
    "optimization",
    "ormsby",
    "parabolic2d",
    "parabolic3d",
    "plot_convergence",
    "plot_difference",
    "plot_iterates",
    "plot_residual",
    "plot_slices",
    "plot_spectrum",
    "preconditioned_inversion",
    "regularized_inversion",
    "regularized_system",
    "ricker",
    "set_ndarray_multiplication",
    "signalprocessing",
    "spgl1",
    "splitbregman",
    "taper",
    "taper2d",
    "taper3d",
    "tapernd",
    "utils",
    "waveeqprocessing",
]

__version__: str
