"""Why tests of PyLops fail here: what the table in the documentation says, and the check of it."""

import re

# Pattern of the node id, pattern of the message, and why.
WHY = (
    (r"test_(ct|twoway|jaxoperator|pytensoroperator|torchoperator)\.py", "", "the engine is not installed"),
    (
        r"test_Convolve2D", "float64.*float32",
        "An operator said to be of double precision, with filter and data of single: PyLops goes by the filter, "
        "here by what the operator is said to be.",
    ),
    (
        r"test_scaled", "complex64",
        "Diagonal of complex values said to be real: complex here, as it computes; PyLops keeps the type.",
    ),
    (
        r"test_rlinear", "not equal",
        "asks for the same bits as one NumPy product; chunks are added up in another order",
    ),
    (
        r"test_SecondDirectionalDerivative_verticalderivative\[float32", "not equal",
        "asks for the same bits from two operators; here one adds up weights before it applies them",
    ),
    (
        r"test_Regression|MatrixMult_sparse", "not almost equal",
        "LSQR in single precision stays in single precision; PyLops' continues in double after the first step.",
    ),
    (
        r"test_Deghosting", "",
        "PyLops orders wavenumbers with ifftshift, which for an odd number of receivers is not the order its "
        "PhaseShift takes, and its test models the data in the same way.",
    ),
    (
        r"test_memoize_evals", r"assert 3 == 1",
        "Arrays are known by their keys, PyLops' by their values; the adapter chunks equal values in other ways.",
    ),
    (
        r"test_ISTA_FISTA_alpha_too_high", "isinf",
        "Steps too long, of complex values: the cost of overflow is no number here, infinity in PyLops; both stop.",
    ),
    (r"test_PhaseShift_2dsignal", "engine", "PyLops ignores an engine that does not exist; here it is an error."),
)  # fmt: skip


def explained(node: str, message: str) -> str | None:
    """Why an item fails, if that is known."""
    found = (why for where, what, why in WHY if re.search(where, node) and re.search(what, message))
    return next(found, None)
