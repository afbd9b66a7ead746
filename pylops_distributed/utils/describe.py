"""Composed operators as formulas, by SymPy."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import reduce
from operator import add, mul
from string import ascii_uppercase
from typing import Any, Protocol

from pylops_distributed.basicoperators.blockdiag import BlockDiag
from pylops_distributed.basicoperators.hstack import HStack
from pylops_distributed.basicoperators.vstack import VStack
from pylops_distributed.linearoperator import composites
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.registry import import_on_use

__all__ = ["describe"]

MISSING = "describe needs SymPy: pip install sympy"


class Expression(Protocol):
    """A matrix expression of SymPy, as far as it is used here."""

    @property
    def T(self) -> Expression: ...


@dataclass
class Formula:
    """Symbols of the operators that a formula has so far."""

    names: dict[str, LinearOperator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sympy: Any = import_on_use("sympy", MISSING)

    def of(self, op: LinearOperator) -> Expression:
        """The formula of an operator: its symbol where it has a name or is not composed."""
        write = _WRITERS.get(type(op))
        if write is None or (op.name is not None and not isinstance(op, VStack | HStack | BlockDiag)):
            return self._symbol(op)
        formula: Expression = write(self, op)
        return formula

    def _symbol(self, op: LinearOperator) -> Expression:
        used = [name for name, other in self.names.items() if other is op]
        name = used[0] if used else self._free_name(op)
        self.names[name] = op
        formula: Expression = self.sympy.MatrixSymbol(name, 1, 1)
        return formula

    def _free_name(self, op: LinearOperator) -> str:
        """The name of an operator, or, where another has it, the next letter."""
        wanted = op.name or type(op).__name__[0]
        letters = (a + n for n in ("", *map(str, range(1, 1 + len(self.names)))) for a in ascii_uppercase)
        return wanted if wanted not in self.names else next(a for a in letters if a not in self.names)

    def conjugate(self, op: composites.ConjOperator) -> Expression:
        """The transpose, where an adjoint is conjugated, and else the conjugate."""
        if isinstance(op.op, composites.AdjointOperator):
            return self.of(op.op.op).T
        formula: Expression = self.sympy.conjugate(self.of(op.op))
        return formula

    def column(self, op: VStack) -> Expression:
        """Operators on top of each other."""
        formula: Expression = self.sympy.BlockMatrix([[self.of(member)] for member in op.ops])
        return formula

    def row(self, op: HStack) -> Expression:
        """Operators side by side."""
        formula: Expression = self.sympy.BlockMatrix([[self.of(member) for member in op.ops]])
        return formula

    def diagonal(self, op: BlockDiag) -> Expression:
        """Operators along a diagonal."""
        formula: Expression = self.sympy.BlockDiagMatrix(*map(self.of, op.ops))
        return formula


_WRITERS: dict[type, Any] = {
    composites.AdjointOperator: lambda formula, op: formula.of(op.op).adjoint(),
    composites.ConjOperator: Formula.conjugate,
    composites.ScaledOperator: lambda formula, op: op.scalar * formula.of(op.op),
    composites.SumOperator: lambda formula, op: reduce(add, map(formula.of, op.ops)),
    composites.ProductOperator: lambda formula, op: reduce(mul, map(formula.of, op.ops)),
    composites.PowerOperator: lambda formula, op: formula.of(op.op) ** op.p,
    composites.ReshapedOperator: lambda formula, op: formula.of(op.op),
    composites.LabelledOperator: lambda formula, op: formula.of(op.op),
    VStack: Formula.column,
    HStack: Formula.row,
    BlockDiag: Formula.diagonal,
}


def describe(Op: object) -> None:
    """Print an operator as a formula of the operators that it is made of, with the class of each.

    In a notebook the formula is typeset. Operators are called by their ``name``; a name that another operator has
    already becomes a free letter.

    Parameters
    ----------
    Op : LinearOperator
        Operator, of this library or of PyLops.

    Raises
    ------
    ModuleNotFoundError
        If SymPy is not installed.

    Examples
    --------
    >>> from pylops_distributed import Diagonal, FirstDerivative, Identity
    >>> from pylops_distributed.utils.describe import describe
    >>> A, D = FirstDerivative(4), Diagonal([1.0, 2.0, 3.0, 4.0])
    >>> A.name, D.name = "A", "D"
    >>> describe(D @ A.H + 2 * Identity(4))
    D*Adjoint(A) + 2*I
    where: {'D': 'Diagonal', 'A': 'FirstDerivative', 'I': 'Identity'}
    """
    formula = Formula()
    written = formula.of(aslinearoperator(Op))
    notebook = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if notebook is not None and "IPKernelApp" in notebook.config:
        import_on_use("IPython.display").display(written)
    else:
        print(written)
    print("where:", {name: type(op).__name__ for name, op in formula.names.items()})
