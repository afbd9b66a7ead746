"""Identity, cutting off or adding zeros where data and model differ in size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import dask.array as da
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.blockwise.assembly import resize
from pylops_distributed.linearoperator.flat_passes import FlatPass, array_pass, make_pass
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike


class Identity(LinearOperator):
    r"""Identity, of different shapes on the two sides if asked for.

    Forward :math:`y_i = x_i` and adjoint :math:`x_i = y_i` for those samples that both sides have, and zero
    for the others, which are the last along each axis.

    Parameters
    ----------
    N : int or tuple of int
        Shape of the data.
    M : int or tuple of int, optional
        Shape of the model; default that of the data. Along all axes it must be the longer, or along all the
        shorter.
    inplace : bool, optional
        Return a NumPy vector itself, as PyLops does, and not a copy.
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

    Raises
    ------
    ValueError
        If ``N`` and ``M`` differ in their number of axes, or neither is the larger along all axes.

    See Also
    --------
    pylops.Identity

    References
    ----------
    .. [1] Golub, G. H., and C. F. Van Loan, 2013, Matrix computations, 4th ed.: Johns Hopkins University Press.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Identity
    >>> (Identity(4, 2) @ da.ones(2)).compute()
    array([1., 1., 0., 0.])
    """

    domain: Space

    moves = True

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        N: int | Iterable[int],
        M: int | Iterable[int] | None = None,
        inplace: bool = True,
        forceflat: bool | None = None,
        dtype: DTypeLike = "float64",
        name: str | None = "I",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        dimsd = shape_of(N)
        dims = dimsd if M is None else shape_of(M)
        larger = [n - m for n, m in zip(dimsd, dims, strict=False)]
        if len(dims) != len(dimsd) or min(larger) < 0 < max(larger):
            raise ValueError(f"N and M must have as many axes, and one be the larger along all: N={N}, M={M}")
        domain = Space.of(dims, dtype, chunks)
        codomain = domain if dims == dimsd else Space.of(dimsd, dtype)
        super().__init__(domain=domain, codomain=codomain, forceflat=forceflat, compute=compute, name=name)
        self.inplace = inplace and dims == dimsd
        self.narrow = (max(larger) > 0, min(larger) < 0)  # where zeros are added
        self.follows = (not self.narrow[0], not self.narrow[1])

    def _matvec(self, x: da.Array) -> da.Array:
        return resize(x.astype(self.result_dtype(x.dtype), copy=False), self.dimsd)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self.domain.fit(resize(y.astype(self.result_dtype(y.dtype, 1), copy=False), self.dims))


@make_pass.register
def _(op: Identity, way: int) -> FlatPass:
    if op.domain != op.codomain:
        return array_pass(op, way)
    return lambda x: x.astype(op.result_dtype(x.dtype, way), copy=False)
