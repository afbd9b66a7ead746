# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .bilinear import Bilinear as Bilinear
from .chirpradon2d import ChirpRadon2D as ChirpRadon2D
from .chirpradon3d import ChirpRadon3D as ChirpRadon3D
from .convolve1d import Convolve1D as Convolve1D
from .convolve2d import Convolve2D as Convolve2D
from .convolvend import ConvolveND as ConvolveND
from .dct import DCT as DCT
from .dtcwt import DTCWT as DTCWT
from .dwt import DWT as DWT
from .dwt2d import DWT2D as DWT2D
from .dwtnd import DWTND as DWTND
from .fft import FFT as FFT
from .fft2d import FFT2D as FFT2D
from .fftnd import FFTND as FFTND
from .fourierradon2d import FourierRadon2D as FourierRadon2D
from .fourierradon3d import FourierRadon3D as FourierRadon3D
from .fredholm1 import Fredholm1 as Fredholm1
from .interp import Interp as Interp
from .interpspline import InterpCubicSpline as InterpCubicSpline
from .nonstatconvolve1d import NonStationaryConvolve1D as NonStationaryConvolve1D
from .nonstatconvolve2d import NonStationaryConvolve2D as NonStationaryConvolve2D
from .nonstatconvolve3d import NonStationaryConvolve3D as NonStationaryConvolve3D
from .nonstatfilters1d import NonStationaryFilters1D as NonStationaryFilters1D
from .nonstatfilters2d import NonStationaryFilters2D as NonStationaryFilters2D
from .patch2d import Patch2D as Patch2D
from .patch3d import Patch3D as Patch3D
from .pwsmoother2d import PWSmoother2D as PWSmoother2D
from .pwsprayer2d import PWSprayer2D as PWSprayer2D
from .radon2d import Radon2D as Radon2D
from .radon3d import Radon3D as Radon3D
from .seislet import Seislet as Seislet
from .shift import Shift as Shift
from .sliding1d import Sliding1D as Sliding1D
from .sliding2d import Sliding2D as Sliding2D
from .sliding3d import Sliding3D as Sliding3D
from .udct import UDCT as UDCT

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
