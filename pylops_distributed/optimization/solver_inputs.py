"""Inputs of solvers: vectors of NumPy or Dask, and settings in the words of SciPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dask.array as da
import numpy as np

from pylops_distributed.linearoperator.array_inputs import lazily
from pylops_distributed.vectors.namespace import reject_masked
from pylops_distributed.vectors.space import BlockVector, Vector, VectorLike
from pylops_distributed.vectors.types import Settings


def as_numpy_vector(x: VectorLike) -> Vector:
    """A vector that is a NumPy array, or is made of such, as it is; anything else as an array."""
    if isinstance(x, BlockVector):
        return x
    reject_masked(x)
    array: Any = np.asarray(x)
    vector: Vector = array
    return vector


def as_lazy_vector(x: VectorLike) -> Vector:
    """A vector that is an array or Blocks as one that is lazy."""
    if isinstance(x, BlockVector):
        return lazily(x)
    reject_masked(x)
    return da.asarray(x)


def renamed(settings: Mapping[str, object]) -> Settings:
    """Settings of a solver, with SciPy's limit of iterations under PyLops' name."""
    return {"niter" if name == "iter_lim" else name: value for name, value in settings.items()}
