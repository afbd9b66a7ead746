"""Operators for signal processing."""

from pylops_distributed.signalprocessing.bilinear import Bilinear
from pylops_distributed.signalprocessing.chirpradon2d import ChirpRadon2D
from pylops_distributed.signalprocessing.chirpradon3d import ChirpRadon3D
from pylops_distributed.signalprocessing.convolve1d import Convolve1D
from pylops_distributed.signalprocessing.convolve2d import Convolve2D
from pylops_distributed.signalprocessing.convolvend import ConvolveND
from pylops_distributed.signalprocessing.dct import DCT
from pylops_distributed.signalprocessing.dtcwt import DTCWT
from pylops_distributed.signalprocessing.dwt import DWT
from pylops_distributed.signalprocessing.dwt2d import DWT2D
from pylops_distributed.signalprocessing.dwtnd import DWTND
from pylops_distributed.signalprocessing.fft import FFT
from pylops_distributed.signalprocessing.fft2d import FFT2D
from pylops_distributed.signalprocessing.fftnd import FFTND
from pylops_distributed.signalprocessing.fourierradon2d import FourierRadon2D
from pylops_distributed.signalprocessing.fourierradon3d import FourierRadon3D
from pylops_distributed.signalprocessing.fredholm1 import Fredholm1
from pylops_distributed.signalprocessing.interp import Interp
from pylops_distributed.signalprocessing.interpspline import InterpCubicSpline
from pylops_distributed.signalprocessing.nonstatconvolve1d import NonStationaryConvolve1D
from pylops_distributed.signalprocessing.nonstatconvolve2d import NonStationaryConvolve2D
from pylops_distributed.signalprocessing.nonstatconvolve3d import NonStationaryConvolve3D
from pylops_distributed.signalprocessing.nonstatfilters1d import NonStationaryFilters1D
from pylops_distributed.signalprocessing.nonstatfilters2d import NonStationaryFilters2D
from pylops_distributed.signalprocessing.patch2d import Patch2D
from pylops_distributed.signalprocessing.patch3d import Patch3D
from pylops_distributed.signalprocessing.pwsmoother2d import PWSmoother2D
from pylops_distributed.signalprocessing.pwsprayer2d import PWSprayer2D
from pylops_distributed.signalprocessing.radon2d import Radon2D
from pylops_distributed.signalprocessing.radon3d import Radon3D
from pylops_distributed.signalprocessing.seislet import Seislet
from pylops_distributed.signalprocessing.shift import Shift
from pylops_distributed.signalprocessing.sliding1d import Sliding1D
from pylops_distributed.signalprocessing.sliding2d import Sliding2D
from pylops_distributed.signalprocessing.sliding3d import Sliding3D
from pylops_distributed.signalprocessing.udct import UDCT

__all__ = [
    "DCT",
    "DTCWT",
    "DWT",
    "DWT2D",
    "DWTND",
    "FFT",
    "FFT2D",
    "FFTND",
    "UDCT",
    "Bilinear",
    "ChirpRadon2D",
    "ChirpRadon3D",
    "Convolve1D",
    "Convolve2D",
    "ConvolveND",
    "FourierRadon2D",
    "FourierRadon3D",
    "Fredholm1",
    "Interp",
    "InterpCubicSpline",
    "NonStationaryConvolve1D",
    "NonStationaryConvolve2D",
    "NonStationaryConvolve3D",
    "NonStationaryFilters1D",
    "NonStationaryFilters2D",
    "PWSmoother2D",
    "PWSprayer2D",
    "Patch2D",
    "Patch3D",
    "Radon2D",
    "Radon3D",
    "Seislet",
    "Shift",
    "Sliding1D",
    "Sliding2D",
    "Sliding3D",
]
