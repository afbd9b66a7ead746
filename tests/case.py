"""Cases of operators that both libraries have: ours, and PyLops' as its reference."""

from dataclasses import replace
from functools import partial

import dask.array as da
import numpy as np
import pylops

import pylops_distributed as pld
from pylops_distributed.testing import DTYPES, OperatorCase, samples

__all__ = ["DIMS", "DTYPES", "case_of_both", "close", "given", "held", "samples"]

DIMS = (13, 6)


def case_of_both(name, make, tasks=(4, 4), constant=False, dtypes=DTYPES, rechunks=True):
    """Case of an operator that ``make(library, dtype)`` builds with either library."""
    return OperatorCase(name, partial(make, pld), partial(make, pylops), tasks, constant, dtypes, rechunks)


def close(value, expected, tolerance=1e-5):
    """Check that an array is another one, to a part of its norm."""
    assert value.shape == expected.shape
    assert np.linalg.norm(np.asarray(value) - expected) <= tolerance * np.linalg.norm(expected)


def given(name, operator, *args, **options):
    """Case of a class that takes the same arguments in both libraries; of ours alone without ``reference``."""
    reference = options.pop("reference", True)
    tasks = options.pop("tasks", (4, 4))
    constant = options.pop("constant", False)
    dtypes = options.pop("dtypes", DTYPES)
    rechunks = options.pop("rechunks", True)

    def make(library, dtype):
        cls = library
        for part in operator.split("."):
            cls = getattr(cls, part)
        return cls(*args, dtype=dtype, **options)

    case = case_of_both(f"{operator}-{name}", make, tasks, constant, dtypes, rechunks)
    return case if reference else replace(case, reference=None)


def held(name, build, tasks=(4, 4), dtypes=DTYPES, rechunks=True):
    """Case of an operator that holds arrays: ``build(library, dtype, chunked)``."""

    def make(library, dtype):
        def chunked(array, chunks):
            return da.from_array(array, chunks=chunks) if library is pld else array

        return build(library, dtype, chunked)

    return case_of_both(name, make, tasks, dtypes=dtypes, rechunks=rechunks)
