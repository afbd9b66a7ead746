# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .box import Box as Box
from .huber import Huber as Huber
from .hubercircular import HuberCircular as HuberCircular
from .l1 import L1 as L1
from .l2 import L2 as L2
from .l21 import L21 as L21
from .nuclear import Nuclear as Nuclear
from .proxoperator import ProxOperator as ProxOperator
from .tv import TV as TV
