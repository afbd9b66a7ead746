"""Arrays to a graphics processor and back."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.registry import import_on_use
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike, NDArray


class ToCupy(LinearOperator):
    r"""Chunks from main memory to that of a graphics processor, by CuPy.

    Forward :math:`\mathbf y = \mathbf x` on the processor, adjoint :math:`\mathbf x = \mathbf y` in main memory; one
    task a chunk, on whichever worker has it. What comes after works on CuPy's chunks if it knows how to. Where CuPy
    is not installed chunks stay where they are, as in PyLops.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.

    See Also
    --------
    pylops.ToCupy : the local operator.

    References
    ----------
    .. [1] Okuta, R., et al., 2017, CuPy: a NumPy-compatible library for NVIDIA GPU calculations: Workshop on Machine
       Learning Systems at NIPS.

    Examples
    --------
    With CuPy installed, samples multiplied on a graphics processor::

        there = ToCupy(1000)
        y = (there.H @ Diagonal(weights_there) @ there) @ x
    """

    def __init__(
        self,
        dims: int | Iterable[int],
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        chunks: ChunksLike = None,
    ) -> None:
        space = Space.of(shape_of(dims), dtype, chunks)
        super().__init__(domain=space, codomain=space, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        meta = to_device(np.empty((0,) * x.ndim, x.dtype))
        return x.map_blocks(to_device, dtype=x.dtype, meta=meta)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return y.map_blocks(to_host, dtype=y.dtype, meta=np.empty((0,) * y.ndim, y.dtype))


def to_device(block: NDArray) -> object:
    """A chunk as CuPy's array, where there is CuPy."""
    return import_on_use("cupy").asarray(block) if find_spec("cupy") else block


def to_host(block: NDArray) -> object:
    """A chunk as NumPy's array."""
    return import_on_use("cupy").asnumpy(block) if find_spec("cupy") else block
