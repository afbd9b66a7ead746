"""Complex conjugate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise import BlockwiseOperator, WholeAxisRule
from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.vectors.types import ChunksLike


class Conj(BlockwiseOperator):
    r"""Complex conjugate of each sample.

    Forward :math:`y_i = x_i^*`, adjoint :math:`x_i = y_i^*`. Linear for real scalars only.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model, and of the data.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    See Also
    --------
    pylops.Conj

    References
    ----------
    .. [1] Ravasi, M., and I. Vasconcelos, 2020, PyLops - A linear-operator Python library for scalable algebra and
       optimization: SoftwareX, 11, 100361, doi:10.1016/j.softx.2019.100361.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Conj
    >>> (Conj(2) @ da.full(2, 3 + 4j)).compute()
    array([3.-4.j, 3.-4.j])
    """

    follows = (True, True)
    moves = inplace = True

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        dims: int | Iterable[int],
        dtype: DTypeLike = "complex128",
        name: str | None = "C",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        super().__init__(
            WholeAxisRule(np.conj, ()), WholeAxisRule(np.conj, ()), shape_of(dims), dtype=dtype, clinear=False,
            chunks=chunks, compute=compute, name=name,
        )  # fmt: skip

    def _matvec(self, x: da.Array) -> da.Array:
        return x.conj() if isinstance(x, np.ndarray) else super()._matvec(x)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return y.conj() if isinstance(y, np.ndarray) else super()._rmatvec(y)
