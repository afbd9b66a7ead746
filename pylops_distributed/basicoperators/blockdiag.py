"""Operators along a diagonal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.stacks import (
    clinear,
    dtype_of,
    dtype_with,
    join,
    joint,
    members,
    split,
)
from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.space import Blocks


class BlockDiag(LinearOperator):
    r"""Operators that each take a part of the model to a part of the data.

    Forward :math:`y_k = L_k x_k`, adjoint :math:`x_k = L_k^H y_k`. Solvers see
    :class:`~pylops_distributed.space.Blocks`. Users see, as in PyLops, arrays of shape ``(len(ops), *dims)``
    where all members have the same ``dims``, and flat vectors where not.

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
        If there are no operators.

    See Also
    --------
    pylops.BlockDiag

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import BlockDiag, Identity
    >>> (BlockDiag([Identity(2), 2 * Identity(2)]) @ da.ones((2, 2))).compute()
    array([[1., 1.],
           [2., 2.]])
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
        domain, codomain = (
            joint(spaces, kind, stacked=len({space.shape for space in spaces}) == 1)
            for spaces in ([op.domain for op in self.ops], [op.codomain for op in self.ops])
        )
        super().__init__(
            domain, codomain, dtype=kind, clinear=clinear(self.ops),
            forceflat=forceflat if domain.stacked and codomain.stacked else True, compute=compute, name="BD",
        )  # fmt: skip

    def _matvec(self, x: Blocks) -> Blocks:
        blocks = split(x, [op.domain for op in self.ops])
        images = [op.apply(b) for op, b in zip(self.ops, blocks, strict=True)]
        return join(images, dtype_with(self.dtype, x))

    def _rmatvec(self, y: Blocks) -> Blocks:
        blocks = split(y, [op.codomain for op in self.ops])
        images = [op.apply_adjoint(b) for op, b in zip(self.ops, blocks, strict=True)]
        return join(images, dtype_with(self.dtype, y))
