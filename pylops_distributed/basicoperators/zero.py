"""Zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space, one_array, zeros
from pylops_distributed.vectors.types import ChunksLike


class Zero(LinearOperator):
    r"""Zeros, whatever the model.

    Forward :math:`y_i = 0`, adjoint :math:`x_i = 0`. Stacks leave this operator out of their sums.

    Parameters
    ----------
    N : int or tuple of int
        Shape of the data.
    M : int or tuple of int, optional
        Shape of the model; default that of the data.
    forceflat : bool, optional
        Return flat vectors also for N-dimensional input.
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
    pylops.Zero

    References
    ----------
    .. [1] Golub, G. H., and C. F. Van Loan, 2013, Matrix computations, 4th ed.: Johns Hopkins University Press.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Zero
    >>> (Zero(2, 3) @ da.ones(3)).compute()
    array([0., 0.])
    """

    narrow = (True, True)
    takes_numpy: ClassVar[bool] = True
    domain: Space
    codomain: Space

    def __init__(
        self,
        N: int | Iterable[int],
        M: int | Iterable[int] | None = None,
        forceflat: bool | None = None,
        dtype: DTypeLike = "float64",
        name: str | None = "Z",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        domain = Space.of(shape_of(N if M is None else M), dtype, chunks)
        codomain = domain if M is None else Space.of(shape_of(N), dtype)
        super().__init__(domain=domain, codomain=codomain, forceflat=forceflat, compute=compute, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        return self._nothing(self.codomain, x)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._nothing(self.domain, y)

    def _nothing(self, space: Space, like: da.Array) -> da.Array:
        return one_array(zeros(replace(space, dtype=np.result_type(space.dtype, like.dtype)), like))
