"""Operators side by side."""

from __future__ import annotations

from pylops_distributed.basicoperators.stack import Stack, common, dtype_with, relevant, sum_vectors
from pylops_distributed.vectors.joint import join, joint, split
from pylops_distributed.vectors.space import AnySpace, BlockVector, Vector, reshape
from pylops_distributed.vectors.types import DType


class HStack(Stack):
    r"""Operators with the same data, and the model of each after that of the one before.

    Forward :math:`y = \sum_k L_k x_k`, summed as a tree, adjoint :math:`x_k = L_k^H y`. Solvers see the model
    as :class:`~pylops_distributed.vectors.space.BlockVector`; users see a flat vector, as in PyLops.

    Parameters and attributes are those of :class:`~pylops_distributed.basicoperators.stack.Stack`.

    Raises
    ------
    ValueError
        If the operators differ in their number of rows, or there are none.

    See Also
    --------
    pylops.HStack

    References
    ----------
    .. [1] Ravasi, M., and I. Vasconcelos, 2020, PyLops - A linear-operator Python library for scalable algebra and
       optimization: SoftwareX, 11, 100361, doi:10.1016/j.softx.2019.100361.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import HStack, Identity
    >>> (HStack([Identity(2), 2 * Identity(2)]) @ da.ones(4)).compute()
    array([3., 3.])
    """

    letters = "H"
    shared = (False, True)

    def _spaces(self, dtype: DType) -> tuple[AnySpace, AnySpace, bool]:
        codomain, flat = common([op.codomain for op in self.ops], dtype, "rows")
        return joint([op.domain for op in self.ops], dtype), codomain, flat

    def _matvec(self, x: BlockVector) -> Vector:
        blocks = split(x, [op.domain for op in self.ops])
        images = [reshape(self.ops[i].apply(blocks[i]), self.codomain) for i in relevant(self.ops)]
        return sum_vectors(images, self.codomain, dtype_with(self.dtype, x))

    def _rmatvec(self, y: Vector) -> BlockVector:
        images = [op.apply_adjoint(reshape(y, op.codomain)) for op in self.ops]
        return join(images, dtype_with(self.dtype, y))
