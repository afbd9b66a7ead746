"""Operators made of other operators: adjoint, conjugate, scaled, product, sum, power, real part, labelled."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any, ClassVar

import numpy as np

from pylops_distributed.graph.batching import reshape_columns
from pylops_distributed.linearoperator.labels import Side, common_labels
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import AnySpace, BlockSpace, BlockVector, Space, Vector, reshape


@dataclass(frozen=True)
class ApplyMode:
    """How a composed operator goes through its members: with one vector, or with many side by side."""

    forward: Callable[[LinearOperator, Vector], Vector]
    adjoint: Callable[[LinearOperator, Vector], Vector]
    reshape: Callable[[Any, AnySpace], Vector]


VECTOR = ApplyMode(lambda op, x: op.apply(x), lambda op, y: op.apply_adjoint(y), reshape)
MATRIX = ApplyMode(
    lambda op, x: op.cast_output(op._matmat(x), 0), lambda op, y: op.cast_output(op._rmatmat(y), 1), reshape_columns
)  # fmt: skip


class ComposedOperator(LinearOperator):
    """An operator made of others, which says once how it goes through them.

    Parameters
    ----------
    ops : sequence of LinearOperator
        The members. Attributes that are not among the options are taken from the first, and must suit all.
    domain, codomain : Space or BlockSpace, optional
        Default those of the first member.
    **options
        As for :class:`~pylops_distributed.LinearOperator`.
    """

    op: LinearOperator  # where there is only one member
    takes_numpy: ClassVar[bool] = True

    def __init__(
        self, ops: Sequence[LinearOperator], domain: AnySpace | None = None, codomain: AnySpace | None = None,
        **options: object,
    ) -> None:  # fmt: skip
        first = ops[0]
        inherited: dict[str, Any] = {
            "dtype": np.result_type(*(op.dtype for op in ops)),
            "clinear": all(op.clinear for op in ops),
            "forceflat": _forceflat(ops),
            "compute": (any(op.compute[0] for op in ops), any(op.compute[1] for op in ops)),
        }
        super().__init__(
            domain=first.domain if domain is None else domain,
            codomain=first.codomain if codomain is None else codomain,
            **inherited | options,
        )
        if any(op.named for op in ops):
            self.named = True
            _ = self.labels  # raises where members disagree

    @property
    def labels(self) -> tuple[Side, Side]:
        """Those of the only member."""
        return self.op.labels

    @abstractmethod
    def _forward(self, x: Vector, way: ApplyMode) -> Vector:
        """Forward of one vector or of many."""

    @abstractmethod
    def _backward(self, y: Vector, way: ApplyMode) -> Vector:
        """Adjoint of one vector or of many."""

    def _matvec(self, x: Vector) -> Vector:
        return self._forward(x, VECTOR)

    def _rmatvec(self, y: Vector) -> Vector:
        return self._backward(y, VECTOR)

    def _matmat(self, X: Vector) -> Vector:
        return self._forward(X, MATRIX)

    def _rmatmat(self, Y: Vector) -> Vector:
        return self._backward(Y, MATRIX)


def _forceflat(ops: Sequence[LinearOperator]) -> bool | None:
    asked = {op.forceflat for op in ops} - {None}
    if len(asked) > 1:
        raise ValueError(f"Operators have conflicting forceflat: {sorted(map(str, asked))}")
    return asked.pop() if asked else None


class ReshapedOperator(ComposedOperator):
    """An operator between arrays of the shapes that were set as its ``dims`` and ``dimsd``."""

    def __init__(self, op: LinearOperator) -> None:
        self.op = op
        model, data = op.seen
        super().__init__(
            [op],
            op.domain if model is None else Space(model, op.domain.dtype),
            op.codomain if data is None else Space(data, op.codomain.dtype),
        )

    def _forward(self, x: Vector, way: ApplyMode) -> Vector:
        return way.reshape(way.forward(self.op, way.reshape(x, self.op.domain)), self.codomain)

    def _backward(self, y: Vector, way: ApplyMode) -> Vector:
        return way.reshape(way.adjoint(self.op, way.reshape(y, self.op.codomain)), self.domain)


class AdjointOperator(ComposedOperator):
    """The adjoint of an operator."""

    def __init__(self, op: LinearOperator) -> None:
        self.op = op
        super().__init__([op], op.codomain, op.domain, compute=op.compute[::-1])

    def _forward(self, x: Vector, way: ApplyMode) -> Vector:
        return way.adjoint(self.op, x)

    def _backward(self, y: Vector, way: ApplyMode) -> Vector:
        return way.forward(self.op, y)

    def adjoint(self) -> LinearOperator:
        """The operator itself."""
        return self.op

    @property
    def labels(self) -> tuple[Side, Side]:
        """Those of the operator, the other way round."""
        return self.op.labels[::-1]


class ConjOperator(ComposedOperator):
    """The complex conjugate of an operator."""

    def __init__(self, op: LinearOperator) -> None:
        self.op = op
        super().__init__([op])

    def _forward(self, x: Vector, way: ApplyMode) -> Vector:
        return way.forward(self.op, x.conj()).conj()

    def _backward(self, y: Vector, way: ApplyMode) -> Vector:
        return way.adjoint(self.op, y.conj()).conj()

    def conj(self) -> LinearOperator:
        """The operator itself."""
        return self.op


class ScaledOperator(ComposedOperator):
    """An operator times a scalar."""

    def __init__(self, op: LinearOperator, scalar: Any) -> None:
        # A number of NumPy would set the precision of the result.
        self.op, self.scalar = op, scalar.item() if isinstance(scalar, np.number | np.bool_) else scalar
        grows = op.dtype.kind != "c" and np.iscomplexobj(scalar)
        super().__init__([op], dtype=np.result_type(op.dtype, np.complex64) if grows else op.dtype)

    def _forward(self, x: Vector, way: ApplyMode) -> Vector:
        result: Vector = self.scalar * way.forward(self.op, x)
        return result

    def _backward(self, y: Vector, way: ApplyMode) -> Vector:
        result: Vector = np.conj(self.scalar) * way.adjoint(self.op, y)
        return result


FEW_TERMS = 16


class ProductOperator(ComposedOperator):
    """Operators one after the other, the last first: ``left @ right``.

    Attributes
    ----------
    ops : tuple of LinearOperator
        The factors, also those of factors that are products, so that long products are no deep ones.
    """

    def __init__(self, left: LinearOperator, right: LinearOperator) -> None:
        if left.shape[1] != right.shape[0]:
            raise ValueError(
                f"cannot multiply {left!r} with {right!r}: {left.shape[1]} != {right.shape[0]}, "
                f"dims {left.dims} of the left one and dimsd {right.dimsd} of the right one"
            )
        self.ops = (*members_of(left, ProductOperator), *members_of(right, ProductOperator))
        super().__init__([left, right], right.domain, left.codomain)

    def _forward(self, x: Vector, way: ApplyMode) -> Vector:
        for op in reversed(self.ops):
            x = way.forward(op, way.reshape(x, op.domain))
        return x

    def _backward(self, y: Vector, way: ApplyMode) -> Vector:
        for op in self.ops:
            y = way.adjoint(op, way.reshape(y, op.codomain))
        return y

    @property
    def labels(self) -> tuple[Side, Side]:
        """The model's of the last and the data's of the first operator; all must agree with their neighbours."""
        for left, right in pairwise(self.ops):
            common_labels(left.labels[0], right.labels[1], f"the data of {right!r}")
        return self.ops[-1].labels[0], self.ops[0].labels[1]


class SumOperator(ComposedOperator):
    """The sum of operators.

    Attributes
    ----------
    ops : tuple of LinearOperator
        The terms, also those of terms that are sums, so that long sums are no deep ones.
    """

    def __init__(self, left: LinearOperator, right: LinearOperator) -> None:
        if left.shape != right.shape:
            raise ValueError(
                f"cannot add {left!r} and {right!r}: their shapes differ, as do dims {left.dims} and {right.dims}, or "
                f"dimsd {left.dimsd} and {right.dimsd}"
            )
        self.ops = (*members_of(left, SumOperator), *members_of(right, SumOperator))
        # As in PyLops, the dimensions are those of the operator that knows more than a flat size.
        domain = right.domain if len(left.dims) == 1 else left.domain
        codomain = right.codomain if len(left.dimsd) == 1 else left.codomain
        super().__init__([left, right], domain, codomain)

    def _forward(self, x: Vector, way: ApplyMode) -> Vector:
        return self._added(x, way.forward, way, 1)

    def _backward(self, y: Vector, way: ApplyMode) -> Vector:
        return self._added(y, way.adjoint, way, -1)

    def _added(
        self, x: Vector, apply: Callable[[LinearOperator, Vector], Vector], way: ApplyMode, step: int
    ) -> Vector:
        source, target = ("domain", "codomain")[::step]
        return added(
            [
                way.reshape(apply(op, way.reshape(x, getattr(op, source))), getattr(self, target))
                for op in self.ops
            ]
        )

    @property
    def labels(self) -> tuple[Side, Side]:
        """Labels of all operators, which must agree."""
        model, data = self.ops[0].labels
        for op in self.ops[1:]:
            model = common_labels(model, op.labels[0], repr(op))
            data = common_labels(data, op.labels[1], repr(op))
        return model, data


def added(terms: list[Vector]) -> Vector:
    """The sum of vectors: from the first to the last, or, of many, as a tree, whose graph is not as deep."""
    while len(terms) > FEW_TERMS:
        terms = [reduce(add, terms[i : i + 2]) for i in range(0, len(terms), 2)]
    y: Vector = reduce(add, terms)
    return y


def members_of(op: LinearOperator, kind: type[ProductOperator | SumOperator]) -> tuple[LinearOperator, ...]:
    """The members of a product or sum, if that is the kind of an operator and users see it unchanged."""
    return op.ops if type(op) is kind and op.name is None else (op,)


class PowerOperator(ComposedOperator):
    """A square operator applied ``p`` times."""

    def __init__(self, op: LinearOperator, p: int) -> None:
        if op.shape[0] != op.shape[1] or int(p) != p or p < 0:
            raise ValueError(f"only square operators have whole, non-negative powers, got {op!r} ** {p}")
        self.op, self.p = op, int(p)
        super().__init__([op])

    def _forward(self, x: Vector, way: ApplyMode) -> Vector:
        for _ in range(self.p):
            x = way.reshape(way.forward(self.op, way.reshape(x, self.domain)), self.codomain)
        return x

    def _backward(self, y: Vector, way: ApplyMode) -> Vector:
        for _ in range(self.p):
            y = way.reshape(way.adjoint(self.op, way.reshape(y, self.codomain)), self.domain)
        return y

    @property
    def labels(self) -> tuple[Side, Side]:
        """Those of the operator, whose model and data must agree."""
        common_labels(*self.op.labels, "its data")
        return self.op.labels


class RealImagOperator(ComposedOperator):
    """The real or the imaginary part of an operator's result: linear over the real numbers only.

    Parameters
    ----------
    op : LinearOperator
        Operator.
    part : {"real", "imag"}
        Which part.
    forw, adj : bool
        Of which of forward and adjoint; the other one is left as it is.
    """

    signs: ClassVar[dict[str, int]] = {"real": 1, "imag": -1}  # of the adjoint, which is conjugated

    def __init__(self, op: LinearOperator, part: str, forw: bool, adj: bool) -> None:
        self.op, self.part, self.forw, self.adj = op, part, forw, adj
        domain, codomain = (_real(s) if on else s for s, on in ((op.domain, adj), (op.codomain, forw)))
        super().__init__([op], domain, codomain, dtype=np.zeros((), op.dtype).real.dtype, clinear=False)

    def _forward(self, x: Vector, way: ApplyMode) -> Vector:
        y = way.forward(self.op, x)
        return self._take(y) if self.forw else y

    def _backward(self, y: Vector, way: ApplyMode) -> Vector:
        x = way.adjoint(self.op, y)
        return self.signs[self.part] * self._take(x) if self.adj else x

    def _take(self, x: Vector) -> Vector:
        return x.map(lambda a: getattr(a, self.part)) if isinstance(x, BlockVector) else getattr(x, self.part)


def _real(space: AnySpace) -> AnySpace:
    """The space of the real parts of the vectors of a space."""
    if isinstance(space, BlockSpace):
        return replace(space, spaces=tuple(map(_real_array, space.spaces)))
    return _real_array(space)


def _real_array(space: Space) -> Space:
    return replace(space, dtype=np.zeros((), space.dtype).real.dtype)


class LabelledOperator(ComposedOperator):
    """An operator with labels of its model and data; see :meth:`LinearOperator.labelled`."""

    named = True

    def __init__(self, op: LinearOperator, model: Side, data: Side) -> None:
        self.op, self.model, self.data = op, model, data
        super().__init__([op], name=op.name)

    @property
    def labels(self) -> tuple[Side, Side]:
        """The labels given."""
        return self.model, self.data

    def _forward(self, x: Vector, way: ApplyMode) -> Vector:
        return way.forward(self.op, x)

    def _backward(self, y: Vector, way: ApplyMode) -> Vector:
        return way.adjoint(self.op, y)
