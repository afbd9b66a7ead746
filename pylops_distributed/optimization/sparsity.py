"""PyLops' functions for sparse models on Dask arrays: thin over the classes next door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pylops_distributed.optimization import cls_sparsity as cls
from pylops_distributed.optimization.basic import tolerance_callbacks, with_callback
from pylops_distributed.optimization.callback import (
    CostNanInfCallback,
    CostToDataCallback,
    CostToInitialCallback,
)
from pylops_distributed.optimization.cls_sparsity import FISTA, IRLS, ISTA, OMP, SPGL1, SplitBregman
from pylops_distributed.optimization.numerics.systems import many
from pylops_distributed.optimization.solver_inputs import as_pylops
from pylops_distributed.vectors.types import NDArray, Options, Settings

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.vectors.space import Vector, VectorLike
    from pylops_distributed.vectors.thresholding import Kind

__all__ = [
    "FISTA",
    "IRLS",
    "ISTA",
    "OMP",
    "SPGL1",
    "CostNanInfCallback",
    "CostToDataCallback",
    "CostToInitialCallback",
    "SplitBregman",
    "fista",
    "irls",
    "ista",
    "omp",
    "spgl1",
    "splitbregman",
]

Show = Sequence[int]
Callback = Callable[..., None] | None


def irls(
    Op: LinearOperator, y: VectorLike, x0: VectorLike | None = None, nouter: int = 10, threshR: bool = False,
    epsR: float = 1e-10, epsI: float = 1e-10, tolIRLS: float = 1e-10, warm: bool = False, kind: str = "data",
    engine: str = "scipy", show: bool = False, itershow: Show = (10, 10, 10), callback: Callback = None,
    preallocate: bool = False, **kwargs_solver: Any,
) -> tuple[Vector, int]:  # fmt: skip
    r"""Iteratively reweighted least squares: data residual or model in the L1 norm.

    Parameters
    ----------
    Op : LinearOperator
        Operator, of this library or of PyLops.
    y : dask.array.Array
        Data, flat or shaped like ``Op.dimsd``.
    x0 : dask.array.Array, optional
        Known part of the model, flat or shaped like ``Op.dims``: what it does not explain is solved for.
    nouter : int, optional
        Number of outer iterations.
    threshR : bool, optional
        Take :math:`1/\max(|r_i|, \epsilon_R)` as weights and not :math:`1/(|r_i|+\epsilon_R)`.
    epsR, epsI : float, optional
        What keeps the weights finite, and the damping.
    tolIRLS : float, optional
        Stop when the norm of an outer iteration's update is below this value.
    warm : bool, optional
        Begin the inner iterations at the model found last (``data`` and ``datamodel``).
    kind : {"data", "model", "datamodel"}, optional
        The term measured in the L1 norm; ``datamodel`` is both, the model with the weight ``epsI``.
    engine : {"scipy", "pylops"}, optional
        Inner solver: SciPy's LSQR, whose damping pulls a warm start to the model before, or PyLops' CGLS, whose
        damping pulls to zero.
    preallocate : optional
        Taken for compatibility.
    show, itershow, callback : optional
        As :func:`pylops_distributed.optimization.basic.cg` takes them, for outer iterations.
    **kwargs_solver
        Settings of the inner solver: ``atol``, ``btol``, ``conlim`` and ``iter_lim`` of LSQR, ``niter`` and ``tol``
        of CGLS.

    Returns
    -------
    xinv : dask.array.Array
        Model, laid out as ``y``.
    nouter : int
        Number of outer iterations.

    See Also
    --------
    pylops.optimization.sparsity.irls
    """
    solver = with_callback(cls.IRLS(Op), callback)
    solution: tuple[Any, int] = solver.solve(
        y, x0=x0, nouter=nouter, threshR=threshR, epsR=epsR, epsI=epsI, tolIRLS=tolIRLS, kind=kind, warm=warm,
        engine=engine, show=show, itershow=itershow, **kwargs_solver,
    )  # fmt: skip
    return solution


def omp(
    Op: LinearOperator, y: VectorLike, niter_outer: int = 10, niter_inner: int = 40, sigma: float = 1e-4,
    rtol: float = 0.0, rtol1: float = 0.0, normalizecols: bool = False, Opbasis: LinearOperator | None = None,
    optimal_coeff: bool = False, engine: str = "scipy", show: bool = False, itershow: Show = (10, 10, 10),
    callback: Callback = None, preallocate: bool = False,
) -> tuple[Vector, int, NDArray]:  # fmt: skip
    r"""Orthogonal matching pursuit; matching pursuit with ``niter_inner=0``.

    Parameters
    ----------
    Op, y
        As :func:`irls` takes them.
    niter_outer : int, optional
        Number of outer iterations: at most so many coefficients.
    niter_inner : int, optional
        Number of iterations of the inner solver in each.
    sigma : float, optional
        Stop when the norm of the residual is not above this value.
    rtol, rtol1 : float, optional
        Stop when the cost is below this part of the first one, or of the norm of the data.
    normalizecols : bool, optional
        Divide correlations by the norms of the columns, which takes one forward each.
    Opbasis : LinearOperator, optional
        Operator with the columns to measure, if not ``Op``.
    optimal_coeff : bool, optional
        For matching pursuit, take the coefficients that make the residual smallest.
    engine : {"scipy", "pylops"}, optional
        Inner solver: SciPy's LSQR or PyLops' CGLS.
    preallocate : optional
        Taken for compatibility.
    show, itershow : optional
        As :func:`pylops_distributed.optimization.basic.cg` takes them.
    callback : callable, optional
        Called with the coefficients chosen and their positions after every outer iteration.

    Returns
    -------
    xinv : dask.array.Array
        Model, laid out as ``y``.
    niter_outer : int
        Number of outer iterations.
    cost : numpy.ndarray
        Norm of the residual before the first and after every one of them, of shape ``(niter_outer + 1,)``.

    See Also
    --------
    pylops.optimization.sparsity.omp
    """
    solver = with_callback(cls.OMP(Op, tolerance_callbacks(rtol, rtol1)), callback)
    solution: tuple[Any, int, Any] = solver.solve(
        y, niter_outer=niter_outer, niter_inner=niter_inner, sigma=sigma, normalizecols=normalizecols,
        Opbasis=Opbasis, optimal_coeff=optimal_coeff, engine=engine, show=show, itershow=itershow,
    )  # fmt: skip
    return solution


def ista(
    Op: LinearOperator, y: VectorLike, x0: VectorLike | None = None, niter: int = 10, SOp: LinearOperator | None = None,
    eps: float = 0.1, alpha: float | None = None, eigsdict: Options | None = None, tol: float = 1e-10,
    rtol: float = 0.0, rtol1: float = 0.0, threshkind: Kind = "soft", perc: float | None = None,
    decay: Sequence[float] | None = None, monitorres: bool = False, show: bool = False,
    itershow: Show = (10, 10, 10), callback: Callback = None, preallocate: bool = False,
) -> tuple[Vector, int, NDArray]:  # fmt: skip
    r"""Iterative shrinkage-thresholding.

    Parameters
    ----------
    Op, y
        As :func:`irls` takes them.
    x0 : dask.array.Array, optional
        Initial model, flat or shaped like ``Op.dims``.
    niter : int, optional
        Maximum number of iterations.
    SOp : LinearOperator, optional
        Sparsifying transform, from coefficients to models.
    eps : float, optional
        Weight of the sparsity term.
    alpha : float, optional
        Step; by default the inverse of the largest eigenvalue of :math:`\mathbf{Op}^H\mathbf{Op}`.
    eigsdict : dict, optional
        ``niter`` (50 by default) and ``tol`` of the power iteration for it.
    tol : float, optional
        Stop when the norm of the update is not above this value.
    rtol, rtol1 : float, optional
        Stop when the cost is below this part of the first one, or of the norm of the data.
    threshkind : str, optional
        ``"soft"``, ``"hard"`` or ``"half"``, or one of these with ``"-percentile"``.
    perc : float, optional
        For the percentile kinds, how many percent of the coefficients are kept.
    decay : array, optional
        Factors of the threshold, one an iteration.
    monitorres : bool, optional
        Raise an error when the norm of the residual grows.
    show, itershow, callback, preallocate : optional
        As :func:`pylops_distributed.optimization.basic.cg` takes them.

    Returns
    -------
    xinv : dask.array.Array
        Model, laid out as ``y``.
    niter : int
        Number of steps taken.
    cost : numpy.ndarray
        Objective after every step, of shape ``(niter,)``.

    See Also
    --------
    pylops.optimization.sparsity.ista
    """
    Op, y, x0, shaped = many(Op, y, x0)
    solver = with_callback(cls.ISTA(Op, tolerance_callbacks(rtol, rtol1)), callback)
    solution: tuple[Any, int, Any] = solver.solve(
        y=y, x0=x0, niter=niter, SOp=SOp, eps=eps, alpha=alpha, eigsdict=eigsdict, tol=tol, threshkind=threshkind,
        perc=perc, decay=decay, monitorres=monitorres, show=show, itershow=itershow,
    )  # fmt: skip
    return (shaped(solution[0]), *solution[1:])


def fista(
    Op: LinearOperator, y: VectorLike, x0: VectorLike | None = None, niter: int = 10, SOp: LinearOperator | None = None,
    eps: float = 0.1, alpha: float | None = None, eigsdict: Options | None = None, tol: float = 1e-10,
    rtol: float = 0.0, rtol1: float = 0.0, threshkind: Kind = "soft", perc: float | None = None,
    decay: Sequence[float] | None = None, monitorres: bool = False, show: bool = False,
    itershow: Show = (10, 10, 10), callback: Callback = None, preallocate: bool = False,
) -> tuple[Vector, int, NDArray]:  # fmt: skip
    """Iterative shrinkage-thresholding with momentum.

    Parameters and returns are those of :func:`ista`.

    See Also
    --------
    pylops.optimization.sparsity.fista
    """
    Op, y, x0, shaped = many(Op, y, x0)
    solver = with_callback(cls.FISTA(Op, tolerance_callbacks(rtol, rtol1)), callback)
    solution: tuple[Any, int, Any] = solver.solve(
        y=y, x0=x0, niter=niter, SOp=SOp, eps=eps, alpha=alpha, eigsdict=eigsdict, tol=tol, threshkind=threshkind,
        perc=perc, decay=decay, monitorres=monitorres, show=show, itershow=itershow,
    )  # fmt: skip
    return (shaped(solution[0]), *solution[1:])


def spgl1(
    Op: LinearOperator, y: VectorLike, x0: VectorLike | None = None, SOp: LinearOperator | None = None,
    tau: float = 0.0,
    sigma: float = 0.0, show: bool = False, **kwargs_spgl1: object,
) -> tuple[Vector, Vector, Settings]:  # fmt: skip
    r"""Basis pursuit denoising by spectral projected gradients.

    Parameters
    ----------
    Op, y
        As :func:`irls` takes them.
    x0 : dask.array.Array, optional
        Initial coefficients, flat or shaped like the data of ``SOp``.
    SOp : LinearOperator, optional
        Sparsifying transform, from models to coefficients.
    tau : float, optional
        Radius of the L1 ball that coefficients stay in; zero to look for the smallest.
    sigma : float, optional
        Norm of the residual.
    show : bool, optional
        Print a table.
    **kwargs_spgl1
        ``iter_lim``, tolerances and limits of the step: fields of
        :class:`pylops_distributed.optimization.algorithms.spgl1.SPGL1`.

    Returns
    -------
    xinv : dask.array.Array
        Model, laid out as ``y``.
    pinv : dask.array.Array
        Its coefficients, laid out as ``y``.
    info : dict
        ``stat`` (1 root found, 2 basis pursuit solved, 3 least-squares solution, 4 optimum, 5 limit of
        iterations, 6 line search failed, 7 a solution not yet optimal), ``tau``, ``rnorm``, ``rgap``, ``gnorm``,
        ``niters``, ``n_newton``, ``nprodA``, ``nprodAt``, and by iteration ``rnorm2``, ``xnorm1``, ``lambdaa``.

    See Also
    --------
    pylops.optimization.sparsity.spgl1
    """
    solution: tuple[Any, Any, dict[str, Any]] = as_pylops(cls.SPGL1(Op), y, x0).solve(
        y, x0=x0, SOp=SOp, tau=tau, sigma=sigma, show=show, **kwargs_spgl1
    )
    return solution


def splitbregman(
    Op: LinearOperator, y: VectorLike, RegsL1: Sequence[LinearOperator], x0: VectorLike | None = None,
    niter_outer: int = 3,
    niter_inner: int = 5, RegsL2: Sequence[LinearOperator] | None = None,
    dataregsL2: Sequence[Vector] | None = None, mu: float = 1.0, epsRL1s: Sequence[float] | None = None,
    epsRL2s: Sequence[float] | None = None, tol: float = 1e-10, rtol: float = 0.0, rtol1: float = 0.0,
    tau: float = 1.0, restart: bool = False, engine: str = "scipy", show: bool = False,
    itershow: Show = (10, 10, 10), show_inner: bool = False, callback: Callback = None, preallocate: bool = False,
    **kwargs_lsqr: Any,
) -> tuple[Vector, int, NDArray]:  # fmt: skip
    r"""Least squares with L1 and L2 regularisation of transformed models.

    The objective, and what ``epsRL1s`` are in it, is that of
    :class:`pylops_distributed.optimization.algorithms.splitbregman.SplitBregman`.

    Parameters
    ----------
    Op, y
        As :func:`irls` takes them.
    RegsL1, RegsL2 : list of LinearOperator
        Operators whose results are measured in the L1 and in the squared L2 norm.
    x0 : dask.array.Array, optional
        Initial model, flat or shaped like ``Op.dims``.
    niter_outer, niter_inner : int, optional
        Number of outer iterations, and of least-squares problems in each.
    dataregsL2 : list of dask.array.Array, optional
        Data of the L2 terms, shaped like ``dimsd`` of their operators; zero if not given.
    mu : float, optional
        Weight of the data.
    epsRL1s, epsRL2s : list of float, optional
        Square roots of the weights of the L1 terms, and weights of the L2 terms; one if not given.
    tol : float, optional
        Stop when the norm of an outer iteration's update is not above this value.
    rtol, rtol1 : float, optional
        Stop when the cost is below this part of the first one, or of the norm of the data.
    tau : float, optional
        Factor of the Bregman update.
    restart : bool, optional
        Begin each least-squares problem at the initial model.
    engine : {"scipy", "pylops"}, optional
        Inner solver: SciPy's LSQR, whose damping pulls to where each problem begins, or PyLops' CGLS, whose damping
        pulls to zero.
    preallocate : optional
        Taken for compatibility.
    show_inner : bool, optional
        Print a table of the inner solver, with the engine ``scipy``.
    show, itershow, callback : optional
        As :func:`pylops_distributed.optimization.basic.cg` takes them, for outer iterations.
    **kwargs_lsqr
        Settings of the inner solver: ``damp``, ``atol``, ``btol``, ``conlim`` and ``iter_lim`` of LSQR, or ``niter``,
        ``inner_tol`` and ``damp`` of CGLS.

    Returns
    -------
    xinv : dask.array.Array
        Model, laid out as ``y``.
    itn_out : int
        Number of outer iterations.
    cost : numpy.ndarray
        Objective after every one of them, of shape ``(itn_out,)``.

    See Also
    --------
    pylops.optimization.sparsity.splitbregman
    """
    solver = with_callback(cls.SplitBregman(Op, tolerance_callbacks(rtol, rtol1)), callback)
    solution: tuple[Any, int, Any] = solver.solve(
        y, RegsL1, x0=x0, niter_outer=niter_outer, niter_inner=niter_inner, RegsL2=RegsL2, dataregsL2=dataregsL2,
        mu=mu, epsRL1s=epsRL1s, epsRL2s=epsRL2s, tol=tol, tau=tau, restart=restart, engine=engine, show=show,
        itershow=itershow, show_inner=show_inner, **kwargs_lsqr,
    )  # fmt: skip
    return solution
