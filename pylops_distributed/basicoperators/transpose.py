"""Permutation of axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import dask.array as da
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike


class Transpose(LinearOperator):
    r"""Permutation of the axes of the model; chunks stay where they are.

    Axis :math:`k` of the data is axis ``axes[k]`` of the model; the adjoint is the inverse permutation.

    Parameters
    ----------
    dims : tuple of int
        Shape of the model.
    axes : tuple of int
        Axes of the model in their order in the data.
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
        If ``axes`` does not name each axis of ``dims`` once.

    See Also
    --------
    pylops.Transpose

    References
    ----------
    .. [1] Ravasi, M., and I. Vasconcelos, 2020, PyLops - A linear-operator Python library for scalable algebra and
       optimization: SoftwareX, 11, 100361, doi:10.1016/j.softx.2019.100361.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Transpose
    >>> (Transpose((2, 3), (1, 0)) @ da.ones((2, 3), chunks=(1, 3))).chunks
    ((3,), (1, 1))
    """

    follows = (True, True)
    moves = True

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        dims: Iterable[int],
        axes: Iterable[int],
        dtype: DTypeLike = "float64",
        name: str | None = "T",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        self.axes = axes_of(axes, model)
        if sorted(self.axes) != list(range(len(model))):
            raise ValueError(f"axes must name each of the {len(model)} axes of dims once, got {self.axes}")
        self.axesd = tuple(self.axes.index(a) for a in range(len(model)))
        domain = Space.of(model, dtype, chunks)
        dimsd = tuple(model[a] for a in self.axes)
        pinned = None if domain.chunks is None else tuple(domain.chunks[a] for a in self.axes)
        super().__init__(domain=domain, codomain=Space.of(dimsd, dtype, pinned), compute=compute, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        return x.astype(self.result_dtype(x.dtype), copy=False).transpose(self.axes)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return y.astype(self.result_dtype(y.dtype, 1), copy=False).transpose(self.axesd)
