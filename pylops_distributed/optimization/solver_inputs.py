"""Inputs of solvers: vectors of NumPy or Dask, and settings in the words of SciPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from math import prod
from numbers import Real
from typing import Any, TypeVar

import dask.array as da
import numpy as np

from pylops_distributed.linearoperator.array_inputs import lazily
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.vectors.namespace import reject_masked
from pylops_distributed.vectors.space import BlockVector, Vector, VectorLike
from pylops_distributed.vectors.types import Settings

S = TypeVar("S")
COUNTS = ("niter", "nouter", "iter_lim")  # how the names of limits of iterations begin


def as_numpy_vector(x: VectorLike) -> Vector:
    """A vector that is a NumPy array, or is made of such, as it is; anything else as an array."""
    if isinstance(x, BlockVector):
        return x
    reject_masked(x)
    array: Any = np.asarray(x)
    vector: Vector = array
    return vector


def copy_of_numpy(x: Vector) -> Vector:
    """A vector apart from a user's NumPy arrays: a model that is the first one would else be the user's array."""
    if isinstance(x, BlockVector):
        return BlockVector(tuple(a.copy() if isinstance(a, np.ndarray) else a for a in x.arrays))
    return x.copy() if isinstance(x, np.ndarray) else x


def as_lazy_vector(x: VectorLike) -> Vector:
    """A vector that is an array or Blocks as one that is lazy."""
    if isinstance(x, BlockVector):
        return lazily(x)
    reject_masked(x)
    return da.asarray(x)


def check_count(name: str, value: object) -> None:
    """Raise for a limit of iterations that is no whole number, or a negative one.

    Raises
    ------
    ValueError
        It names the value.
    """
    number: Any = value
    if value is not None and not (isinstance(value, Real) and number >= 0 and number == int(number)):
        raise ValueError(f"{name} must be a whole number of iterations, zero or more, got {value!r}")


def checked_settings(machine: S, niter: int | None) -> S:
    """An algorithm whose preconditioner, if it has one, is an operator.

    Raises
    ------
    ValueError
        If a number of iterations is negative or broken, or a setting is NaN.
    """
    algorithm: Any = machine
    check_count("niter", niter)
    for field in fields(algorithm):
        value = getattr(algorithm, field.name)
        if field.name.startswith(COUNTS):
            check_count(field.name, value)
        if isinstance(value, float | np.floating) and value != value:
            raise ValueError(f"{field.name}={value!r}: expected a finite number, such as 0.1")
    if getattr(algorithm, "M", None) is None:
        return machine
    settled: S = replace(algorithm, M=aslinearoperator(algorithm.M))
    return settled


def check_sizes(op: LinearOperator, y: VectorLike, x0: VectorLike | None) -> None:
    """Raise for data, or an initial model, that do not have as many samples as an operator's.

    Raises
    ------
    ValueError
        It names both, and the operator's ``dimsd`` or ``dims``.
    """
    sides = (
        ("data y", "data", "dimsd", y, op.dimsd),
        ("values x0 of the initial model", "models", "dims", x0, op.dims),
    )
    for name, kind, dims, vector, shape in sides:
        if vector is None or isinstance(vector, BlockVector):
            continue
        size, expected = prod(np.shape(vector)), prod(shape)
        if size == size and size != expected:
            raise ValueError(
                f"{name} have {size} samples, shape {np.shape(vector)}; expected the {expected} of the {kind} of "
                f"{op!r}, {dims}={shape}, flat or of that shape"
            )


def renamed(settings: Mapping[str, object]) -> Settings:
    """Settings of a solver, with SciPy's limit of iterations under PyLops' name."""
    return {"niter" if name == "iter_lim" else name: value for name, value in settings.items()}


def as_pylops(solver: S, y: VectorLike, x0: VectorLike | None) -> S:
    """``solver`` with its model laid out as PyLops' functions do: flat where ``x0`` or the operator ask for it."""
    laid_out: Any = solver
    if not isinstance(y, BlockVector):
        flat = x0 is not None and not isinstance(x0, BlockVector) and x0.ndim == 1
        laid_out.flat = bool(laid_out.Op.forceflat) or flat
    return solver
