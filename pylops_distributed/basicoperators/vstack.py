"""Operators on top of each other."""

from __future__ import annotations

from pylops_distributed.basicoperators.stack import Stack, common, dtype_with, relevant, sum_vectors
from pylops_distributed.vectors.joint import join, joint, split
from pylops_distributed.vectors.space import AnySpace, BlockVector, Vector, reshape
from pylops_distributed.vectors.types import DType


class VStack(Stack):
    r"""Operators with the same model, and the data of each after those of the one before.

    Forward :math:`y_k = L_k x`, adjoint :math:`x = \sum_k L_k^H y_k`, summed as a tree. Solvers see the data
    as :class:`~pylops_distributed.vectors.space.BlockVector`, which nothing concatenates; users see a flat vector,
    as in
    PyLops.

    Parameters and attributes are those of :class:`~pylops_distributed.basicoperators.stack.Stack`.

    Raises
    ------
    ValueError
        If the operators differ in their number of columns, or there are none.

    See Also
    --------
    pylops.VStack

    References
    ----------
    .. [1] Ravasi, M., and I. Vasconcelos, 2020, PyLops - A linear-operator Python library for scalable algebra and
       optimization: SoftwareX, 11, 100361, doi:10.1016/j.softx.2019.100361.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Identity, VStack
    >>> (VStack([Identity(2), 2 * Identity(2)]) @ da.ones(2)).compute()
    array([1., 1., 2., 2.])
    """

    letters = "V"
    shared = (True, False)

    def _spaces(self, dtype: DType) -> tuple[AnySpace, AnySpace, bool]:
        domain, flat = common([op.domain for op in self.ops], dtype, "columns")
        return domain, joint([op.codomain for op in self.ops], dtype), flat

    def _matvec(self, x: Vector) -> BlockVector:
        images = [op.apply(reshape(x, op.domain)) for op in self.ops]
        return join(images, dtype_with(self.dtype, x))

    def _rmatvec(self, y: BlockVector) -> Vector:
        blocks = split(y, [op.codomain for op in self.ops])
        images = [reshape(self.ops[i].apply_adjoint(blocks[i]), self.domain) for i in relevant(self.ops)]
        return sum_vectors(images, self.domain, dtype_with(self.dtype, y))
