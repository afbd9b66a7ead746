"""Vectors of numbers that look random and are the same for all chunks."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.space import AnySpace, BlockSpace, BlockVector, Vector, likes_of, one_array
from pylops_distributed.vectors.types import DType, NDArray


def noise(space: AnySpace, dtype: DTypeLike, like: Vector | None = None, offset: int = 0) -> Vector:
    """A vector of fixed numbers between 0 and 1 (and as many imaginary ones) that look random.

    They depend on the position alone, so that every chunking returns the same.
    """
    if isinstance(space, BlockSpace):
        starts = np.cumsum([offset, *(s.size for s in space.spaces)])
        return BlockVector(
            tuple(
                one_array(noise(s, dtype, m, int(k)))
                for s, m, k in zip(space.spaces, likes_of(space, like), starts, strict=False)
            )
        )
    axes = tuple(range(len(space.shape)))
    strides = [int(np.prod(space.shape[a + 1 :], dtype=np.int64)) for a in axes]
    kind = np.result_type(np.float32, dtype)
    if like is not None and not holds_dask(like):
        positions = (np.arange(n) * s for n, s in zip(space.shape, strides, strict=True))
        result: Any = _noise(*positions, offset=offset, kind=kind)
        return one_array(result)
    chunks = space.chunks or (like.chunks if isinstance(like, da.Array) else "auto")
    chunks = da.core.normalize_chunks(chunks, space.shape, dtype=dtype)
    pairs = [p for a in axes for p in (da.arange(space.shape[a], chunks=(chunks[a],)) * strides[a], (a,))]
    return da.blockwise(
        _noise, axes, *pairs, offset=offset, kind=kind, dtype=kind, meta=np.zeros((0,) * len(axes), kind)
    )


def _noise(*positions: NDArray, offset: int, kind: DType) -> NDArray:
    index = sum(np.ix_(*positions)[1:], start=np.ix_(*positions)[0]) + offset
    values = _mixed(index, 0x9E3779B97F4A7C15)
    return (values + 1j * _mixed(index, 0xD1B54A32D192ED03) if kind.kind == "c" else values).astype(kind)


def _mixed(index: NDArray, increment: int) -> NDArray:
    """Numbers from 0 to 1 of the splitmix64 sequence (Steele et al., 2014, doi:10.1145/2660193.2660195)."""
    with np.errstate(over="ignore"):
        bits = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(increment)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((bits ^ (bits >> np.uint64(31))) >> np.uint64(11)).astype(float) / 2.0**53
