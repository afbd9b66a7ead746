"""Derivatives along directions, at PyLops' path; each is defined in a separate file."""

from pylops_distributed.basicoperators.firstdirectionalderivative import FirstDirectionalDerivative
from pylops_distributed.basicoperators.seconddirectionalderivative import SecondDirectionalDerivative

__all__ = ["FirstDirectionalDerivative", "SecondDirectionalDerivative"]
