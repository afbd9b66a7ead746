"""Checks of custom operators and solvers: those that every operator and solver of this library passes."""

from pylops_distributed.registry import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
