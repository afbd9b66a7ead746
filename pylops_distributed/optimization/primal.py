"""PyProximal's functions for primal splittings on Dask arrays: thin over the algorithms in ``proximal``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.algorithms import admm, linearizedadmm, proximalgradient
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.optimization.solver_inputs import as_numpy_vector, checked_settings
from pylops_distributed.vectors.space import BlockVector, Vector, as_floating, reshape
from pylops_distributed.vectors.types import Results

if TYPE_CHECKING:
    from pylops_distributed.optimization.algorithms.proximalgradient import Acceleration
    from pylops_distributed.optimization.proximal.proxoperator import ProxOperator

__all__ = ["ADMM", "LinearizedADMM", "ProximalGradient"]

Callback = Callable[..., None] | None


def ProximalGradient(
    proxf: ProxOperator, proxg: ProxOperator, x0: Vector, epsg: float = 1.0, tau: float | None = None,
    backtracking: bool = False, beta: float = 0.5, eta: float = 1.0, niter: int = 10, niterback: int = 100,
    acceleration: Acceleration = None, tol: float | None = None, rtol: float | None = None, callback: Callback = None,
    show: bool = False,
) -> object:  # fmt: skip
    r"""Minimise :math:`f(\mathbf{x}) + \epsilon g(\mathbf{x})` for an :math:`f` with a gradient.

    Parameters
    ----------
    proxf, proxg : ProxOperator
        The functions.
    x0 : dask.array.Array
        Initial model.
    epsg, tau, backtracking, beta, eta, niter, niterback, acceleration, tol
        Fields of :class:`pylops_distributed.optimization.algorithms.proximalgradient.ProximalGradient`.
    rtol : float, optional
        Stop when the objective is below this part of the first one.
    callback : callable, optional
        Called with the model after every iteration.
    show : bool, optional
        Print the objective and the update of every iteration.

    Returns
    -------
    x : dask.array.Array
        Model.
    """
    machine = proximalgradient.ProximalGradient(
        proxg,
        proxf,
        epsg,
        tau,
        backtracking,
        beta,
        eta,
        niter,
        niterback,
        acceleration,
        as_evaluated(tol, rtol, show),
    )
    return minimise(machine, x0, rtol, callback, show, ("x",), count="count")[0]


def ADMM(
    proxf: ProxOperator, proxg: ProxOperator, x0: Vector, tau: float, niter: int = 10, gfirst: bool = False,
    tol: float | None = None, rtol: float | None = None, callback: Callback = None, callbackz: bool = False,
    show: bool = False,
) -> tuple[object, object]:  # fmt: skip
    r"""Minimise :math:`f(\mathbf{x}) + g(\mathbf{x})` for functions with proximal operators.

    Parameters
    ----------
    proxf, proxg, x0, rtol, callback, show
        As :func:`ProximalGradient` takes them.
    tau, niter, gfirst, tol
        Fields of :class:`pylops_distributed.optimization.algorithms.admm.ADMM`.
    callbackz : bool, optional
        Call ``callback`` with both models.

    Returns
    -------
    x, z : dask.array.Array
        The models of ``proxf`` and ``proxg``, equal in the end.
    """
    machine = admm.ADMM(proxg, proxf, tau, niter, gfirst, as_evaluated(tol, rtol, show))
    x, z = minimise(machine, x0, rtol, callback, show, ("x", "z"), 2 if callbackz else 1)
    return x, z


def LinearizedADMM(
    proxf: ProxOperator, proxg: ProxOperator, A: LinearOperator, x0: Vector, tau: float, mu: float, niter: int = 10,
    tol: float | None = None, rtol: float | None = None, callback: Callback = None, show: bool = False,
) -> tuple[object, object]:  # fmt: skip
    r"""Minimise :math:`f(\mathbf{x}) + g(\mathbf{A}\,\mathbf{x})` for functions with proximal operators.

    Parameters
    ----------
    proxf, proxg, x0, rtol, callback, show
        As :func:`ProximalGradient` takes them.
    A, tau, mu, niter, tol
        Fields of :class:`pylops_distributed.optimization.algorithms.linearizedadmm.LinearizedADMM`.

    Returns
    -------
    x, z : dask.array.Array or Blocks
        Model and split of the transformed model.
    """
    machine = linearizedadmm.LinearizedADMM(
        proxg, aslinearoperator(A), proxf, tau, mu, niter, as_evaluated(tol, rtol, show)
    )
    x, z = minimise(machine, x0, rtol, callback, show, ("x", "z"))
    return x, z


def as_evaluated(tol: float | None, rtol: float | None, show: bool) -> float | None:
    """The objective is computed where it is asked for in any way."""
    return 0.0 if tol is None and (rtol is not None or show) else tol


def minimise(
    machine: Any, x0: Vector, rtol: float | None, callback: Callback, show: bool, names: tuple[str, ...],
    called: int = 1, count: str = "iteration",
) -> Results:  # fmt: skip
    """Solve a problem of functions alone from ``x0``; returns the vectors of the last state by their ``names``.

    The first ``called`` of them are what the callback gets; ``count`` is the scalar that counts iterations.
    """
    machine = checked_settings(machine, machine.niter)
    x0 = as_floating(x0 if isinstance(x0, BlockVector | da.Array) else as_numpy_vector(x0))
    arrays = x0.arrays if isinstance(x0, BlockVector) else (x0,)
    shape: Any = sum(a.size for a in arrays) if isinstance(x0, BlockVector) else x0.shape
    op = Identity(shape, dtype=arrays[0].dtype)  # only its spaces are looked at
    model: Any = reshape(x0, op.domain)
    first = machine.init(op, model, model)
    costs, seen = [np.inf if rtol is None else float(first.cost)], 0

    def on_step(state: Any) -> bool:
        nonlocal seen
        if (reached := int(getattr(state, count))) == seen:
            return False  # a trial that was not taken
        seen = reached
        costs.append(float(state.cost))
        if show:
            print(f"{seen:6d}  {costs[-1]:12.5e}")
        if callback is not None:
            callback(*(getattr(state, name) for name in names[:called]))
        return rtol is not None and costs[-1] < rtol * costs[0]

    state = run_solver(machine, op, model, model, on_step=on_step).state
    return tuple(getattr(state, name) for name in names)
