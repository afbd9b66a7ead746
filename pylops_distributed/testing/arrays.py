"""Arrays for checks: samples, ways to chunk them, and how close results have to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.vectors.types import NDArray

# Ways to cut an axis of ``n`` samples, by name.
CHUNKINGS: dict[str, Callable[[int], tuple[int, ...]]] = {
    "one": lambda n: (n,),
    "even": lambda n: (n,) if n % 2 else (n // 2, n // 2),
    "ragged": lambda n: (1, n - 3, 2) if n > 3 else (n,),
    "smaller than a halo": lambda n: (2,) * (n // 2) + (1,) * (n % 2),
}


def samples(shape: int | Sequence[int], dtype: DTypeLike, seed: int = 0) -> NDArray:
    """Normally distributed samples of a shape, complex if ``dtype`` is.

    Parameters
    ----------
    shape : int or sequence of int
        Shape.
    dtype : dtype
        Type of the samples.
    seed : int, optional
        Seed of the random numbers.
    """
    rng = np.random.default_rng(seed)
    x: NDArray = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def precision(dtype: DTypeLike) -> float:
    """Tolerance of a type, relative to norms."""
    return 1e-6 if np.finfo(np.dtype(dtype)).bits == 32 else 1e-12


def cut(x: NDArray, chunking: str) -> da.Array:
    """An array on Dask, all its axes cut in one of :data:`CHUNKINGS`."""
    return da.from_array(x, chunks=tuple(CHUNKINGS[chunking](n) for n in x.shape))
