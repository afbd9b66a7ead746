"""Linear operators: the base class, operators made of others, labels, costs, and the bridge to PyLops."""

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator

__all__ = ["LinearOperator", "aslinearoperator"]
