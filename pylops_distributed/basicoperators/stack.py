"""Base of stacked operators, and vectors of several members."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any, ClassVar, TypeVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.matrixmult import MatrixMult
from pylops_distributed.basicoperators.zero import Zero
from pylops_distributed.linearoperator.flat_passes import FlatPass, flat_pass, make_pass
from pylops_distributed.linearoperator.labels import BlockLabels, Side, common_labels
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator, is_operator
from pylops_distributed.vectors.joint import parts
from pylops_distributed.vectors.space import AnySpace, BlockSpace, BlockVector, Space, Vector
from pylops_distributed.vectors.types import DType, NDArray

V = TypeVar("V")


class IdlePool:
    """In place of the pool of processes that PyLops' stacks hold: it has none, and the methods that end one."""

    def close(self) -> None:
        """Nothing to close."""

    terminate = join = close


class Stack(LinearOperator):
    """Operators as the members of one: what VStack, HStack, BlockDiag and Block share.

    Parameters
    ----------
    ops : sequence
        Operators of this library, PyLops or SciPy, or matrices.
    nproc, inoutengine, parallel_kind : optional
        Taken for compatibility: Dask's scheduler runs members in parallel.
    forceflat : bool, optional
        Return flat vectors also for N-dimensional input.
    dtype : dtype, optional
        Type of the operator; default the one that holds those of all members.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    ops : list of LinearOperator
        The members.
    nops, mops : int
        Numbers of data and of model samples.
    nnops, mmops : numpy.ndarray
        First samples of the members in the data and in the model, and the end, of shape ``(len(ops) + 1,)``; of use
        where members do not share them.

    Raises
    ------
    ValueError
        If there are no operators, or their sizes do not fit together.
    """

    letters: ClassVar[str]
    # Whether the members have one model, and one data vector, between them.
    shared: ClassVar[tuple[bool, bool]] = (False, False)
    narrow = (True, True)
    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        ops: Sequence[object],
        nproc: int = 1,
        forceflat: bool | None = None,
        inoutengine: tuple[str, str] | None = None,
        parallel_kind: str = "multiproc",
        dtype: DTypeLike | None = None,
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.ops = members(ops)
        self.nproc, self.inoutengine, self.parallel_kind = nproc, inoutengine, parallel_kind
        kind = np.result_type(*(op.dtype for op in self.ops)) if dtype is None else np.dtype(dtype)
        domain, codomain, flat = self._spaces(kind)
        super().__init__(
            domain=domain, codomain=codomain, dtype=kind, clinear=all(op.clinear for op in self.ops),
            forceflat=True if flat else forceflat, compute=compute, name=self.letters,
        )  # fmt: skip
        if any(op.named for op in self.ops):
            self.named = True
            _ = self.labels  # raises where members disagree

    @property
    def labels(self) -> tuple[Side, Side]:
        """Those of the members, side by side, or, where a space is the same for all, what they have in common."""
        models, images = zip(*(op.labels for op in self.ops), strict=True)
        spaces = [op.domain for op in self.ops], [op.codomain for op in self.ops]
        model, data = (
            _common(sides) if shared else BlockLabels(sides, tuple(members))
            for sides, members, shared in zip((models, images), spaces, self.shared, strict=True)
        )
        return model, data

    @property
    def nops(self) -> int:
        """Number of data samples."""
        return self.shape[0]

    @property
    def mops(self) -> int:
        """Number of model samples."""
        return self.shape[1]

    @property
    def nnops(self) -> NDArray:
        """First samples of the members in the data, and the end, of shape ``(len(ops) + 1,)``."""
        return np.cumsum([0, *(op.shape[0] for op in self.ops)])

    @property
    def mmops(self) -> NDArray:
        """First samples of the members in the model, and the end, of shape ``(len(ops) + 1,)``."""
        return np.cumsum([0, *(op.shape[1] for op in self.ops)])

    @property
    def pool(self) -> IdlePool | None:
        """None for one process, as in PyLops; else something to close, with no processes: Dask's threads work."""
        return IdlePool() if self.nproc > 1 else None

    def close(self) -> None:
        """Nothing to close: taken for compatibility, PyLops' stacks may hold a pool of processes."""

    @abstractmethod
    def _spaces(self, dtype: DType) -> tuple[AnySpace, AnySpace, bool]:
        """Domain, codomain, and whether users can only see flat vectors of them."""


@make_pass.register
def _(op: Stack, way: int) -> FlatPass:
    one_model, one_image = op.shared[:: 1 - 2 * way]
    ends = op.nnops if way else op.mmops
    at = relevant(op.ops) if one_image else range(len(op.ops))
    members = [(flat_pass(op.ops[i], way), slice(ends[i], ends[i + 1])) for i in at]

    def run(x: da.Array) -> da.Array:
        images = [function(x if one_model else x[cut]) for function, cut in members]
        joined: Any = pairwise_sum(images) if one_image else np.concatenate(images)
        y: da.Array = joined
        if y.dtype is x.dtype is op.dtype:  # most often
            return y
        return y.astype(np.result_type(op.dtype, x.dtype), copy=False)

    return run


def _common(sides: Sequence[Side]) -> Side:
    """The labels that all members have in common."""
    return reduce(lambda known, side: common_labels(known, side, "another member of the stack"), sides, None)


def members(ops: Sequence[Any]) -> list[LinearOperator]:
    """The operators of a stack; matrices become :class:`MatrixMult`."""
    if not len(ops):
        raise ValueError("a stack needs one operator or more, got none")
    return [aslinearoperator(op) if is_operator(op) else MatrixMult(op, dtype=op.dtype) for op in ops]


def _shapes(space: AnySpace) -> tuple[tuple[int, ...], ...]:
    return tuple(s.shape for s in parts(space))


def common(spaces: Sequence[AnySpace], dtype: DType, count_of: str) -> tuple[AnySpace, bool]:
    """The one space that all members have on a side, and whether it had to be flattened for that.

    Raises
    ------
    ValueError
        If the members differ in size.
    """
    sizes = [space.size for space in spaces]
    if len(set(sizes)) > 1:
        raise ValueError(f"operators have different number of {count_of}: {sizes}")
    if len({_shapes(space) for space in spaces}) > 1:
        return Space((sizes[0],), dtype), True
    pinned = [s for s in spaces if any(p.chunks for p in parts(s))]
    chosen = [Space(p.shape, dtype, p.chunks) for p in parts((pinned or list(spaces))[0])]
    return (BlockSpace(tuple(chosen)) if isinstance(spaces[0], BlockSpace) else chosen[0]), False


def sum_vectors(terms: list[Vector], space: AnySpace, dtype: DType) -> Vector:
    """Sum of vectors of ``space``, as a tree whose depth grows with the logarithm of their number."""
    x = pairwise_sum(terms)
    if isinstance(x, BlockVector):
        return space.fit(x.map(lambda a: a.astype(dtype, copy=False)))
    return space.fit(x.astype(dtype, copy=False))


def pairwise_sum(terms: list[V]) -> V:
    """Sum of vectors, as a tree."""
    while len(terms) > 1:
        terms = [reduce(add, terms[i : i + 2]) for i in range(0, len(terms), 2)]
    return terms[0]


def dtype_with(dtype: DType, x: Vector) -> DType:
    """The type that holds an operator of type ``dtype`` and a vector."""
    return np.result_type(dtype, *(a.dtype for a in (x.arrays if isinstance(x, BlockVector) else (x,))))


def relevant(ops: Sequence[LinearOperator]) -> list[int]:
    """Members that a sum cannot do without."""
    return [i for i, op in enumerate(ops) if not isinstance(op, Zero)] or [0]
