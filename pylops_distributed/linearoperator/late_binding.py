"""Names that operators bind late: what builds on operators, and yet is one of their methods, as in PyLops."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

# This is the only place where a lower layer names a higher one: import these names on first use.
LATE = {
    "seen": "pylops_distributed.linearoperator.composites:ReshapedOperator",
    "adjoint": "pylops_distributed.linearoperator.composites:AdjointOperator",
    "conj": "pylops_distributed.linearoperator.composites:ConjOperator",
    "scaled": "pylops_distributed.linearoperator.composites:ScaledOperator",
    "product": "pylops_distributed.linearoperator.composites:ProductOperator",
    "sum": "pylops_distributed.linearoperator.composites:SumOperator",
    "power": "pylops_distributed.linearoperator.composites:PowerOperator",
    "part": "pylops_distributed.linearoperator.composites:RealImagOperator",
    "labelled": "pylops_distributed.linearoperator.composites:LabelledOperator",
    "matrix": "pylops_distributed.basicoperators.matrixmult:MatrixMult",
    "columns": "pylops_distributed.basicoperators.restriction:some_columns",
    "divide": "pylops_distributed.optimization.division:divide",
    "eigenvalues": "pylops_distributed.optimization.numerics.spectrum:eigenvalues",
    "trace": "pylops_distributed.utils.estimators:trace",
    "from_pylops": "pylops_distributed.linearoperator.pylops_bridge:LocalOperator",
    "to_pylops": "pylops_distributed.linearoperator.pylops_bridge:ComputingOperator",
}


@cache
def late_bound(name: str) -> Any:
    """The object that :data:`LATE` names."""
    module, _, attribute = LATE[name].partition(":")
    return getattr(import_module(module), attribute)
