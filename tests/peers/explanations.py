"""Why tests of PyLops fail here: what the table in the documentation says, and the check of it."""

import re

# Pattern of the node id, pattern of the message, and why.
WHY = (
    (
        r"test_scaled", "complex64",
        "Diagonal of complex values said to be real: complex here, as it computes; PyLops keeps the type.",
    ),
    (
        r"test_rlinear|test_TorchOperator_batch", "not equal",
        "Asks for the same bits as one product of NumPy's; chunks are added up in another order.",
    ),
    (
        r"test_Deghosting", "",
        "PyLops orders wavenumbers with ifftshift, which for an odd number of receivers is not the order its "
        "PhaseShift takes, and its test models the data in the same way.",
    ),
    (
        r"test_ISTA_FISTA_alpha_too_high", "isinf",
        "Steps too long, of complex values: the cost that overflows is NaN here, infinity in PyLops; both stop.",
    ),
    (r"test_PhaseShift_2dsignal", "engine", "PyLops ignores an engine that does not exist; here it is an error."),
)  # fmt: skip


def explained(node: str, message: str) -> str | None:
    """Why an item fails, if that is known."""
    found = (why for where, what, why in WHY if re.search(where, node) and re.search(what, message))
    return next(found, None)
