"""Least squares with regularisation, the terms kept as blocks of one system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask.array as da

from pylops_distributed.basicoperators.vstack import VStack
from pylops_distributed.linearoperator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.basic import cgls
from pylops_distributed.space import Blocks, Vector, flatten, reshape, zeros


def regularized_system(
    Op: LinearOperator,
    y: Vector,
    Regs: Sequence[LinearOperator] | None = None,
    Weight: LinearOperator | None = None,
    dataregs: Sequence[Vector] | None = None,
    epsRs: Sequence[float] | None = None,
) -> tuple[LinearOperator, Vector]:
    r"""The operator and the data of a regularised problem, as one least-squares system; lazy.

    Parameters are those of :func:`regularized_inversion`.

    Returns
    -------
    Op : LinearOperator
        :math:`[\mathbf{W}^{1/2}\mathbf{Op};\ \epsilon_1 \mathbf{R}_1;\ \ldots]`.
    y : dask.array.Array or Blocks
        :math:`[\mathbf{W}^{1/2}\mathbf{y};\ \epsilon_1 \mathbf{d}_1;\ \ldots]`, one block a term.
    """
    op = aslinearoperator(Op)
    data = reshape(y, op.codomain)
    if Weight is not None:
        weight = aslinearoperator(Weight)
        op, data = weight @ op, weight.apply(reshape(data, weight.domain))
    if not Regs:
        return op, data
    terms = [aslinearoperator(reg) for reg in Regs]
    eps = [1.0] * len(terms) if epsRs is None else list(epsRs)
    targets: list[Any] = [None] * len(terms) if dataregs is None else list(dataregs)
    if not len(terms) == len(eps) == len(targets):
        raise ValueError(
            f"got {len(terms)} Regs, {len(eps)} epsRs and {len(targets)} dataregs: one each is needed"
        )
    scaled = [
        zeros(reg.codomain, like=data) if d is None else e * reshape(d, reg.codomain)
        for reg, e, d in zip(terms, eps, targets, strict=True)
    ]
    members = [data, *scaled]
    if any(isinstance(m, Blocks) for m in members):
        members = [flatten(m) for m in members]
    return VStack([op, *(e * reg for e, reg in zip(eps, terms, strict=True))]), Blocks(tuple(members))


def regularized_inversion(
    Op: LinearOperator,
    y: Vector,
    Regs: Sequence[LinearOperator] | None,
    x0: Vector | None = None,
    Weight: LinearOperator | None = None,
    dataregs: Sequence[Vector] | None = None,
    epsRs: Sequence[float] | None = None,
    **kwargs_solver: Any,
) -> tuple[Any, int, int, float, float]:
    r"""Regularised least-squares inversion by CGLS.

    Minimises :math:`\|\mathbf{W}^{1/2}(\mathbf{y}-\mathbf{Op}\,\mathbf{x})\|_2^2 +
    \sum_i \epsilon_i^2 \|\mathbf{d}_i - \mathbf{R}_i\mathbf{x}\|_2^2`.

    Parameters
    ----------
    Op : LinearOperator
        Modelling operator.
    y : dask.array.Array
        Data, flat or shaped like ``Op.dimsd``.
    Regs : list of LinearOperator or None
        Regularisation operators :math:`\mathbf{R}_i`.
    x0 : dask.array.Array, optional
        Initial model.
    Weight : LinearOperator, optional
        Operator :math:`\mathbf{W}^{1/2}`, applied to data and modelled data.
    dataregs : list of dask.array.Array, optional
        Regularisation data :math:`\mathbf{d}_i`; zero if not given.
    epsRs : list of float, optional
        Weights :math:`\epsilon_i`; one if not given.
    **kwargs_solver
        Passed to :func:`~pylops_distributed.optimization.basic.cgls`.

    Returns
    -------
    xinv : dask.array.Array
        Model, flat if ``y`` was flat and shaped like ``Op.dims`` otherwise.
    istop, itn : int
        Why and after how many steps the solver stopped.
    r1norm, r2norm : float
        As :func:`~pylops_distributed.optimization.basic.cgls` gives them.

    See Also
    --------
    pylops.optimization.leastsquares.regularized_inversion
    """
    system, data = regularized_system(Op, y, Regs, Weight, dataregs, epsRs)
    start = None if x0 is None else reshape(x0, system.domain)
    x, istop, itn, r1norm, r2norm, _ = cgls(system, data, start, **kwargs_solver)
    return (flatten(x) if isinstance(y, da.Array) and y.ndim == 1 else x), istop, itn, r1norm, r2norm
