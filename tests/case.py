"""One case of the registry of operators: what it builds, and how."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import dask.array as da
import numpy as np
import pylops

import pylops_distributed as pld

DIMS = (13, 6)
DTYPES = ("f4", "f8", "c8", "c16")


@dataclass(frozen=True)
class Case:
    """An operator to test.

    ``make(library, dtype)`` builds it with either library, for each of ``dtypes``. ``tasks`` are the most tasks
    that forward and adjoint may take for each chunk of the side that has more of them; where ``rechunks`` is
    False, those that only rechunk do not count. A ``constant`` operator does not look at its input.
    """

    name: str
    make: Callable
    tasks: tuple[int, int] = (4, 4)
    constant: bool = False
    dtypes: tuple[str, ...] = DTYPES
    rechunks: bool = True

    @property
    def usual(self):
        """The type for tests that take one."""
        return "f8" if "f8" in self.dtypes else self.dtypes[-1]

    def ours(self, dtype):
        return self.make(pld, np.dtype(dtype))

    def twin(self, dtype):
        with warnings.catch_warnings():  # PyLops warns about PyLops
            warnings.simplefilter("ignore")
            return self.make(pylops, np.dtype(dtype))


def samples(shape, dtype, seed=0):
    """Normal samples, complex if ``dtype`` is."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def precision(dtype):
    """Tolerance relative to norms."""
    return 1e-6 if np.finfo(dtype).bits == 32 else 1e-12


def close(value, expected, tolerance=1e-5):
    """Check that an array is another one, to a part of its norm."""
    assert value.shape == expected.shape
    assert np.linalg.norm(np.asarray(value) - expected) <= tolerance * np.linalg.norm(expected)


def given(name, operator, *args, **options):
    """Case of a class of ``library`` that takes the same arguments in both."""
    tasks = options.pop("tasks", (4, 4))
    constant = options.pop("constant", False)
    dtypes = options.pop("dtypes", DTYPES)
    rechunks = options.pop("rechunks", True)

    def make(library, dtype):
        cls = library
        for part in operator.split("."):
            cls = getattr(cls, part)
        return cls(*args, dtype=dtype, **options)

    return Case(f"{operator}-{name}", make, tasks, constant, dtypes, rechunks)


def held(name, build, tasks=(4, 4), dtypes=DTYPES, rechunks=True):
    """Case of an operator that holds arrays: ``build(library, dtype, chunked)``."""

    def make(library, dtype):
        def chunked(array, chunks):
            return da.from_array(array, chunks=chunks) if library is pld else array

        return build(library, dtype, chunked)

    return Case(name, make, tasks, dtypes=dtypes, rechunks=rechunks)
