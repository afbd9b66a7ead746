"""Names that operators bind late: what builds on operators, and yet is one of their methods, as in PyLops."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

# This is the only place where a lower layer names a higher one: import what is named on first use.
LATE = {
    "seen": "pylops_distributed.algebra:SeenOperator",
    "adjoint": "pylops_distributed.algebra:AdjointOperator",
    "conj": "pylops_distributed.algebra:ConjOperator",
    "scaled": "pylops_distributed.algebra:ScaledOperator",
    "product": "pylops_distributed.algebra:ProductOperator",
    "sum": "pylops_distributed.algebra:SumOperator",
    "power": "pylops_distributed.algebra:PowerOperator",
    "part": "pylops_distributed.algebra:PartOperator",
    "labelled": "pylops_distributed.algebra:LabelledOperator",
    "columns": "pylops_distributed.basicoperators.restriction:some_columns",
    "divide": "pylops_distributed.optimization.division:divide",
    "eigenvalues": "pylops_distributed.optimization.spectrum:eigenvalues",
    "trace": "pylops_distributed.utils.estimators:trace",
    "from_pylops": "pylops_distributed.local:LocalOperator",
    "to_pylops": "pylops_distributed.local:ComputingOperator",
}


@cache
def late(name: str) -> Any:
    """The object that :data:`LATE` names."""
    module, _, attribute = LATE[name].partition(":")
    return getattr(import_module(module), attribute)
