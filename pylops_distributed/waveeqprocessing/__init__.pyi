# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .blending import BlendingContinuous as BlendingContinuous
from .blending import BlendingGroup as BlendingGroup
from .blending import BlendingHalf as BlendingHalf
from .kirchhoff import Kirchhoff as Kirchhoff
from .lsm import LSM as LSM
from .marchenko import Marchenko as Marchenko
from .mdc import MDC as MDC
from .mdd import MDD as MDD
from .oneway import Deghosting as Deghosting
from .oneway import PhaseShift as PhaseShift
from .seismicinterpolation import SeismicInterpolation as SeismicInterpolation
from .twoway import AcousticWave2D as AcousticWave2D
from .wavedecomposition import PressureToVelocity as PressureToVelocity
from .wavedecomposition import UpDownComposition2D as UpDownComposition2D
from .wavedecomposition import UpDownComposition3D as UpDownComposition3D
from .wavedecomposition import WavefieldDecomposition as WavefieldDecomposition
