"""PyLops' functions for least squares with regularisation: thin over the classes next door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pylops_distributed.optimization import cls_leastsquares as cls
from pylops_distributed.optimization.cls_leastsquares import (
    NormalEquationsInversion,
    PreconditionedInversion,
    RegularizedInversion,
)
from pylops_distributed.optimization.numerics.systems import regularized_system

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.vectors.space import Vector, VectorLike

__all__ = [
    "NormalEquationsInversion",
    "PreconditionedInversion",
    "RegularizedInversion",
    "normal_equations_inversion",
    "preconditioned_inversion",
    "regularized_inversion",
    "regularized_system",
]


def regularized_inversion(
    Op: LinearOperator,
    y: VectorLike,
    Regs: Sequence[LinearOperator] | None,
    x0: VectorLike | None = None,
    Weight: LinearOperator | None = None,
    dataregs: Sequence[Vector | None] | None = None,
    epsRs: Sequence[float] | None = None,
    engine: str = "scipy",
    show: bool = False,
    **kwargs_solver: object,
) -> tuple[Vector, int, int, float, float]:
    r"""Regularised least-squares inversion.

    Minimises :math:`\|\mathbf{W}^{1/2}(\mathbf{y}-\mathbf{Op}\,\mathbf{x})\|_2^2 +
    \sum_i \epsilon_i^2 \|\mathbf{d}_i - \mathbf{R}_i\mathbf{x}\|_2^2`, and with ``damp`` also
    :math:`\epsilon^2\|\mathbf{x}-\mathbf{x}_0\|_2^2` for the engine ``scipy``, as SciPy's LSQR does, and
    :math:`\epsilon^2\|\mathbf{x}\|_2^2` for the engine ``pylops``.

    Parameters
    ----------
    Op : LinearOperator
        Modelling operator.
    y : dask.array.Array
        Data, flat or shaped like ``Op.dimsd``.
    Regs : list of LinearOperator or None
        Regularisation operators :math:`\mathbf{R}_i`, of this library or of PyLops.
    x0 : dask.array.Array, optional
        Initial model, flat or shaped like ``Op.dims``.
    Weight : LinearOperator, optional
        Operator :math:`\mathbf{W}^{1/2}`, applied to data and modelled data.
    dataregs : list of dask.array.Array, optional
        Regularisation data :math:`\mathbf{d}_i`, shaped like ``dimsd`` of their operators; zero if not given.
    epsRs : list of float, optional
        Weights :math:`\epsilon_i`; one if not given.
    engine : {"scipy", "pylops"}, optional
        SciPy's LSQR or PyLops' CGLS, both on Dask arrays.
    show : bool, optional
        Print a table.
    **kwargs_solver
        Settings of the engine's solver: of :func:`~pylops_distributed.optimization.pylops_api.scipy_engine.lsqr`,
        with its
        relative tolerances and a limit of twice the number of columns, or of
        :func:`~pylops_distributed.optimization.basic.cgls`.

    Returns
    -------
    xinv : dask.array.Array
        Model, flat if ``y`` was flat and shaped like ``Op.dims`` otherwise.
    istop, itn : int
        Why and after how many steps the solver stopped.
    r1norm, r2norm : float
        As the engine's solver returns them.

    See Also
    --------
    pylops.optimization.leastsquares.regularized_inversion
    """
    solution: tuple[Any, int, int, float, float] = cls.RegularizedInversion(Op).solve(
        y,
        Regs,
        x0=x0,
        Weight=Weight,
        dataregs=dataregs,
        epsRs=epsRs,
        engine=engine,
        show=show,
        **kwargs_solver,
    )
    return solution


def normal_equations_inversion(
    Op: LinearOperator,
    y: VectorLike,
    Regs: Sequence[LinearOperator] | None,
    x0: VectorLike | None = None,
    Weight: LinearOperator | None = None,
    dataregs: Sequence[Vector | None] | None = None,
    epsI: float = 0.0,
    epsRs: Sequence[float] | None = None,
    NRegs: Sequence[LinearOperator] | None = None,
    epsNRs: Sequence[float] | None = None,
    engine: str = "scipy",
    show: bool = False,
    **kwargs_solver: object,
) -> tuple[Vector, int | None]:
    r"""Regularised inversion of the normal equations by conjugate gradients.

    Solves :math:`(\mathbf{Op}^H\mathbf{W}\mathbf{Op} + \epsilon_I^2\mathbf{I} +
    \sum_i\epsilon_i^2\mathbf{R}_i^H\mathbf{R}_i + \sum_j\epsilon_{N,j}^2\mathbf{N}_j)\,\mathbf{x} =
    \mathbf{Op}^H\mathbf{W}\mathbf{y} + \sum_i\epsilon_i^2\mathbf{R}_i^H\mathbf{d}_i`.

    Parameters
    ----------
    Op, y, Regs, x0, dataregs, epsRs, engine, show
        As :func:`regularized_inversion` takes them.
    Weight : LinearOperator, optional
        Operator :math:`\mathbf{W}`, Hermitian and positive.
    epsI : float, optional
        Damping :math:`\epsilon_I`.
    NRegs : list of LinearOperator, optional
        Regularisation operators :math:`\mathbf{N}_j` that are normal already.
    epsNRs : list of float, optional
        Their weights :math:`\epsilon_{N,j}`.
    **kwargs_solver
        Settings of the engine's solver: of :func:`~pylops_distributed.optimization.pylops_api.scipy_engine.cg`,
        where as in
        PyLops ``tol`` is ``atol``, or of :func:`~pylops_distributed.optimization.basic.cg`.

    Returns
    -------
    xinv : dask.array.Array
        Model, flat if ``y`` was flat and shaped like ``Op.dims`` otherwise.
    istop : int or None
        For the engine ``scipy`` 0 if converged, else the limit of iterations; None for ``pylops``.

    See Also
    --------
    pylops.optimization.leastsquares.normal_equations_inversion
    """
    solution: tuple[Any, int | None] = cls.NormalEquationsInversion(Op).solve(
        y, Regs, x0=x0, Weight=Weight, dataregs=dataregs, epsI=epsI, epsRs=epsRs, NRegs=NRegs, epsNRs=epsNRs,
        engine=engine, show=show, **kwargs_solver,
    )  # fmt: skip
    return solution


def preconditioned_inversion(
    Op: LinearOperator,
    y: VectorLike,
    P: LinearOperator,
    x0: VectorLike | None = None,
    engine: str = "scipy",
    show: bool = False,
    **kwargs_solver: object,
) -> tuple[Vector, int, int, float, float]:
    r"""Least-squares inversion for a model that an operator makes.

    Solves :math:`\mathbf{y} = \mathbf{Op}\,\mathbf{P}\,\mathbf{p}` for :math:`\mathbf{p}`; the model is
    :math:`\mathbf{x} = \mathbf{P}\,\mathbf{p}`.

    Parameters
    ----------
    Op, y, engine, show
        As :func:`regularized_inversion` takes them.
    P : LinearOperator
        Preconditioner :math:`\mathbf{P}`.
    x0 : dask.array.Array, optional
        Initial :math:`\mathbf{p}`, flat or shaped like ``P.dims``.
    **kwargs_solver
        Settings of the engine's solver, as :func:`regularized_inversion` takes them.

    Returns
    -------
    xinv, istop, itn, r1norm, r2norm
        As :func:`regularized_inversion` returns them; the model is lazy over its computed :math:`\mathbf{p}`.

    See Also
    --------
    pylops.optimization.leastsquares.preconditioned_inversion
    """
    solution: tuple[Any, int, int, float, float] = cls.PreconditionedInversion(Op).solve(
        y, P, x0=x0, engine=engine, show=show, **kwargs_solver
    )
    return solution
