"""Second derivative in a given direction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import dask.array as da
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.firstdirectionalderivative import FirstDirectionalDerivative
from pylops_distributed.blockwise.finite_differences import depths
from pylops_distributed.blockwise.halo_graph import chunks_with_room
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import one_array
from pylops_distributed.vectors.types import ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.basicoperators.firstderivative import Kind
    from pylops_distributed.vectors.space import Space


class SecondDirectionalDerivative(LinearOperator):
    r"""Second derivative in a direction that may differ from sample to sample.

    With :math:`D_v` the first derivative in the direction, forward and adjoint are :math:`y = -D_v^H D_v x`.

    Parameters
    ----------
    dims : tuple of int
        Shape of the model, and of the data.
    v : array
        Direction, of shape ``(len(dims),)``, or ``(len(dims), *dims)`` for one at each sample. NumPy, Dask
        and Zarr arrays are read only when computing.
    sampling : float or tuple of float, optional
        Distance between samples along each axis.
    edge : bool, optional
        Use shorter stencils at the ends, for the kind ``centered``.
    kind : {"centered", "forward", "backward"}, optional
        Which samples a difference takes.
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
        If ``v`` has neither shape, or ``kind`` is unknown.

    See Also
    --------
    pylops.SecondDirectionalDerivative

    References
    ----------
    .. [1] Weickert, J., 1998, Anisotropic diffusion in image processing: Teubner.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import SecondDirectionalDerivative
    >>> D = SecondDirectionalDerivative((5, 5), [1.0, 0.0], kind="forward")
    >>> (D @ (da.arange(5.0, chunks=2)[:, None] ** 2 * da.ones((5, 5), chunks=2))).compute()[1:4, 0]
    array([2., 2., 2.])
    """

    domain: Space
    narrow = (True, True)

    def __init__(
        self,
        dims: Iterable[int],
        v: object,
        sampling: float | Sequence[float] = 1.0,
        edge: bool = False,
        kind: Kind = "centered",
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.first = FirstDirectionalDerivative(dims, v, sampling, edge, kind, dtype, chunks=chunks)
        super().__init__(
            domain=self.first.domain, codomain=self.first.domain, dtype=dtype, compute=compute, name=name
        )

    def __getattr__(self, name: str) -> Any:
        if name in ("v", "sampling", "edge", "kind") and "first" in vars(self):
            return getattr(self.first, name)
        return super().__getattr__(name)

    def _matvec(self, x: da.Array) -> da.Array:
        wide = chunks_with_room(
            x, depths(self.first.terms, True)
        )  # the adjoint looks farther: chunks are joined once
        # Between the two, in the operator's precision, as a product of two operators is.
        slope = one_array(self.first.cast_output(self.first.along(wide, False), 0))
        y = self.first.along(slope, True, sign=-1)
        return self.domain.fit(y.rechunk(x.chunks))

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._matvec(y)
