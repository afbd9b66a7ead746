"""Derivatives along directions, at PyLops' place; each has a file of its own."""

from pylops_distributed.basicoperators.firstdirectionalderivative import FirstDirectionalDerivative
from pylops_distributed.basicoperators.seconddirectionalderivative import SecondDirectionalDerivative

__all__ = ["FirstDirectionalDerivative", "SecondDirectionalDerivative"]
