"""Linear operators: the base class, operators made of others, labels, costs, and the bridge to PyLops."""

from pylops_distributed.registry import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
