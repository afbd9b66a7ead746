"""PyProximal's functions for primal splittings on Dask arrays: thin over the algorithms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.algorithms import (
    admm,
    admml2,
    douglasrachford,
    hqs,
    linearizedadmm,
    proximalgradient,
)
from pylops_distributed.optimization.minimisation import (
    TABLE,
    Callback,
    IterShow,
    as_evaluated,
    minimise,
    shown,
)
from pylops_distributed.optimization.numerics.systems import vector_of

if TYPE_CHECKING:
    from pylops_distributed.optimization.algorithms.proximalgradient import Acceleration
    from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
    from pylops_distributed.vectors.space import Vector

__all__ = [
    "ADMM",
    "ADMML2",
    "HQS",
    "AcceleratedProximalGradient",
    "DouglasRachfordSplitting",
    "LinearizedADMM",
    "ProximalGradient",
]


def ProximalGradient(
    proxf: ProxOperator, proxg: ProxOperator, x0: Vector, epsg: float = 1.0, tau: float | None = None,
    backtracking: bool = False, beta: float = 0.5, eta: float = 1.0, niter: int = 10, niterback: int = 100,
    acceleration: Acceleration = None, tol: float | None = None, rtol: float | None = None, callback: Callback = None,
    show: bool = False, itershow: IterShow = TABLE,
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
        Print the objective.
    itershow : tuple of int, optional
        Of how many of the first iterations, of the last ones, and of every how many between them.

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
    return minimise(machine, x0, rtol, callback, shown(show, itershow), ("x",), count="count")[0]


def ADMM(
    proxf: ProxOperator, proxg: ProxOperator, x0: Vector, tau: float, niter: int = 10, z0: Vector | None = None,
    gfirst: bool = False, tol: float | None = None, rtol: float | None = None, callback: Callback = None,
    callbackz: bool = False, show: bool = False, itershow: IterShow = TABLE,
) -> tuple[object, object]:  # fmt: skip
    r"""Minimise :math:`f(\mathbf{x}) + g(\mathbf{x})` for functions with proximal operators.

    Parameters
    ----------
    proxf, proxg, x0, rtol, callback, show, itershow
        As :func:`ProximalGradient` takes them.
    tau, niter, gfirst, tol
        Fields of :class:`pylops_distributed.optimization.algorithms.admm.ADMM`.
    z0 : dask.array.Array or Blocks, optional
        Initial model of ``proxg``, laid out as ``x0``; ``x0`` itself if not given.
    callbackz : bool, optional
        Call ``callback`` with both models.

    Returns
    -------
    x, z : dask.array.Array
        The models of ``proxf`` and ``proxg``, equal in the end.
    """
    machine = admm.ADMM(proxg, proxf, tau, niter, gfirst, as_evaluated(tol, rtol, show))
    x, z = minimise(
        machine, x0, rtol, callback, shown(show, itershow), ("x", "z"), 2 if callbackz else 1, given={"z": z0}
    )
    return x, z


def LinearizedADMM(
    proxf: ProxOperator, proxg: ProxOperator, A: LinearOperator, x0: Vector, tau: float, mu: float, niter: int = 10,
    z0: Vector | None = None, tol: float | None = None, rtol: float | None = None, callback: Callback = None,
    show: bool = False, itershow: IterShow = TABLE,
) -> tuple[object, object]:  # fmt: skip
    r"""Minimise :math:`f(\mathbf{x}) + g(\mathbf{A}\,\mathbf{x})` for functions with proximal operators.

    Parameters
    ----------
    proxf, proxg, x0, rtol, callback, show, itershow
        As :func:`ProximalGradient` takes them.
    A, tau, mu, niter, tol
        Fields of :class:`pylops_distributed.optimization.algorithms.linearizedadmm.LinearizedADMM`.
    z0 : dask.array.Array or Blocks, optional
        Initial split, of the shape of the transformed model, which it is if not given. As in PyProximal, the
        first step takes it for the transformed model, too.

    Returns
    -------
    x, z : dask.array.Array or Blocks
        Model and split of the transformed model.
    """
    machine = linearizedadmm.LinearizedADMM(
        proxg, aslinearoperator(A), proxf, tau, mu, niter, as_evaluated(tol, rtol, show)
    )
    x, z = minimise(machine, x0, rtol, callback, shown(show, itershow), ("x", "z"), given={"z": z0, "ax": z0})
    return x, z


def AcceleratedProximalGradient(
    proxf: ProxOperator, proxg: ProxOperator, x0: Vector, tau: float | None = None, beta: float = 0.5,
    epsg: float = 1.0, niter: int = 10, niterback: int = 100, acceleration: Acceleration = "vandenberghe",
    tol: float | None = None, rtol: float | None = None, callback: Callback = None, show: bool = False,
    itershow: IterShow = TABLE,
) -> object:  # fmt: skip
    """:func:`ProximalGradient` with acceleration, under the name that it has in older versions of PyProximal.

    Parameters
    ----------
    proxf, proxg, x0, tau, beta, epsg, niter, niterback, acceleration, tol, rtol, callback, show, itershow
        As :func:`ProximalGradient` takes them.

    Returns
    -------
    x : dask.array.Array
        Model.
    """
    return ProximalGradient(
        proxf, proxg, x0, tau=tau, beta=beta, epsg=epsg, niter=niter, niterback=niterback, acceleration=acceleration,
        tol=tol, rtol=rtol, callback=callback, show=show, itershow=itershow,
    )  # fmt: skip


def HQS(
    proxf: ProxOperator, proxg: ProxOperator, x0: Vector, tau: float | Sequence[float], niter: int = 10,
    z0: Vector | None = None, gfirst: bool = True, tol: float | None = None, rtol: float | None = None,
    callback: Callback = None, callbackz: bool = False, show: bool = False, itershow: IterShow = TABLE,
) -> tuple[object, object]:  # fmt: skip
    r"""Minimise :math:`f(\mathbf{x}) + g(\mathbf{x})` by turns, with step lengths that go to zero.

    Parameters
    ----------
    proxf, proxg, x0, rtol, callback, show, itershow
        As :func:`ProximalGradient` takes them.
    tau : float or sequence of float
        Step length, or one for each iteration.
    niter, gfirst, tol
        Fields of :class:`pylops_distributed.optimization.algorithms.hqs.HQS`.
    z0, callbackz
        As :func:`ADMM` takes them.

    Returns
    -------
    x, z : dask.array.Array
        The models of ``proxf`` and ``proxg``.
    """
    lengths = float(tau) if isinstance(tau, int | float) else tuple(map(float, tau))
    machine = hqs.HQS(proxg, proxf, lengths, niter, gfirst, as_evaluated(tol, rtol, show))
    x, z = minimise(
        machine, x0, rtol, callback, shown(show, itershow), ("x", "z"), 2 if callbackz else 1, given={"z": z0}
    )
    return x, z


def ADMML2(
    proxg: ProxOperator, Op: LinearOperator, b: Vector, A: LinearOperator, x0: Vector, tau: float, niter: int = 10,
    z0: Vector | None = None, gfirst: bool = False, tol: float | None = None, rtol: float | None = None,
    callback: Callback = None, callbackz: bool = False, show: bool = False, itershow: IterShow = TABLE,
    iter_lim: int = 10,
) -> tuple[object, object]:  # fmt: skip
    r"""Minimise :math:`\frac12\|\mathbf{Op}\,\mathbf{x}-\mathbf{b}\|_2^2 + g(\mathbf{A}\,\mathbf{x})`.

    Parameters
    ----------
    proxg, x0, rtol, callback, show, itershow
        As :func:`ProximalGradient` takes them.
    Op : LinearOperator
        Operator of the data.
    b : dask.array.Array or Blocks
        Data, of shape ``Op.dimsd``.
    A, tau, niter, gfirst, tol
        Fields of :class:`pylops_distributed.optimization.algorithms.admml2.ADMML2`.
    z0 : dask.array.Array or Blocks, optional
        Initial split, of the shape of the transformed model, which it is if not given.
    callbackz : bool, optional
        Call ``callback`` with the split, too.
    iter_lim : int, optional
        Number of conjugate gradient steps for the linear system of each iteration, from the last model.

    Returns
    -------
    x, z : dask.array.Array or Blocks
        Model and split of the transformed model.
    """
    machine = admml2.ADMML2(
        proxg, aslinearoperator(A), tau, niter, gfirst, as_evaluated(tol, rtol, show), iter_lim
    )
    operator = aslinearoperator(Op)
    x, z = minimise(
        machine, x0, rtol, callback, shown(show, itershow), ("x", "z"), 2 if callbackz else 1, given={"z": z0},
        system=(operator, vector_of(b, operator.codomain)),
    )  # fmt: skip
    return x, z


def DouglasRachfordSplitting(
    proxf: ProxOperator, proxg: ProxOperator, x0: Vector, tau: float, eta: float = 1.0, niter: int = 10,
    gfirst: bool = True, tol: float | None = None, rtol: float | None = None, callback: Callback = None,
    callbacky: bool = False, show: bool = False, itershow: IterShow = TABLE,
) -> tuple[object, object]:  # fmt: skip
    r"""Minimise :math:`f(\mathbf{x}) + g(\mathbf{x})` for functions with proximal operators.

    Parameters
    ----------
    proxf, proxg, x0, rtol, callback, show, itershow
        As :func:`ProximalGradient` takes them.
    tau, eta, niter, gfirst, tol
        Fields of :class:`pylops_distributed.optimization.algorithms.douglasrachford.DouglasRachfordSplitting`.
    callbacky : bool, optional
        Call ``callback`` with both vectors.

    Returns
    -------
    x, y : dask.array.Array
        Model, and the vector that the steps move.
    """
    machine = douglasrachford.DouglasRachfordSplitting(
        proxg, proxf, tau, eta, niter, gfirst, as_evaluated(tol, rtol, show)
    )
    x, y = minimise(machine, x0, rtol, callback, shown(show, itershow), ("x", "y"), 2 if callbacky else 1)
    return x, y
