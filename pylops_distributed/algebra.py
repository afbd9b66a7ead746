"""Operators made of other operators: adjoint, conjugate, scaled, product, sum, power."""

from __future__ import annotations

from typing import Any

import numpy as np

from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.space import reshape


def _forceflat(*ops: LinearOperator) -> bool | None:
    asked = {op.forceflat for op in ops} - {None}
    if len(asked) > 1:
        raise ValueError("the operators ask for conflicting values of forceflat")
    return asked.pop() if asked else None


class AdjointOperator(LinearOperator):
    """The adjoint of an operator."""

    def __init__(self, op: LinearOperator) -> None:
        self.op = op
        super().__init__(
            op.codomain, op.domain, dtype=op.dtype, clinear=op.clinear,
            forceflat=op.forceflat, compute=op.compute[::-1],
        )  # fmt: skip

    def _matvec(self, x: Any) -> Any:
        return self.op.apply_adjoint(x)

    def _rmatvec(self, y: Any) -> Any:
        return self.op.apply(y)

    def adjoint(self) -> LinearOperator:
        """The operator itself."""
        return self.op


class ConjOperator(LinearOperator):
    """The complex conjugate of an operator."""

    def __init__(self, op: LinearOperator) -> None:
        self.op = op
        super().__init__(
            op.domain,
            op.codomain,
            dtype=op.dtype,
            clinear=op.clinear,
            forceflat=op.forceflat,
            compute=op.compute,
        )

    def _matvec(self, x: Any) -> Any:
        return self.op.apply(x.conj()).conj()

    def _rmatvec(self, y: Any) -> Any:
        return self.op.apply_adjoint(y.conj()).conj()


class ScaledOperator(LinearOperator):
    """An operator times a scalar."""

    def __init__(self, op: LinearOperator, scalar: Any) -> None:
        self.op, self.scalar = op, scalar
        grows = op.dtype.kind != "c" and np.iscomplexobj(scalar)
        super().__init__(
            op.domain, op.codomain, dtype=np.result_type(op.dtype, np.complex64) if grows else op.dtype,
            clinear=op.clinear, forceflat=op.forceflat, compute=op.compute,
        )  # fmt: skip

    def _matvec(self, x: Any) -> Any:
        return self.scalar * self.op.apply(x)

    def _rmatvec(self, y: Any) -> Any:
        return np.conj(self.scalar) * self.op.apply_adjoint(y)


class ProductOperator(LinearOperator):
    """Two operators one after the other: ``left @ right``."""

    def __init__(self, left: LinearOperator, right: LinearOperator) -> None:
        if left.shape[1] != right.shape[0]:
            raise ValueError(f"cannot multiply {left!r} with {right!r}: {left.shape[1]} != {right.shape[0]}")
        self.left, self.right = left, right
        super().__init__(
            right.domain, left.codomain, dtype=np.result_type(left.dtype, right.dtype),
            clinear=left.clinear and right.clinear, forceflat=_forceflat(left, right),
            compute=(left.compute[0] or right.compute[0], left.compute[1] or right.compute[1]),
        )  # fmt: skip

    def _matvec(self, x: Any) -> Any:
        return self.left.apply(reshape(self.right.apply(x), self.left.domain))

    def _rmatvec(self, y: Any) -> Any:
        return self.right.apply_adjoint(reshape(self.left.apply_adjoint(y), self.right.codomain))


class SumOperator(LinearOperator):
    """The sum of two operators."""

    def __init__(self, left: LinearOperator, right: LinearOperator) -> None:
        if left.shape != right.shape:
            raise ValueError(f"cannot add {left!r} and {right!r}: their shapes differ")
        self.left, self.right = left, right
        # As in PyLops, the operator that knows more than a flat size gives the dimensions.
        domain = right.domain if len(left.dims) == 1 else left.domain
        codomain = right.codomain if len(left.dimsd) == 1 else left.codomain
        super().__init__(
            domain, codomain, dtype=np.result_type(left.dtype, right.dtype),
            clinear=left.clinear and right.clinear, forceflat=_forceflat(left, right),
            compute=(left.compute[0] or right.compute[0], left.compute[1] or right.compute[1]),
        )  # fmt: skip

    def _matvec(self, x: Any) -> Any:
        a, b = (op.apply(reshape(x, op.domain)) for op in (self.left, self.right))
        return reshape(a, self.codomain) + reshape(b, self.codomain)

    def _rmatvec(self, y: Any) -> Any:
        a, b = (op.apply_adjoint(reshape(y, op.codomain)) for op in (self.left, self.right))
        return reshape(a, self.domain) + reshape(b, self.domain)


class PowerOperator(LinearOperator):
    """A square operator applied ``p`` times."""

    def __init__(self, op: LinearOperator, p: int) -> None:
        if op.shape[0] != op.shape[1] or int(p) != p or p < 0:
            raise ValueError(f"only square operators have whole, non-negative powers, got {op!r} ** {p}")
        self.op, self.p = op, int(p)
        super().__init__(
            op.domain,
            op.codomain,
            dtype=op.dtype,
            clinear=op.clinear,
            forceflat=op.forceflat,
            compute=op.compute,
        )

    def _matvec(self, x: Any) -> Any:
        for _ in range(self.p):
            x = reshape(self.op.apply(reshape(x, self.domain)), self.codomain)
        return x

    def _rmatvec(self, y: Any) -> Any:
        for _ in range(self.p):
            y = reshape(self.op.apply_adjoint(reshape(y, self.codomain)), self.domain)
        return y
