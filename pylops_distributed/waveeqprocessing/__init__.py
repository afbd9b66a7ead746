"""Operators and inversions for wave-equation processing."""

from pylops_distributed.waveeqprocessing.blending import BlendingContinuous, BlendingGroup, BlendingHalf
from pylops_distributed.waveeqprocessing.kirchhoff import Kirchhoff
from pylops_distributed.waveeqprocessing.lsm import LSM
from pylops_distributed.waveeqprocessing.marchenko import Marchenko
from pylops_distributed.waveeqprocessing.mdc import MDC
from pylops_distributed.waveeqprocessing.mdd import MDD
from pylops_distributed.waveeqprocessing.oneway import Deghosting, PhaseShift
from pylops_distributed.waveeqprocessing.seismicinterpolation import SeismicInterpolation
from pylops_distributed.waveeqprocessing.twoway import AcousticWave2D
from pylops_distributed.waveeqprocessing.wavedecomposition import (
    PressureToVelocity,
    UpDownComposition2D,
    UpDownComposition3D,
    WavefieldDecomposition,
)

__all__ = [
    "LSM",
    "MDC",
    "MDD",
    "AcousticWave2D",
    "BlendingContinuous",
    "BlendingGroup",
    "BlendingHalf",
    "Deghosting",
    "Kirchhoff",
    "Marchenko",
    "PhaseShift",
    "PressureToVelocity",
    "SeismicInterpolation",
    "UpDownComposition2D",
    "UpDownComposition3D",
    "WavefieldDecomposition",
]
