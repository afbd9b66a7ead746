"""Names in tokens that runs keep: a module, class or function that is moved or renamed keeps the one it had.

A run of an operator, or of a solver that holds some, is known by a token of them, in which functions and classes count
by module and name. To move one, add a line here: without it, the runs that are stored could not be resumed.
"""

from __future__ import annotations

# "module" or "module:name" as it is now, and as it was when tokens of it were first stored.
STORED: dict[str, str] = {
    f"pylops_distributed.{module}:{now}": f"pylops_distributed.{module}:{stored}"
    for module, now, stored in (
        ("basicoperators.spread", "_table_block", "_called"),
        ("blockwise.curve_sum", "_curve_block", "_made"),
        ("signalprocessing.convolvend", "convolve_axes", "convolve"),
        ("signalprocessing.dtcwt", "build_dtcwt", "build"),
        ("vectors.space", "dot_blocks", "_dot"),
        ("waveeqprocessing.twoway", "build_acoustic_wave", "build"),
    )
}


def stored_name(module: str, name: str) -> tuple[str, str]:
    """Module and qualified name of a function or class, as tokens hold them."""
    whole = STORED.get(f"{module}:{name}")
    if whole is None:
        return STORED.get(module, module), name
    before, _, renamed = whole.partition(":")
    return before, renamed
