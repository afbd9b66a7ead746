"""PyLops' function for the largest eigenvalue."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.algorithms.power import PowerIteration, PowerIterationState
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.vectors.noise import noise
from pylops_distributed.vectors.space import Vector, flatten

__all__ = ["power_iteration"]


def power_iteration(
    Op: LinearOperator,
    niter: int = 10,
    tol: float = 1e-5,
    dtype: DTypeLike = "float32",
    backend: str = "numpy",
) -> tuple[da.Array, Vector, int]:
    """The eigenvalue of largest magnitude of a square operator, and its eigenvector.

    Parameters
    ----------
    Op : LinearOperator
        Square operator.
    niter : int, optional
        Maximum number of iterations.
    tol : float, optional
        Stop when the eigenvalue changes by less than this part of itself.
    dtype : dtype, optional
        Type of the first vector; the eigenvector has at least the precision of the operator.
    backend : str, optional
        Taken for compatibility.

    Returns
    -------
    maxeig : float or complex
        Eigenvalue.
    b_k : dask.array.Array
        Eigenvector, flat and of norm one; its chunks are computed. The start looks random, and is the same
        every time and for every chunking.
    iiter : int
        Number of steps taken.

    See Also
    --------
    pylops.optimization.eigs.power_iteration
    """
    op = aslinearoperator(Op)
    kind = np.result_type(op.dtype, dtype)
    state = largest(op, niter, tol, kind, numpy_like(lazy=op.holds_dask))
    return kind.type(state.eigenvalue), flatten(state.x), state.iteration


def largest(
    op: LinearOperator, niter: int, tol: float, dtype: DTypeLike, like: Vector | None
) -> PowerIterationState:
    """The last state of power iterations from a vector of the kind of ``like``, NumPy's or, for None, Dask's."""
    return run_solver(PowerIteration(niter, tol), op, noise(op.domain, dtype, like)).state


def numpy_like(lazy: bool) -> Vector | None:
    """A vector whose kind is NumPy's, unless that of others is Dask's."""
    like: Any = None if lazy else np.empty(0)
    vector: Vector | None = like
    return vector
