# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .box import Box as Box
from .euclidean import Euclidean as Euclidean
from .euclideanball import EuclideanBall as EuclideanBall
from .huber import Huber as Huber
from .hubercircular import HuberCircular as HuberCircular
from .l0 import L0 as L0
from .l1 import L1 as L1
from .l1ball import L1Ball as L1Ball
from .l2 import L2 as L2
from .l21 import L21 as L21
from .log import Log as Log
from .nuclear import Nuclear as Nuclear
from .nuclearball import NuclearBall as NuclearBall
from .proxoperator import ProxOperator as ProxOperator
from .tv import TV as TV
from .vstack import VStack as VStack
