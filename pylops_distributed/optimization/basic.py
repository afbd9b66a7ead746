"""PyLops' functions for least squares on Dask arrays: thin over the classes next door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pylops_distributed.optimization import cls_basic
from pylops_distributed.optimization.callback import Callbacks, CostToDataCallback, CostToInitialCallback
from pylops_distributed.optimization.cls_basic import CG, CGLS, LSMR, LSQR, HybridLSQR
from pylops_distributed.optimization.solver_inputs import as_pylops
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.optimization.algorithms.hybridlsqr import Damp
    from pylops_distributed.optimization.basesolver import S
    from pylops_distributed.vectors.space import Vector, VectorLike

# The classes and callbacks, as in PyLops, under this path as well.
__all__ = [
    "CG",
    "CGLS",
    "LSMR",
    "LSQR",
    "HybridLSQR",
    "cg",
    "cgls",
    "hybrid_lsqr",
    "lsmr",
    "lsqr",
]


def cg(
    Op: LinearOperator,
    y: VectorLike,
    x0: VectorLike | None = None,
    niter: int = 10,
    damp: float = 0.0,
    tol: float = 1e-4,
    rtol: float = 0.0,
    rtol1: float = 0.0,
    show: bool = False,
    itershow: Sequence[int] = (10, 10, 10),
    callback: Callable[[Vector], None] | None = None,
    preallocate: bool = False,
    M: LinearOperator | None = None,
) -> tuple[Vector, int, NDArray]:
    r"""Conjugate gradients for a square, Hermitian, positive definite operator.

    Parameters
    ----------
    Op : LinearOperator
        Operator of shape :math:`[N \times N]`, of this library or of PyLops.
    y : dask.array.Array
        Data, flat or shaped like ``Op.dimsd``.
    x0 : dask.array.Array, optional
        Initial model, flat or shaped like ``Op.dims``.
    niter : int, optional
        Maximum number of iterations.
    damp : float, optional
        Damping, added to the diagonal.
    tol : float, optional
        Stop when the squared norm of the residual is not above this value.
    rtol, rtol1 : float, optional
        Stop when the norm of the residual is below this part of the initial one, or of that of the data.
    show : bool, optional
        Print a table.
    itershow : tuple of int, optional
        Show the first and the last so many steps, and every so many between.
    callback : callable, optional
        Called with the model after every step.
    preallocate : bool, optional
        Taken for compatibility.
    M : LinearOperator, optional
        Preconditioner: Hermitian, positive definite, close to the inverse of ``Op``.

    Returns
    -------
    x : dask.array.Array
        Model, shaped like ``Op.dims``, but flat if ``x0`` is or ``Op.forceflat`` says so; its chunks are computed.
    iit : int
        Number of steps taken.
    cost : numpy.ndarray
        Norm of the residual before the first and after every step, of shape ``(iit + 1,)``.

    See Also
    --------
    pylops.optimization.basic.cg
    """
    solver = as_pylops(with_callback(cls_basic.CG(Op, tolerance_callbacks(rtol, rtol1)), callback), y, x0)
    solution: tuple[Any, int, Any] = solver.solve(
        y=y, x0=x0, niter=niter, damp=damp, tol=tol, show=show, itershow=itershow, M=M
    )
    return solution


def cgls(
    Op: LinearOperator,
    y: VectorLike,
    x0: VectorLike | None = None,
    niter: int = 10,
    damp: float = 0.0,
    tol: float = 1e-4,
    rtol: float = 0.0,
    rtol1: float = 0.0,
    show: bool = False,
    itershow: Sequence[int] = (10, 10, 10),
    callback: Callable[[Vector], None] | None = None,
    preallocate: bool = False,
    M: LinearOperator | None = None,
) -> tuple[Vector, int, int, float, float, NDArray]:
    r"""Conjugate gradients for least squares.

    Parameters
    ----------
    Op : LinearOperator
        Operator of shape :math:`[N \times M]`, of this library or of PyLops.
    y : dask.array.Array or Blocks
        Data, flat, shaped like ``Op.dimsd``, or as Blocks.
    x0, niter, damp, tol, rtol, rtol1, show, itershow, callback, preallocate : optional
        As :func:`cg` takes them, ``tol`` for the squared norm of the gradient and ``damp`` as
        :math:`\epsilon` of :math:`\epsilon^2\|\mathbf{x}\|_2^2`.
    M : LinearOperator, optional
        Preconditioner: Hermitian, positive definite, close to the inverse of
        :math:`\mathbf{Op}^H\mathbf{Op} + \epsilon^2\mathbf{I}`.

    Returns
    -------
    x : dask.array.Array
        Model, shaped like ``Op.dims``, but flat if ``x0`` is or ``Op.forceflat`` says so; its chunks are computed.
    istop : int
        1 converged, 2 reached ``niter``, 3 stopped by a callback.
    iit : int
        Number of steps taken.
    r1norm : float
        Squared norm of the last gradient, as in PyLops.
    r2norm : float
        Square root of the objective at the last model.
    cost : numpy.ndarray
        Norm of the data residual before the first and after every step, of shape ``(iit + 1,)``.

    See Also
    --------
    pylops.optimization.basic.cgls
    """
    solver = as_pylops(with_callback(cls_basic.CGLS(Op, tolerance_callbacks(rtol, rtol1)), callback), y, x0)
    solution: tuple[Any, int, int, float, float, Any] = solver.solve(
        y=y, x0=x0, niter=niter, damp=damp, tol=tol, show=show, itershow=itershow, M=M
    )
    return solution


def lsqr(
    Op: LinearOperator,
    y: VectorLike,
    x0: VectorLike | None = None,
    damp: float = 0.0,
    atol: float = 1e-8,
    btol: float = 1e-8,
    conlim: float = 1e8,
    niter: int = 10,
    calc_var: bool = True,
    show: bool = False,
    itershow: Sequence[int] = (10, 10, 10),
    callback: Callable[[Vector], None] | None = None,
    preallocate: bool = False,
    M: LinearOperator | None = None,
) -> tuple[Vector, ...]:
    r"""Least squares by bidiagonalisation, equivalent to :func:`cgls` and more accurate where ill-conditioned.

    Minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \epsilon^2\|\mathbf{x}-\mathbf{x}_0\|_2^2`: as in
    PyLops and SciPy, damping pulls towards the initial model, and not towards zero as in :func:`cgls`.

    Parameters
    ----------
    Op : LinearOperator
        Operator of shape :math:`[N \times M]`, of this library or of PyLops.
    y : dask.array.Array or Blocks
        Data, flat, shaped like ``Op.dimsd``, or as Blocks.
    x0, niter, damp, show, itershow, callback, preallocate : optional
        As :func:`cgls` takes them.
    atol, btol : float, optional
        Stop when the estimated backward errors in the operator and in the data are below these values.
    conlim : float, optional
        Stop when the estimated condition number is above this value; zero for never.
    calc_var : bool, optional
        Estimate the diagonal of the inverse of the normal operator.
    M : LinearOperator, optional
        Preconditioner: Hermitian, positive definite, close to the inverse of
        :math:`\mathbf{Op}^H\mathbf{Op} + \epsilon^2\mathbf{I}`; with ``damp``, no ``x0``.

    Returns
    -------
    x : dask.array.Array
        Model, shaped like ``Op.dims``, but flat if ``x0`` is or ``Op.forceflat`` says so; its chunks are computed.
    istop : int
        0 the initial model is exact or, as in PyLops, reached ``niter``; 1 the residual, 2 the gradient is small
        enough; 3 ``conlim``; 4, 5, 6 the same for this machine's precision.
    iit : int
        Number of steps taken.
    r1norm, r2norm : float
        Norm of the data residual, and square root of the objective.
    anorm, acond : float
        Estimated Frobenius norm and condition number of the operator with its damping.
    arnorm, xnorm : float
        Norms of the gradient and of the model.
    var : dask.array.Array or None
        Estimated diagonal, laid out as the model and real; None without ``calc_var`` or with ``M``.
    cost : numpy.ndarray
        ``r1norm`` before the first and after every step, of shape ``(iit + 1,)``.

    See Also
    --------
    pylops.optimization.basic.lsqr
    """
    solver = as_pylops(with_callback(cls_basic.LSQR(Op), callback), y, x0)
    solution: tuple[Any, ...] = solver.solve(
        y=y, x0=x0, damp=damp, atol=atol, btol=btol, conlim=conlim, niter=niter, calc_var=calc_var,
        show=show, itershow=itershow, M=M,
    )  # fmt: skip
    return solution


def lsmr(
    Op: LinearOperator,
    y: VectorLike,
    x0: VectorLike | None = None,
    damp: float = 0.0,
    atol: float = 1e-6,
    btol: float = 1e-6,
    conlim: float = 1e8,
    niter: int = 10,
    show: bool = False,
    itershow: Sequence[int] = (10, 10, 10),
    callback: Callable[[Vector], None] | None = None,
) -> tuple[Vector, ...]:
    """Least squares by bidiagonalisation, with a gradient that never grows: safer to stop early than :func:`lsqr`.

    Parameters are those of :func:`lsqr`, and the objective, too: damping pulls towards the initial model.

    Returns
    -------
    x : dask.array.Array
        Model, shaped like ``Op.dims``, but flat if ``x0`` is or ``Op.forceflat`` says so; its chunks are computed.
    istop : int
        As from :func:`lsqr`, but 7 where it reached ``niter``.
    iit : int
        Number of steps taken.
    normr, normar : float
        Norms of the residual, damping included, and of the gradient.
    norma, conda : float
        Estimated Frobenius norm and condition number of the operator with its damping.
    normx : float
        Norm of the model.

    See Also
    --------
    scipy.sparse.linalg.lsmr
    """
    solver = as_pylops(with_callback(cls_basic.LSMR(Op), callback), y, x0)
    solution: tuple[Any, ...] = solver.solve(
        y=y, x0=x0, damp=damp, atol=atol, btol=btol, conlim=conlim, niter=niter, show=show, itershow=itershow
    )
    return solution


def hybrid_lsqr(
    Op: LinearOperator,
    y: VectorLike,
    x0: VectorLike | None = None,
    niter: int = 50,
    damp: Damp = "discrepancy",
    noise: float | None = None,
    tau: float = 1.0,
    basis: int = 50,
    rtol: float = 3e-3,
    show: bool = False,
    itershow: Sequence[int] = (10, 10, 10),
    callback: Callable[[Vector], None] | None = None,
) -> tuple[Vector, int, int, float, NDArray]:
    r"""Damped least squares with a weight that is chosen in the course of one solve.

    Minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \lambda^2\|\mathbf{x}-\mathbf{x}_0\|_2^2`; see
    :class:`pylops_distributed.optimization.HybridLSQR` for the mathematics.

    Parameters
    ----------
    Op : LinearOperator
        Operator of shape :math:`[N \times M]`, of this library or of PyLops.
    y : dask.array.Array or Blocks
        Data, flat, shaped like ``Op.dimsd``, or as Blocks.
    x0 : dask.array.Array, optional
        Model to which damping pulls, flat or shaped like ``Op.dims``; zero if not given.
    niter : int, optional
        Maximum number of iterations.
    damp : {"discrepancy", "gcv", "lcurve"} or float, optional
        How the weight :math:`\lambda` is chosen, or the weight itself.
    noise : float, optional
        Standard deviation of a sample's noise, in the units of the data; estimated if not given.
    tau : float, optional
        Safety factor of the noise level.
    basis : int, optional
        Vectors that are kept, each of the size of the model, and the most steps.
    rtol : float, optional
        Stop when the model changes by less than this part of it, and the weight by less than 2 %, twice in succession.
    show, itershow, callback : optional
        As :func:`cgls` takes them.

    Returns
    -------
    x : dask.array.Array
        Model, shaped like ``Op.dims``, but flat if ``x0`` is or ``Op.forceflat`` says so; its chunks are computed.
    istop : int
        1 weight and model have settled, 2 reached ``niter``, 3 stopped by a callback, 4 the basis is full,
        5 the data are no larger than their noise, and the model is the initial one.
    iit : int
        Number of steps taken.
    weight : float
        The weight :math:`\lambda`; 0 if no weight reaches the noise level.
    cost : numpy.ndarray
        Norm of the data residual before the first and after every step, of shape ``(iit + 1,)``.

    Examples
    --------
    >>> import numpy as np
    >>> import pylops_distributed as pld
    >>> op = pld.Diagonal(0.8 ** np.arange(60))
    >>> noise = 0.01 * np.random.default_rng(0).standard_normal(60)
    >>> x, istop, iit, weight, cost = pld.hybrid_lsqr(op, op @ np.ones(60) + noise, noise=0.01)
    >>> istop, 0.001 < weight < 0.1
    (1, True)
    """
    solver = as_pylops(with_callback(cls_basic.HybridLSQR(Op), callback), y, x0)
    solution: tuple[Any, int, int, float, Any] = solver.solve(
        y, x0, niter, damp, noise, tau, basis, rtol, show=show, itershow=itershow
    )
    return solution


def tolerance_callbacks(rtol: float, rtol1: float) -> list[Callbacks]:
    """Callbacks for the relative tolerances that are set."""
    callbacks = [CostToInitialCallback(rtol)] if rtol > 0 else []
    return [*callbacks, CostToDataCallback(rtol1)] if rtol1 > 0 else callbacks


def with_callback(solver: S, callback: Callable[..., None] | None) -> S:
    """``solver`` calling ``callback`` after its steps."""
    if callback is not None:
        solver.callback = callback  # type: ignore[method-assign]
    return solver
