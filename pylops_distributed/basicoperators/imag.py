"""Imaginary part."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise import Array, BlockwiseOperator, WholeAxisRule
from pylops_distributed.blockwise.arguments import real_type, shape_of
from pylops_distributed.vectors.types import ChunksLike, DType


class Imag(BlockwiseOperator):
    r"""Imaginary part of each sample.

    Forward :math:`y_i = \Im x_i`, adjoint :math:`x_i = i\,\Re y_i`. Linear for real scalars only.

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
    pylops.Imag

    References
    ----------
    .. [1] Ravasi, M., and I. Vasconcelos, 2020, PyLops - A linear-operator Python library for scalable algebra and
       optimization: SoftwareX, 11, 100361, doi:10.1016/j.softx.2019.100361.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Imag
    >>> (Imag(2) @ da.full(2, 3 + 4j)).compute()
    array([4., 4.])
    """

    narrow = (True, True)

    def __init__(
        self,
        dims: int | Iterable[int],
        dtype: DTypeLike = "complex128",
        name: str | None = "I",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        super().__init__(
            WholeAxisRule(np.imag, ()), WholeAxisRule(_turn, ()), shape_of(dims), dtype=dtype, dtypes=(dtype,
            real_type(dtype)),
            clinear=False, chunks=chunks, compute=compute, name=name,
        )  # fmt: skip

    @property
    def rdtype(self) -> DType:
        """The real type of the precision of the operator."""
        return real_type(self.dtype)


def _turn(block: Array) -> Array:
    return np.asarray(1j * np.real(block))
