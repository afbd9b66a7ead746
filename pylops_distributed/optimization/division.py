"""Division by an operator: its least-squares solution, lazily."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylops_distributed.execution import unroll
from pylops_distributed.linearoperator.array_inputs import check_flat
from pylops_distributed.optimization.algorithms.scipy_rules import ScipyLSQR
from pylops_distributed.vectors.space import Space, Vector, flatten, reshape, unflatten

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


def divide(op: LinearOperator, y: Vector, niter: int) -> Vector:
    """Least-squares solution of ``op @ x = y``; see :meth:`pylops_distributed.LinearOperator.div`."""
    data = op._array(y)
    solver: Any = ScipyLSQR(niter, atol=1e-8, btol=1e-8)
    if data.shape == op.dimsd and (data.ndim > 1 or isinstance(op.codomain, Space)):
        x: Any = unroll(solver, op, reshape(data, op.codomain), niter).x
        return reshape(x, Space(op.dims, op.dtype))
    check_flat(data, op.shape[0])
    return flatten(unroll(solver, op, unflatten(data, op.codomain), niter).x)
