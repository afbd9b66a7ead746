"""PyLops' solver functions on Dask arrays: thin over the algorithms next door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np

from pylops_distributed.linearoperator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.cg import CG
from pylops_distributed.optimization.cgls import CGLS
from pylops_distributed.optimization.solver import Solution, solve
from pylops_distributed.optimization.state import Reason
from pylops_distributed.space import Vector, flatten, reshape

_ISTOP = {Reason.CONVERGED: 1, Reason.NITER: 2, Reason.CALLBACK: 3}


def cg(
    Op: LinearOperator,
    y: Vector,
    x0: Vector | None = None,
    niter: int = 10,
    damp: float = 0.0,
    tol: float = 1e-4,
    callback: Callable[[Any], None] | None = None,
) -> tuple[Any, int, np.ndarray[Any, Any]]:
    r"""Conjugate gradients for a square, Hermitian, positive definite operator.

    Parameters
    ----------
    Op : LinearOperator
        Operator of shape :math:`[N \times N]`, of this library or of PyLops.
    y : dask.array.Array
        Data, flat or shaped like ``Op.dimsd``.
    x0 : dask.array.Array, optional
        Initial model.
    niter : int, optional
        Maximum number of iterations.
    damp : float, optional
        Damping, added to the diagonal.
    tol : float, optional
        Stop when the squared norm of the residual is not above this value.
    callback : callable, optional
        Called with the model after every step.

    Returns
    -------
    x : dask.array.Array
        Model, shaped as ``y`` was given: flat or like ``Op.dims``; its chunks are computed.
    iit : int
        Number of steps taken.
    cost : numpy.ndarray
        Norm of the residual before the first and after every step.

    See Also
    --------
    pylops.optimization.basic.cg
    """
    x, solution = run(CG(niter, damp, tol), Op, y, x0, callback)
    return x, solution.state.iteration, solution.history["cost"]


def cgls(
    Op: LinearOperator,
    y: Vector,
    x0: Vector | None = None,
    niter: int = 10,
    damp: float = 0.0,
    tol: float = 1e-4,
    callback: Callable[[Any], None] | None = None,
) -> tuple[Any, int, int, float, float, np.ndarray[Any, Any]]:
    r"""Conjugate gradients for least squares.

    Parameters
    ----------
    Op : LinearOperator
        Operator of shape :math:`[N \times M]`, of this library or of PyLops.
    y : dask.array.Array or Blocks
        Data, flat, shaped like ``Op.dimsd``, or as Blocks.
    x0 : dask.array.Array, optional
        Initial model.
    niter : int, optional
        Maximum number of iterations.
    damp : float, optional
        Damping :math:`\epsilon`.
    tol : float, optional
        Stop when the squared norm of the gradient is not above this value.
    callback : callable, optional
        Called with the model after every step.

    Returns
    -------
    x : dask.array.Array
        Model, flat if ``y`` was flat and shaped like ``Op.dims`` otherwise; its chunks are computed.
    istop : int
        1 converged, 2 reached ``niter``, 3 stopped by a callback.
    iit : int
        Number of steps taken.
    r1norm : float
        Squared norm of the last gradient, as in PyLops.
    r2norm : float
        Square root of the objective at the last model.
    cost : numpy.ndarray
        Norm of the data residual before the first and after every step.

    See Also
    --------
    pylops.optimization.basic.cgls
    """
    x, solution = run(CGLS(niter, damp, tol), Op, y, x0, callback)
    state, history = solution.state, solution.history
    istop = _ISTOP[solution.reason]
    return x, istop, state.iteration, float(state.kold), float(history["cost1"][-1]), history["cost"]


def run(
    solver: Any, Op: Any, y: Vector, x0: Vector | None, callback: Callable[[Any], None] | None
) -> tuple[Any, Solution[Any]]:
    """Solve in the operator's own layout and give the model back in the layout that ``y`` came in."""
    op = aslinearoperator(Op)
    flat = isinstance(y, da.Array) and y.ndim == 1

    def shaped(x: Vector) -> Vector:
        return flatten(x) if flat else x

    def on_step(state: Any) -> None:
        if callback is not None:
            callback(shaped(state.x))

    start = None if x0 is None else reshape(x0, op.domain)
    solution = solve(solver, op, reshape(y, op.codomain), start, on_step=on_step)
    return shaped(solution.x), solution
