"""Why tests of PyLops fail here: what the table in the documentation says, and the check of it."""

import re

# Pattern of the node id, pattern of the message, and why.
WHY = (
    (r"test_(ct|twoway|jaxoperator|pytensoroperator|torchoperator)\.py", "", "the engine is not installed"),
    (
        r"Patch3D|forwaback|Convolve2D|PrestackWavelet|NonStationaryFilters1D", "float64.*float32",
        "Double precision data given to a single precision operator stay double here; PyLops casts them.",
    ),
    (
        r"test_Regression|MatrixMult_sparse", "not almost equal",
        "LSQR in single precision stays in single precision; PyLops' goes on in double after the first step.",
    ),
    (
        r"test_Deghosting", "",
        "PyLops orders wavenumbers with ifftshift, which for an odd number of receivers is not the order its "
        "PhaseShift takes, and its test models the data in the same way.",
    ),
    (r"test_PhaseShift_2dsignal", "engine", "PyLops ignores an engine that does not exist; here it is an error."),
    (r"test_kirchhoff", "trav|amp_srcs", "reads arrays that PyLops keeps; here tables are lazy"),
    (r"test_FirstDerivative_invalid", "order must be", "a ValueError here, a NotImplementedError in PyLops"),
)  # fmt: skip


def explained(node: str, message: str) -> str | None:
    """Why an item fails, if that is known."""
    found = (why for where, what, why in WHY if re.search(where, node) and re.search(what, message))
    return next(found, None)
