"""Forward and adjoint of an operator as functions of flat NumPy vectors, for solvers that call them very often.

Made once for a solve, they do not look at the operator again for every vector: for small systems that costs more than
the arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any, TypeAlias

import dask.array as da
import numpy as np

from pylops_distributed.graph.purity import is_foreign
from pylops_distributed.linearoperator.composites import (
    AdjointOperator,
    ProductOperator,
    ReshapedOperator,
    ScaledOperator,
    SumOperator,
    added,
)
from pylops_distributed.linearoperator.numpy_plan import is_direct
from pylops_distributed.linearoperator.operator import LinearOperator  # noqa: TC001  singledispatch reads annotations
from pylops_distributed.vectors.space import Space, flatten, one_array, unflatten

FlatPass: TypeAlias = Callable[
    [da.Array], da.Array
]  # of NumPy arrays, typed as what has all that is used of both


def flat_pass(op: LinearOperator, way: int) -> FlatPass:
    """Forward (``way`` 0) or adjoint (1) of an operator that holds no Dask array, of flat NumPy vectors.

    Parameters
    ----------
    op : LinearOperator
        Operator.
    way : int
        Which way.

    Returns
    -------
    callable
        Function of a vector of shape ``(shape[1],)``, or ``(shape[0],)``, which counts as the operator's own does.
    """
    if op.holds_dask or is_foreign(type(op)):
        return _whole(op, way)
    inner = make_pass(op, way)
    if op.narrow[way] and op.dtype.char in "fF":
        inner = _narrowed(op, way, inner)

    def forward(x: da.Array) -> da.Array:
        op.matvec_count += 1
        return inner(x)

    def adjoint(y: da.Array) -> da.Array:
        op.rmatvec_count += 1
        return inner(y)

    return (forward, adjoint)[way]


def _narrowed(op: LinearOperator, way: int, inner: FlatPass) -> FlatPass:
    return lambda x: one_array(op.cast_output(inner(x), way))


def _whole(op: LinearOperator, way: int) -> FlatPass:
    """By way of the operator's own layout."""
    space, apply = ((op.domain, op.apply), (op.codomain, op.apply_adjoint))[way]
    return lambda x: flatten(apply(unflatten(x, space)))


@singledispatch
def make_pass(op: LinearOperator, way: int) -> FlatPass:
    """A function as :func:`flat_pass` makes, which does not count: one file of an operator may register its own."""
    return array_pass(op, way)


def array_pass(op: LinearOperator, way: int) -> FlatPass:
    """A function that goes through arrays in the operator's layout, and does not count."""
    space, other = (op.domain, op.codomain)[:: 1 - 2 * way]
    function: Any = (op._matvec, op._rmatvec)[way]
    if not is_direct(op, way) or not isinstance(other, Space):
        whole = _whole(op, way)
        counts = ("matvec_count", "rmatvec_count")[way]

        def uncounted(x: da.Array) -> da.Array:
            setattr(op, counts, getattr(op, counts) - 1)
            return whole(x)

        return uncounted
    if len(space.shape) == len(other.shape) == 1:
        known: FlatPass = function
        return known
    shape = space.shape
    return lambda x: one_array(function(x.reshape(shape))).reshape(-1)


@make_pass.register
def _(op: ProductOperator, way: int) -> FlatPass:
    passes = [flat_pass(o, way) for o in (op.ops if way else op.ops[::-1])]

    def run(x: da.Array) -> da.Array:
        for function in passes:
            x = function(x)
        return x

    return run


@make_pass.register
def _(op: SumOperator, way: int) -> FlatPass:
    passes = [flat_pass(o, way) for o in op.ops]
    return lambda x: one_array(added([function(x) for function in passes]))


@make_pass.register
def _(op: ScaledOperator, way: int) -> FlatPass:
    function, scalar = flat_pass(op.op, way), np.conj(op.scalar) if way else op.scalar
    return lambda x: one_array(scalar * function(x))


@make_pass.register
def _(op: AdjointOperator, way: int) -> FlatPass:
    return flat_pass(op.op, 1 - way)


@make_pass.register
def _(op: ReshapedOperator, way: int) -> FlatPass:
    return flat_pass(op.op, way)
