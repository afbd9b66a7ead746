"""Division by an operator: its least-squares solution, lazily."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylops_distributed.execution import unroll
from pylops_distributed.linearoperator.array_inputs import check_flat
from pylops_distributed.optimization.algorithms.scipy_rules import ScipyLSQR
from pylops_distributed.optimization.pylops_api.scipy_numpy import NumPySystem
from pylops_distributed.vectors.space import Space, Vector, flatten, reshape

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


def divide(op: LinearOperator, y: Vector, niter: int) -> Vector:
    """Least-squares solution of ``op @ x = y``; see :meth:`pylops_distributed.LinearOperator.div`."""
    data = op._array(y)
    whole = data.shape == op.dimsd and (data.ndim > 1 or isinstance(op.codomain, Space))
    if not whole:
        check_flat(data, op.shape[0])
    x = _solution(op, reshape(data, op.codomain), niter)
    return reshape(x, Space(op.dims, op.dtype)) if whole else flatten(x)


def _solution(op: LinearOperator, y: Vector, niter: int) -> Vector:
    """The model, lazy if the data or the operator are."""
    system = NumPySystem.of(op, y, None)
    found = None if system is None else system.lsqr(iter_lim=niter, atol=1e-8, btol=1e-8)
    if found is not None:
        return found[0]
    solver: Any = ScipyLSQR(niter, atol=1e-8, btol=1e-8)
    x: Vector = unroll(solver, op, y, niter).x
    return x
