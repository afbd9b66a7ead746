"""PyProximal's function for primal-dual splittings on Dask arrays: thin over the algorithm in ``proximal``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.algorithms.adaptiveprimaldual import STEPS
from pylops_distributed.optimization.algorithms.adaptiveprimaldual import AdaptivePrimalDual as Adaptive
from pylops_distributed.optimization.algorithms.primaldual import PrimalDual as Algorithm
from pylops_distributed.optimization.minimisation import (
    TABLE,
    Callback,
    IterShow,
    as_evaluated,
    minimise,
    minimised,
    shown,
)

if TYPE_CHECKING:
    from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
    from pylops_distributed.vectors.space import Vector
    from pylops_distributed.vectors.types import NDArray

__all__ = ["AdaptivePrimalDual", "PrimalDual"]


def PrimalDual(
    proxf: ProxOperator, proxg: ProxOperator, A: LinearOperator, x0: Vector, tau: float, mu: float,
    y0: Vector | None = None, z: Vector | None = None, theta: float = 1.0, niter: int = 10, gfirst: bool = True,
    tol: float | None = None, rtol: float | None = None, callback: Callback = None, callbacky: bool = False,
    returny: bool = False, show: bool = False, itershow: IterShow = TABLE,
) -> object:  # fmt: skip
    r"""Minimise :math:`f(\mathbf{x}) + \mathbf{z}^T\mathbf{x} + g(\mathbf{A}\,\mathbf{x})` by primal and dual steps.

    Parameters
    ----------
    proxf, proxg, x0, rtol, callback, show, itershow
        As :func:`pylops_distributed.optimization.primal.ProximalGradient` takes them.
    A, tau, mu, z, theta, niter, gfirst, tol
        Fields of :class:`pylops_distributed.optimization.algorithms.primaldual.PrimalDual`.
    y0 : dask.array.Array or Blocks, optional
        Initial dual, of the shape of the transformed model; zero if not given.
    callbacky, returny : bool, optional
        Call ``callback`` with, and return, the dual too.

    Returns
    -------
    x : dask.array.Array
        Model.
    y : dask.array.Array or Blocks
        Dual, with ``returny``.
    """
    machine = Algorithm(
        proxg, aslinearoperator(A), proxf, tau, mu, theta, z, gfirst, niter, as_evaluated(tol, rtol, show)
    )
    x, y = minimise(
        machine, x0, rtol, callback, shown(show, itershow), ("x", "y"), 2 if callbacky else 1, given={"y": y0}
    )
    return (x, y) if returny else x


def AdaptivePrimalDual(
    proxf: ProxOperator, proxg: ProxOperator, A: LinearOperator, x0: Vector, tau: float, mu: float, alpha: float = 0.5,
    eta: float = 0.95, s: float = 1.0, delta: float = 1.5, z: Vector | None = None, niter: int = 10,
    tol: float | None = None, rtol: float | None = None, xytol: float | None = None, callback: Callback = None,
    show: bool = False, itershow: IterShow = TABLE,
) -> tuple[object, tuple[NDArray, NDArray, NDArray]]:  # fmt: skip
    r"""Minimise :math:`f(\mathbf{x}) + \mathbf{z}^T\mathbf{x} + g(\mathbf{A}\,\mathbf{x})` with lengths that adapt.

    Parameters
    ----------
    proxf, proxg, x0, rtol, callback, show, itershow
        As :func:`pylops_distributed.optimization.primal.ProximalGradient` takes them.
    A, tau, mu, alpha, eta, s, delta, z, niter, tol, xytol
        Fields of :class:`pylops_distributed.optimization.algorithms.adaptiveprimaldual.AdaptivePrimalDual`.

    Returns
    -------
    x : dask.array.Array
        Model.
    steps : tuple of numpy.ndarray
        Values of ``tau``, ``mu`` and ``alpha`` before the first iteration and after each.
    """
    machine = Adaptive(
        proxg,
        aslinearoperator(A),
        proxf,
        tau,
        mu,
        alpha,
        eta,
        s,
        delta,
        z,
        niter,
        as_evaluated(tol, rtol, show),
        xytol,
    )
    solution = minimised(machine, x0, rtol, callback, shown(show, itershow), ("x",))
    lengths = (np.asarray(solution.history[name]) for name in STEPS)
    return solution.state.x, (next(lengths), next(lengths), next(lengths))
