"""Where vectors live: the shape, type and chunks of arrays, and vectors made of several arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, TypeAlias

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.compat.dask import flatten as flatten_keys
from pylops_distributed.vectors.namespace import holds_dask, reject_masked
from pylops_distributed.vectors.types import BlockKey, Chunks, ChunksLike, DType, NDArray, Scalar, Shape

_SURE = 1e-30, 1e30  # sums in single precision between these lost nothing by its range
FAN_IN = 64  # how many partial sums one task adds up


@dataclass(frozen=True)
class BlockVector:
    """A vector made of several arrays, such as data stacked on regularisation terms.

    The members keep their own shapes and chunks: nothing is flattened or concatenated.
    A frozen dataclass, so that Dask's ``persist``, ``compute`` and ``tokenize`` look inside.

    Parameters
    ----------
    arrays : tuple of dask.array.Array
        The members, in order.
    """

    arrays: tuple[da.Array, ...]

    def __post_init__(self) -> None:
        reject_masked(*self.arrays)

    def map(self, function: Callable[..., da.Array], *others: Vector) -> BlockVector:
        """Apply ``function`` member by member, together with the members of ``others``."""
        columns = [self.arrays, *(other.arrays for other in others if isinstance(other, BlockVector))]
        return BlockVector(tuple(function(*row) for row in zip(*columns, strict=True)))

    def __add__(self, other: Vector) -> BlockVector:
        return self.map(lambda a, b: a + b, other)

    def __sub__(self, other: Vector) -> BlockVector:
        return self.map(lambda a, b: a - b, other)

    def __mul__(self, scalar: Scalar) -> BlockVector:
        return self.map(lambda a: a * scalar)

    def __truediv__(self, scalar: Scalar) -> BlockVector:
        return self.map(lambda a: a / scalar)

    def __neg__(self) -> BlockVector:
        return self.map(lambda a: -a)

    def conj(self) -> BlockVector:
        """Complex conjugate of every member."""
        return self.map(lambda a: a.conj())

    __rmul__ = __mul__
    # NumPy scalars and Dask's 0-d arrays must hand `scalar * blocks` over to us.
    __array_ufunc__ = None
    __array_priority__ = 100.0


Vector: TypeAlias = da.Array | BlockVector
# What people may pass as a vector.
VectorLike: TypeAlias = Vector | NDArray


@dataclass(frozen=True)
class Space:
    """The shape, type and, where an operator pins them, the chunks of an N-dimensional array; no data.

    Parameters
    ----------
    shape : tuple of int
        Length of each axis.
    dtype : numpy.dtype
        Type of the elements.
    chunks : tuple of tuple of int, optional
        Chunks along each axis. ``None`` follows the chunks of whatever array comes.

    Raises
    ------
    ValueError
        If ``chunks`` do not add up to ``shape``.
    """

    shape: Shape
    dtype: DType
    chunks: Chunks | None = None

    def __post_init__(self) -> None:
        if self.chunks is not None and tuple(map(sum, self.chunks)) != self.shape:
            raise ValueError(f"chunks {self.chunks} do not add up to the shape {self.shape}")

    @classmethod
    def of(cls, shape: int | Iterable[int], dtype: DTypeLike, chunks: ChunksLike = None) -> Space:
        """Build a space from PyLops-style arguments; ``chunks`` takes anything Dask takes."""
        sizes = tuple(map(int, shape)) if isinstance(shape, Iterable) else (int(shape),)
        kind = np.dtype(dtype)
        if chunks is None:
            return cls(sizes, kind)
        return cls(sizes, kind, da.core.normalize_chunks(chunks, shape=sizes, dtype=kind))

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    def fit(self, x: Vector) -> da.Array:
        """Return ``x`` with this space's chunks; its shape must match.

        Raises
        ------
        TypeError
            If ``x`` is made of several arrays.
        ValueError
            If the shape differs.
        """
        if isinstance(x, BlockVector):
            raise TypeError(
                f"got a BlockVector of {len(x.arrays)} arrays, expected one array of shape {self.shape}: "
                "pass one of its arrays"
            )
        if isinstance(x, np.ndarray):
            return self._fit_numpy(x)
        reject_masked(x)
        if any(n != n for n in x.shape):
            raise ValueError(
                f"the sizes of chunks are unknown, expected an array of shape {self.shape}: call compute_chunk_sizes()"
            )
        if x.shape != self.shape:
            raise ValueError(f"expected an array of shape {self.shape}, got one of shape {x.shape}")
        return x if self.chunks is None or x.chunks == self.chunks else x.rechunk(self.chunks)

    def _fit_numpy(self, x: da.Array) -> da.Array:
        if isinstance(x, np.ma.MaskedArray):
            reject_masked(x)
        if x.shape != self.shape:
            raise ValueError(f"expected an array of shape {self.shape}, got one of shape {x.shape}")
        return x


@dataclass(frozen=True)
class BlockSpace:
    """The space of :class:`BlockVector`: one :class:`Space` a member.

    Parameters
    ----------
    spaces : tuple of Space
        The members' spaces, in order.
    stacked : bool, optional
        Whether users see members, all of one shape, along a first axis instead of one flat vector.
    """

    spaces: tuple[Space, ...]
    stacked: bool = False

    @property
    def size(self) -> int:
        """Number of elements of all members together."""
        return sum(space.size for space in self.spaces)

    @property
    def shape(self) -> Shape:
        """Shape of the array that PyLops would use in place of the blocks."""
        return (len(self.spaces), *self.spaces[0].shape) if self.stacked else (self.size,)

    @property
    def dtype(self) -> DType:
        """Type that holds every member."""
        return np.result_type(*(space.dtype for space in self.spaces))

    def fit(self, x: Vector) -> BlockVector:
        """Return ``x`` with each member fitted to its space.

        Raises
        ------
        TypeError
            If ``x`` is one array.
        ValueError
            If the number of members differs.
        """
        if not isinstance(x, BlockVector):
            raise TypeError(
                f"got one array of shape {x.shape}, expected a BlockVector of {len(self.spaces)} arrays: "
                "make one by pylops_distributed.vectors.space.unflatten"
            )
        if len(x.arrays) != len(self.spaces):
            raise ValueError(f"expected {len(self.spaces)} blocks, got {len(x.arrays)}")
        return BlockVector(tuple(s.fit(a) for s, a in zip(self.spaces, x.arrays, strict=True)))


AnySpace: TypeAlias = Space | BlockSpace


def as_floating(x: Vector, dtype: DTypeLike = np.float64) -> Vector:
    """A vector of integers or booleans in floating point; any other vector itself.

    Squares of integers overflow and booleans do not subtract, so that no solver takes them.

    Parameters
    ----------
    x : dask.array.Array or Blocks
        Any vector.
    dtype : dtype, optional
        Type of the operator: in single precision, so is the result if that holds all integers of the type of ``x``.
    """
    if isinstance(x, BlockVector):
        return x.map(lambda a: one_array(as_floating(a, dtype)))
    return x.astype(_floating(x.dtype, dtype)) if x.dtype.kind in "biu" else x


@lru_cache(1024)
def product_dtype(*kinds: DType) -> DType:
    """Type of an inner product of vectors of these types."""
    kind = np.result_type(*kinds)
    return kind if kind.kind not in "biu" else np.dtype(np.float64)


@lru_cache(1024)
def scalar_dtype(*kinds: DType) -> DType:
    """Type of the scalars of a solver whose vectors are of these types: double precision at least.

    Squares of single-precision numbers beyond 1e19 or below 1e-19 do not fit in single precision.
    """
    return np.result_type(product_dtype(*kinds), np.float64)


def in_double(x: Vector) -> Vector:
    """A vector in double precision at least."""
    if isinstance(x, BlockVector):
        return x.map(lambda a: one_array(in_double(a)))
    return x.astype(scalar_dtype(x.dtype))


def _floating(*kinds: DTypeLike) -> DType:
    """The real floating type that holds numbers of all these types."""
    kind = np.result_type(*(np.zeros((), k).real.dtype for k in kinds))
    return kind if kind.kind == "f" else np.dtype(np.float64)


def dot_blocks(a: NDArray, b: NDArray) -> np.generic:
    """Inner product of two blocks, in double precision at least.

    Blocks in single precision are multiplied as they are, and in double precision where their product would be
    lost in the range of single precision.
    """
    plain: Any
    if type(a) is type(b) is np.ndarray and a.dtype.char == b.dtype.char:
        # Most often, and for small vectors the rest costs more.
        if (char := a.dtype.char) == "d":
            plain = np.vdot(a, b)
            number: np.generic = plain
            return number
        if char == "f":
            plain = np.vdot(a, b)
            if not lost_in_range(abs(plain)):
                return np.float64(plain)
    reject_masked(a, b)  # of operators whose blocks are masked though nothing says so before
    kind = scalar_dtype(a.dtype, b.dtype)
    dot: Any = np.vdot(np.asarray(a, product_dtype(a.dtype, b.dtype)), b)
    if dot.dtype == kind:
        same: np.generic = dot
        return same
    # A residual of zeros, at the end of an exact solve, has lost nothing.
    if lost_in_range(abs(dot)) and a.size and (dot or (a.any() and b.any())):
        dot = np.vdot(np.asarray(a, kind), b)
    wide: np.generic = kind.type(dot)
    return wide


def lost_in_range(size: float) -> bool:
    """Whether a sum of single-precision numbers is so large or small that some of them may have been lost."""
    return not _SURE[0] < size < _SURE[1]


def zeros(space: AnySpace, like: VectorLike | None = None) -> Vector:
    """A zero vector of ``space``; where the space pins no chunks, those of ``like`` or Dask's own."""
    if isinstance(space, BlockSpace):
        likes = likes_of(space, like)
        return BlockVector(tuple(_zeros(s, m) for s, m in zip(space.spaces, likes, strict=True)))
    return _zeros(space, like)


def likes_of(space: BlockSpace, like: VectorLike | None) -> tuple[da.Array | None, ...]:
    """For each member of a space an array whose kind, and chunks, its own array is to have."""
    count = len(space.spaces)
    if isinstance(like, BlockVector) and len(like.arrays) == count:
        return like.arrays
    alone: Any = like if like is not None and not holds_dask(like) else None
    return (arrays_of(alone)[0] if alone is not None else None,) * count


def _zeros(space: Space, like: VectorLike | None) -> da.Array:
    if like is not None and not holds_dask(like):
        zero: Any = np.zeros(space.shape, space.dtype)
        return one_array(zero)
    chunks: ChunksLike = space.chunks
    if chunks is None:
        chunks = like.chunks if isinstance(like, da.Array) and like.shape == space.shape else "auto"
    return da.zeros(space.shape, dtype=space.dtype, chunks=chunks)


def flatten(x: Vector) -> da.Array:
    """The flat vector PyLops would use for ``x``: row-major, blocks one after another."""
    if isinstance(x, BlockVector):
        members: Any = [_reshaped(a, (-1,)) for a in x.arrays]
        flat: Any = np.concatenate(members)
        return one_array(flat)
    return x if x.ndim == 1 else _reshaped(x, (-1,))


def _reshaped(x: da.Array, shape: tuple[int, ...]) -> da.Array:
    if isinstance(x, da.Array) and x.size == 0:  # which Dask does not reshape
        return da.zeros(tuple(max(n, 0) for n in shape), dtype=x.dtype)
    return x.reshape(shape)


def unflatten(x: da.Array, space: AnySpace) -> Vector:
    """The vector of ``space`` that the flat ``x`` stands for; the inverse of :func:`flatten`."""
    if x.size != space.size and x.size == x.size:  # the size of a lazy array may not be known
        raise ValueError(
            f"expected a vector of {space.size} samples, flat or of shape {space.shape}, got one of {x.size}, of shape "
            f"{x.shape}"
        )
    if isinstance(space, Space):
        return space.fit(_reshaped(x, space.shape))
    ends = np.cumsum([s.size for s in space.spaces])
    pieces = zip(space.spaces, [0, *ends[:-1]], ends, strict=True)
    return BlockVector(tuple(s.fit(_reshaped(x[a:b], s.shape)) for s, a, b in pieces))


def reshape(x: Vector, space: AnySpace) -> Vector:
    """``x`` in the layout of ``space``: itself where that already fits, through a flat vector where not."""
    reject_masked(x)
    if isinstance(space, BlockSpace):
        if isinstance(x, BlockVector) and tuple(a.shape for a in x.arrays) == tuple(
            s.shape for s in space.spaces
        ):
            return x
        if isinstance(x, da.Array | np.ndarray) and space.stacked and x.shape == space.shape:
            return space.fit(BlockVector(tuple(x)))
    elif isinstance(x, da.Array | np.ndarray):
        if x.shape == space.shape:
            return x
    elif {(len(x.arrays), *a.shape) for a in x.arrays} == {space.shape}:
        stacked: Any = np.stack(x.arrays)
        return one_array(stacked)
    return unflatten(flatten(x), space)


def keys_of(a: da.Array) -> list[BlockKey]:
    """The keys of an array's blocks, in the order of its blocks."""
    return list(flatten_keys(a.__dask_keys__()))


def one_array(x: Vector) -> da.Array:
    """``x``, which must be one array.

    Raises
    ------
    TypeError
        If it is made of several.
    """
    if isinstance(x, BlockVector):
        raise TypeError(f"got a BlockVector of {len(x.arrays)} arrays, expected one array")
    return x


def dtype_of(x: Vector) -> DType:
    """The type that holds all elements of a vector."""
    return np.result_type(*(a.dtype for a in arrays_of(x)))


def arrays_of(x: Vector) -> tuple[da.Array, ...]:
    """The arrays that a vector is made of."""
    return x.arrays if isinstance(x, BlockVector) else (x,)
