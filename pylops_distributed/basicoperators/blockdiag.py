"""Operators along a diagonal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylops_distributed.basicoperators.stack import Stack, dtype_with
from pylops_distributed.vectors.joint import join, joint, split
from pylops_distributed.vectors.types import DType

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import AnySpace, BlockVector


class BlockDiag(Stack):
    r"""Operators that each take a part of the model to a part of the data.

    Forward :math:`y_k = L_k x_k`, adjoint :math:`x_k = L_k^H y_k`. Solvers see
    :class:`~pylops_distributed.vectors.space.BlockVector`. Users see, as in PyLops, arrays of shape ``(len(ops),
    *dims)``
    where all members have the same ``dims``, and flat vectors where not.

    Parameters and attributes are those of :class:`~pylops_distributed.basicoperators.stack.Stack`.

    Raises
    ------
    ValueError
        If there are no operators.

    See Also
    --------
    pylops.BlockDiag

    References
    ----------
    .. [1] Ravasi, M., and I. Vasconcelos, 2020, PyLops - A linear-operator Python library for scalable algebra and
       optimization: SoftwareX, 11, 100361, doi:10.1016/j.softx.2019.100361.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import BlockDiag, Identity
    >>> (BlockDiag([Identity(2), 2 * Identity(2)]) @ da.ones((2, 2))).compute()
    array([[1., 1.],
           [2., 2.]])
    """

    letters = "BD"

    def _spaces(self, dtype: DType) -> tuple[AnySpace, AnySpace, bool]:
        domain, codomain = (
            joint(spaces, dtype, stacked=len({space.shape for space in spaces}) == 1)
            for spaces in ([op.domain for op in self.ops], [op.codomain for op in self.ops])
        )
        return domain, codomain, not (domain.stacked and codomain.stacked)

    def _matvec(self, x: BlockVector) -> BlockVector:
        blocks = split(x, [op.domain for op in self.ops])
        images = [op.apply(b) for op, b in zip(self.ops, blocks, strict=True)]
        return join(images, dtype_with(self.dtype, x))

    def _rmatvec(self, y: BlockVector) -> BlockVector:
        blocks = split(y, [op.codomain for op in self.ops])
        images = [op.apply_adjoint(b) for op, b in zip(self.ops, blocks, strict=True)]
        return join(images, dtype_with(self.dtype, y))
