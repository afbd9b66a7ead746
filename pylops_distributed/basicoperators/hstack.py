"""Operators side by side."""

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


class HStack(LinearOperator):
    r"""Operators with the same data, and the model of each after that of the one before.

    Forward :math:`y = \sum_k L_k x_k`, summed as a tree, adjoint :math:`x_k = L_k^H y`. Solvers see the model
    as :class:`~pylops_distributed.space.Blocks`; users see a flat vector, as in PyLops.

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
        If the operators differ in their number of rows, or there are none.

    See Also
    --------
    pylops.HStack

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import HStack, Identity
    >>> (HStack([Identity(2), 2 * Identity(2)]) @ da.ones(4)).compute()
    array([3., 3.])
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
        codomain, flattened = common([op.codomain for op in self.ops], kind, "rows")
        super().__init__(
            joint([op.domain for op in self.ops], kind), codomain, dtype=kind, clinear=clinear(self.ops),
            forceflat=True if flattened else forceflat, compute=compute, name="H",
        )  # fmt: skip

    def _matvec(self, x: Blocks) -> Vector:
        blocks = split(x, [op.domain for op in self.ops])
        images = [reshape(self.ops[i].apply(blocks[i]), self.codomain) for i in relevant(self.ops)]
        return total(images, self.codomain, dtype_with(self.dtype, x))

    def _rmatvec(self, y: Vector) -> Blocks:
        images = [op.apply_adjoint(reshape(y, op.codomain)) for op in self.ops]
        return join(images, dtype_with(self.dtype, y))
