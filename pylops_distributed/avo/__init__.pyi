# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .avo import AVOLinearModelling as AVOLinearModelling
from .avo import akirichards as akirichards
from .avo import approx_zoeppritz_pp as approx_zoeppritz_pp
from .avo import fatti as fatti
from .avo import ps as ps
from .avo import zoeppritz_element as zoeppritz_element
from .avo import zoeppritz_pp as zoeppritz_pp
from .avo import zoeppritz_scattering as zoeppritz_scattering
from .poststack import PoststackInversion as PoststackInversion
from .poststack import PoststackLinearModelling as PoststackLinearModelling
from .prestack import PrestackInversion as PrestackInversion
from .prestack import PrestackLinearModelling as PrestackLinearModelling
from .prestack import PrestackWaveletModelling as PrestackWaveletModelling
