"""Operators on top of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.stacks import (
    clinear,
    common,
    dtype_of,
    dtype_with,
    join,
    joint,
    members,
    relevant,
    split,
    total,
)
from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.space import Blocks, Vector, reshape


class VStack(LinearOperator):
    r"""Operators with the same model, and the data of each after those of the one before.

    Forward :math:`y_k = L_k x`, adjoint :math:`x = \sum_k L_k^H y_k`, summed as a tree. Solvers see the data
    as :class:`~pylops_distributed.space.Blocks`, which nothing concatenates; users see a flat vector, as in
    PyLops.

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

    Raises
    ------
    ValueError
        If the operators differ in their number of columns, or there are none.

    See Also
    --------
    pylops.VStack

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Identity, VStack
    >>> (VStack([Identity(2), 2 * Identity(2)]) @ da.ones(2)).compute()
    array([1., 1., 2., 2.])
    """

    def __init__(
        self,
        ops: Sequence[Any],
        nproc: int = 1,
        forceflat: bool | None = None,
        inoutengine: tuple[str, str] | None = None,
        parallel_kind: str = "multiproc",
        dtype: DTypeLike | None = None,
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.ops = members(ops)
        kind = dtype_of(self.ops, dtype)
        domain, flattened = common([op.domain for op in self.ops], kind, "columns")
        super().__init__(
            domain, joint([op.codomain for op in self.ops], kind), dtype=kind, clinear=clinear(self.ops),
            forceflat=True if flattened else forceflat, compute=compute, name="V",
        )  # fmt: skip

    def _matvec(self, x: Vector) -> Blocks:
        images = [op.apply(reshape(x, op.domain)) for op in self.ops]
        return join(images, dtype_with(self.dtype, x))

    def _rmatvec(self, y: Blocks) -> Vector:
        blocks = split(y, [op.codomain for op in self.ops])
        images = [reshape(self.ops[i].apply_adjoint(blocks[i]), self.domain) for i in relevant(self.ops)]
        return total(images, self.domain, dtype_with(self.dtype, y))
