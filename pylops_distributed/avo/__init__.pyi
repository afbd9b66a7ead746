# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .avo import AVOLinearModelling as AVOLinearModelling
from .poststack import PoststackInversion as PoststackInversion
from .poststack import PoststackLinearModelling as PoststackLinearModelling
from .prestack import PrestackInversion as PrestackInversion
from .prestack import PrestackLinearModelling as PrestackLinearModelling
from .prestack import PrestackWaveletModelling as PrestackWaveletModelling
