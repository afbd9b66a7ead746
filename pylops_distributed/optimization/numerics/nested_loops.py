"""Solvers with a solver inside, written as one step: some steps take the inner solver on, others begin it anew.

A step applies the operator once whichever it is: to the inner solver's direction, or to the model it has found.
Which one it is stands in the state as the number ``restart``, so that all steps are the same graph.
"""

from __future__ import annotations

import dask.array as da

from pylops_distributed.vectors.elementwise import scalars
from pylops_distributed.vectors.types import NDArray, Scalar


def _progress(
    niter: int, tol: float, restart: NDArray, outer: NDArray, inner: NDArray, first: NDArray, k: NDArray
) -> tuple[object, ...]:
    if restart:
        return outer + 1, 0, k, float(niter <= 0 or k <= tol)
    return outer, inner + 1, first, float(inner + 1 >= niter or k <= tol)


def advance_counters(
    restart: Scalar, outer: Scalar, inner: Scalar, first: Scalar, k: da.Array, niter: int, tol: float
) -> dict[str, da.Array]:
    """How far outer and inner loop are after a step, and whether the next one begins the inner one anew.

    Parameters
    ----------
    restart : dask.array.Array
        Whether this step began the inner loop anew.
    outer, inner : dask.array.Array
        How far they were before.
    first : dask.array.Array
        Value of ``k`` when the inner loop began.
    k : dask.array.Array
        What the inner loop brings down to ``tol``.
    niter : int
        Number of inner iterations.
    tol : float
        Tolerance of the inner loop.
    """
    return scalars(
        _progress,
        ("outer", "inner", "kfirst", "restart"),
        *(restart, outer, inner, first, k),
        settings=(niter, tol),
        dtype=k.dtype,
    )
