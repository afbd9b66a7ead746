"""Real part."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise import BlockwiseOperator, WholeAxisRule
from pylops_distributed.blockwise.arguments import real_type, shape_of
from pylops_distributed.vectors.types import ChunksLike, DType


class Real(BlockwiseOperator):
    r"""Real part of each sample.

    Forward :math:`y_i = \Re x_i`, adjoint :math:`x_i = \Re y_i`. Linear for real scalars only.

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
    pylops.Real

    References
    ----------
    .. [1] Ravasi, M., and I. Vasconcelos, 2020, PyLops - A linear-operator Python library for scalable algebra and
       optimization: SoftwareX, 11, 100361, doi:10.1016/j.softx.2019.100361.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Real
    >>> (Real(2) @ da.ones(2, dtype=complex)).dtype
    dtype('float64')
    """

    narrow = (True, True)

    def __init__(
        self,
        dims: int | Iterable[int],
        dtype: DTypeLike = "complex128",
        name: str | None = "R",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        super().__init__(
            WholeAxisRule(np.real, ()), WholeAxisRule(np.real, ()), shape_of(dims), dtype=dtype, dtypes=(dtype,
            real_type(dtype)),
            clinear=False, chunks=chunks, compute=compute, name=name,
        )  # fmt: skip

    @property
    def rdtype(self) -> DType:
        """The real type of the precision of the operator."""
        return real_type(self.dtype)
