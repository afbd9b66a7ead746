"""Operators in rows and columns."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.hstack import HStack
from pylops_distributed.basicoperators.vstack import VStack


class Block(VStack):
    r"""Rows of operators on top of each other.

    Forward :math:`y_k = \sum_l L_{kl} x_l`, adjoint :math:`x_l = \sum_k L_{kl}^H y_k`. Solvers see model and
    data as :class:`~pylops_distributed.vectors.space.BlockVector`; users see flat vectors, as in PyLops.

    Parameters
    ----------
    ops : sequence of sequence
        Rows of operators of this library, PyLops or SciPy, or matrices.
    nproc, forceflat, parallel_kind, dtype, compute : optional
        As in :class:`~pylops_distributed.basicoperators.stack.Stack`.

    Raises
    ------
    ValueError
        If the operators of a row differ in their number of rows, or the rows in that of columns.

    See Also
    --------
    pylops.Block

    References
    ----------
    .. [1] Ravasi, M., and I. Vasconcelos, 2020, PyLops - A linear-operator Python library for scalable algebra and
       optimization: SoftwareX, 11, 100361, doi:10.1016/j.softx.2019.100361.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Block, Identity, Zero
    >>> (Block([[Identity(2), Zero(2)], [Identity(2), Identity(2)]]) @ da.ones(4)).compute()
    array([1., 1., 2., 2.])
    """

    letters = "B"

    def __init__(
        self,
        ops: Sequence[Sequence[object]],
        nproc: int = 1,
        forceflat: bool | None = None,
        parallel_kind: str = "multiproc",
        dtype: DTypeLike | None = None,
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        super().__init__(
            [HStack(row, dtype=dtype) for row in ops], forceflat=forceflat, dtype=dtype, compute=compute
        )

    @property
    def Op(self) -> Block:
        """The operator itself, which PyLops' one keeps inside under this name."""
        return self
