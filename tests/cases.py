"""The registry of operators: each public one in a few settings, next to its counterpart in PyLops."""

from dataclasses import replace

from cases_basic import BASIC
from cases_signal import SIGNAL
from cases_wave import WAVE

# What a local member makes of other types is not known before it is applied; PyLops' padded FFT2D casts, its FFT not.
OTHER_TYPES = {"Kronecker-local", "signalprocessing.FFT2D-longer"}

CASES = [replace(case, reference_types=case.name not in OTHER_TYPES) for case in [*BASIC, *SIGNAL, *WAVE]]
