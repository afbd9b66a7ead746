"""PyProximal's function for primal-dual splittings on Dask arrays: thin over the algorithm in ``proximal``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.algorithms.primaldual import PrimalDual as Algorithm
from pylops_distributed.optimization.primal import Callback, as_evaluated, minimise

if TYPE_CHECKING:
    from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
    from pylops_distributed.vectors.space import Vector

__all__ = ["PrimalDual"]


def PrimalDual(
    proxf: ProxOperator, proxg: ProxOperator, A: LinearOperator, x0: Vector, tau: float, mu: float,
    z: Vector | None = None, theta: float = 1.0, niter: int = 10, gfirst: bool = True, tol: float | None = None,
    rtol: float | None = None, callback: Callback = None, callbacky: bool = False, returny: bool = False,
    show: bool = False,
) -> object:  # fmt: skip
    r"""Minimise :math:`f(\mathbf{x}) + \mathbf{z}^T\mathbf{x} + g(\mathbf{A}\,\mathbf{x})` by primal and dual steps.

    Parameters
    ----------
    proxf, proxg, x0, rtol, callback, show
        As :func:`ProximalGradient` takes them.
    A, tau, mu, z, theta, niter, gfirst, tol
        Fields of :class:`pylops_distributed.optimization.algorithms.primaldual.PrimalDual`.
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
    x, y = minimise(machine, x0, rtol, callback, show, ("x", "y"), 2 if callbacky else 1)
    return (x, y) if returny else x
