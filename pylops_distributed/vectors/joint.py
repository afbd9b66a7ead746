"""Vectors of several members, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from pylops_distributed.vectors.space import AnySpace, BlockSpace, BlockVector, Space, Vector
from pylops_distributed.vectors.types import DType


def parts(space: AnySpace) -> tuple[Space, ...]:
    """The spaces of the arrays that a vector is made of."""
    return space.spaces if isinstance(space, BlockSpace) else (space,)


def joint(spaces: Sequence[AnySpace], dtype: DType, stacked: bool = False) -> BlockSpace:
    """The space of the members' vectors one after the other."""
    arrays = tuple(Space(p.shape, dtype, p.chunks) for space in spaces for p in parts(space))
    return BlockSpace(arrays, stacked)


def join(vectors: Sequence[Vector], dtype: DType) -> BlockVector:
    """The members' vectors one after the other, of one type."""
    arrays = (v.arrays if isinstance(v, BlockVector) else (v,) for v in vectors)
    return BlockVector(tuple(a.astype(dtype, copy=False) for group in arrays for a in group))


def split(x: BlockVector, spaces: Sequence[AnySpace]) -> list[Vector]:
    """The members' vectors out of one of the joint space."""
    rest = iter(x.arrays)
    return [
        BlockVector(tuple(next(rest) for _ in space.spaces)) if isinstance(space, BlockSpace) else next(rest)
        for space in spaces
    ]
