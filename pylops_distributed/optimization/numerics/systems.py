"""Regularised least squares written as one system: as blocks, or as normal equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import dask.array as da
import numpy as np

from pylops_distributed.basicoperators.blockdiag import BlockDiag
from pylops_distributed.basicoperators.vstack import VStack
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.numerics.weights import real_weights
from pylops_distributed.vectors.namespace import of_one_kind
from pylops_distributed.vectors.space import (
    AnySpace,
    BlockVector,
    Vector,
    VectorLike,
    arrays_of,
    as_floating,
    reshape,
    zeros,
)


def regularized_system(
    Op: LinearOperator,
    y: VectorLike,
    Regs: Sequence[LinearOperator] | None = None,
    Weight: LinearOperator | None = None,
    dataregs: Sequence[VectorLike | None] | None = None,
    epsRs: Sequence[float] | None = None,
) -> tuple[LinearOperator, Vector]:
    r"""The operator and the data of a regularised problem, as one least-squares system; lazy.

    Parameters are those of :func:`pylops_distributed.optimization.leastsquares.regularized_inversion`.

    Returns
    -------
    Op : LinearOperator
        :math:`[\mathbf{W}^{1/2}\mathbf{Op};\ \epsilon_1 \mathbf{R}_1;\ \ldots]`.
    y : dask.array.Array or Blocks
        :math:`[\mathbf{W}^{1/2}\mathbf{y};\ \epsilon_1 \mathbf{d}_1;\ \ldots]`, one block a term, shaped like the
        ``dimsd`` of its operator.
    """
    op = aslinearoperator(Op)
    data = vector_of(y, op.codomain)
    if Weight is not None:
        weight = aslinearoperator(Weight)
        op, data = weight @ op, weight.apply(reshape(data, weight.domain))
    if not Regs:
        return op, data
    terms, eps, targets = _terms(Regs, dataregs, epsRs)
    scaled = [
        None if d is None else e * vector_of(d, reg.codomain)
        for reg, e, d in zip(terms, eps, targets, strict=True)
    ]
    return VStack([op, *(e * reg for e, reg in zip(eps, terms, strict=True))]), stacked_data(
        data, terms, scaled
    )


def stacked_data(
    data: Vector, terms: Sequence[LinearOperator], targets: Sequence[Vector | None]
) -> BlockVector:
    """Data of a regularised problem, and below them those of its terms, weighted; zero where there are none."""
    below = (
        zeros(reg.codomain, like=data) if d is None else d for reg, d in zip(terms, targets, strict=True)
    )
    return BlockVector(tuple(a for member in (data, *below) for a in arrays_of(member)))


def RegularizedOperator(
    Op: LinearOperator, Regs: Sequence[LinearOperator], epsRs: Sequence[float] = (1,)
) -> LinearOperator:
    r"""The operator :math:`[\mathbf{Op};\ \epsilon_1 \mathbf{R}_1;\ \ldots]` of a regularised problem.

    Parameters
    ----------
    Op : LinearOperator
        Modelling operator.
    Regs : list of LinearOperator
        Regularisation operators :math:`\mathbf{R}_i`.
    epsRs : list of float, optional
        Weights :math:`\epsilon_i`.

    Returns
    -------
    LinearOperator
        The members on top of each other.

    See Also
    --------
    pylops.optimization.cls_leastsquares.RegularizedOperator
    """
    terms, eps, _ = _terms(Regs, None, epsRs)
    return VStack([Op, *(e * reg for e, reg in zip(eps, terms, strict=True))], dtype=Op.dtype)


def normal_system(
    Op: LinearOperator,
    y: VectorLike,
    Regs: Sequence[LinearOperator] | None = None,
    Weight: LinearOperator | None = None,
    dataregs: Sequence[VectorLike | None] | None = None,
    epsRs: Sequence[float] | None = None,
    NRegs: Sequence[LinearOperator] | None = None,
    epsNRs: Sequence[float] | None = None,
) -> tuple[LinearOperator, Vector]:
    r"""The operator and the data of regularised normal equations; lazy.

    Parameters are those of :func:`pylops_distributed.optimization.leastsquares.normal_equations_inversion`.

    Returns
    -------
    Op : LinearOperator
        :math:`\mathbf{Op}^H\mathbf{W}\mathbf{Op} + \sum_i\epsilon_i^2\mathbf{R}_i^H\mathbf{R}_i +
        \sum_j\epsilon_{N,j}^2\mathbf{N}_j`.
    y : dask.array.Array or Blocks
        :math:`\mathbf{Op}^H\mathbf{W}\mathbf{y} + \sum_i\epsilon_i^2\mathbf{R}_i^H\mathbf{d}_i`.
    """
    op = aslinearoperator(Op)
    data: Any = vector_of(y, op.codomain)
    right = op
    if Weight is not None:
        weight = aslinearoperator(Weight)
        right, data = weight @ op, reshape(weight.apply(reshape(data, weight.domain)), op.codomain)
    system, data = op.H @ right, op.apply_adjoint(data)
    for reg, e, d in zip(*_terms(Regs or (), dataregs, epsRs), strict=True):
        system = system + e**2 * (reg.H @ reg)
        if d is not None:
            moved = reshape(reg.apply_adjoint(vector_of(d, reg.codomain)), op.domain)
            data = data + e**2 * moved
    for reg, e in zip(NRegs or (), real_weights("epsNRs", epsNRs or ()), strict=True):
        system = system + e**2 * aslinearoperator(reg)
    return system, data


def vector_of(x: VectorLike, space: AnySpace) -> Vector:
    """A vector of ``space`` from Blocks or any array, flat or not, lazily; in floating point."""
    vector = x if isinstance(x, BlockVector) else of_one_kind(x)[0]
    return reshape(as_floating(vector, space.dtype), space)


def _terms(
    Regs: Sequence[LinearOperator],
    dataregs: Sequence[VectorLike | None] | None,
    epsRs: Sequence[float] | None,
) -> tuple[list[LinearOperator], list[float], list[VectorLike | None]]:
    """Regularisation operators with their weights and data, None for zero data."""
    terms = [aslinearoperator(reg) for reg in Regs]
    eps = [1.0] * len(terms) if epsRs is None else real_weights("epsRs", epsRs)
    targets: list[Any] = [None] * len(terms) if dataregs is None else list(dataregs)
    if not len(terms) == len(eps) == len(targets):
        raise ValueError(
            f"got {len(terms)} Regs, {len(eps)} epsRs and {len(targets)} dataregs: one each is needed"
        )
    return terms, eps, targets


def many(
    Op: LinearOperator, y: VectorLike, x0: VectorLike | None
) -> tuple[LinearOperator, VectorLike, VectorLike | None, Callable[[da.Array], da.Array]]:
    """A system for the columns of a matrix ``y`` side by side: operator, data, first model, and how to lay out models.

    Data that are not such a matrix stay as they are.
    """
    op = aslinearoperator(Op)
    if (
        isinstance(y, BlockVector)
        or np.ndim(y) != 2
        or np.shape(y) in (op.dimsd, (op.shape[0], 1))
        or np.shape(y)[0] != op.shape[0]
    ):
        return op, y, x0, lambda x: x
    (data, first) = of_one_kind(y, x0)
    start = None if first is None else first.T.ravel()
    k = data.shape[1]
    return BlockDiag([op] * k), data.T.ravel(), start, lambda x: x.reshape(k, -1).T
