"""The registry of operators: each public one in a few settings, next to its counterpart in PyLops."""

from case import precision, samples
from cases_basic import BASIC
from cases_signal import SIGNAL
from cases_wave import WAVE

CASES = [*BASIC, *SIGNAL, *WAVE]

__all__ = ["CASES", "precision", "samples"]
