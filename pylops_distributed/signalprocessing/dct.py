"""Cosine transform."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import DTypeLike

from pylops_distributed.blockwise import Array, BlockwiseOperator
from pylops_distributed.blockwise.arguments import axes_of, one_of, shape_of
from pylops_distributed.blockwise.separable import SeparableRule
from pylops_distributed.vectors.types import ChunksLike, DType


class DCT(BlockwiseOperator):
    r"""Discrete cosine transform along some axes, orthonormal, chunk by chunk.

    For type 2 along one axis of :math:`N` samples, forward and adjoint, which is the inverse, are

    .. math::
        y_k = c_k \sum_n x_n \cos\frac{\pi k (2n + 1)}{2N}, \qquad
        x_n = \sum_k c_k\, y_k \cos\frac{\pi k (2n + 1)}{2N}

    with :math:`c_0 = \sqrt{1/N}` and else :math:`c_k = \sqrt{2/N}`. Where another axis
    can be cut into as many pieces, all are gathered at once; else the transform goes along the axes that lie in one
    chunk, then, after a rechunk, along the others.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model, and of the data.
    type : {1, 2, 3, 4}, optional
        Type of the transform.
    axes : int or tuple of int, optional
        Axes to transform; default all.
    dtype : dtype, optional
        Type of the operator.
    workers : int, optional
        Number of threads a block is transformed with.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If ``type`` is unknown or ``axes`` are not different ones of ``dims``.

    See Also
    --------
    pylops.signalprocessing.DCT : the local operator.

    References
    ----------
    .. [1] Ahmed, N., T. Natarajan, and K. R. Rao, 1974, Discrete cosine transform: IEEE Transactions on
       Computers, C-23, 90-93, doi:10.1109/T-C.1974.223784.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.dct import DCT
    >>> (DCT(4) @ da.ones(4, chunks=2)).compute().round(12)
    array([2., 0., 0., 0.])
    """

    follows = (True, True)

    def __init__(
        self,
        dims: int | Iterable[int],
        type: Literal[1, 2, 3, 4] = 2,
        axes: int | Iterable[int] | None = None,
        dtype: DTypeLike = "float64",
        workers: int | None = None,
        name: str | None = "C",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        self.type, self.workers = one_of("type", type, (1, 2, 3, 4)), workers
        self.axes = axes_of(range(len(model)) if axes is None else shape_of(axes), model)
        if len(set(self.axes)) < len(self.axes):
            raise ValueError(f"axes must be different, got {self.axes}")
        transform = Cosine(self.axes, tuple(model[a] for a in self.axes), type, workers)
        super().__init__(
            SeparableRule(transform), SeparableRule(transform, adjoint=True), model, dtype=dtype,
            chunks=chunks, compute=compute, name=name,
        )  # fmt: skip


@dataclass(frozen=True)
class Cosine:
    """A cosine transform of blocks along some axes."""

    axes: tuple[int, ...]
    lengths: tuple[int, ...]
    type: int
    workers: int | None
    anchor: int | None = None

    def only(self, axes: tuple[int, ...]) -> Cosine:
        """The factor that acts along some of the axes."""
        kept = self.sizes()
        chosen = tuple(a for a in self.axes if a in axes)
        return replace(self, axes=chosen, lengths=tuple(kept[a] for a in chosen))

    def sizes(self, adjoint: bool = False) -> dict[int, int]:
        """Length of each of the axes, before and after."""
        return dict(zip(self.axes, self.lengths, strict=True))

    def inner(self, dtype: DType) -> DType:
        """Type between two factors."""
        return dtype

    def __call__(self, block: Array, adjoint: bool = False) -> Array:
        """The transform of a block, or the adjoint transform."""
        function = scipy.fft.idctn if adjoint else scipy.fft.dctn
        return np.asarray(function(block, type=self.type, axes=self.axes, norm="ortho", workers=self.workers))
