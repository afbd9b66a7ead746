"""Few tasks for much arithmetic: one a chunk for all that is done element by element, one for all scalars of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from math import inf, isfinite, nan, sqrt
from typing import Any, Protocol, TypeAlias, overload

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.vectors.arithmetic import squared_norm
from pylops_distributed.vectors.namespace import all_numpy, blockwise, holds_dask, reject_masked
from pylops_distributed.vectors.pieces import apply_by_pieces, sum_by_pieces
from pylops_distributed.vectors.precision import at_precision, common_dtype, mixes, sum_of
from pylops_distributed.vectors.space import AnySpace, BlockVector, Vector, one_array, product_dtype
from pylops_distributed.vectors.types import DType, NDArray, Scalar, Settings

# Numbers and other arguments of a kernel that are the same for all elements.
ScalarArgument: TypeAlias = Scalar | NDArray | str | tuple[object, ...] | None
Argument: TypeAlias = ScalarArgument | BlockVector


class HasDomain(Protocol):
    """An operator, as far as it says where its models live."""

    @property
    def domain(self) -> AnySpace: ...  # noqa: D102


def real_dtype(*values: Vector) -> DType:
    """The real floating type of vectors and arrays: that of their norms."""
    return _real_of(
        tuple(a.dtype for v in values for a in (v.arrays if isinstance(v, BlockVector) else (v,)))
    )


def scalar_kind(*values: Vector) -> DType:
    """The real type of the scalars of a solver on such vectors: double precision at least."""
    return np.result_type(real_dtype(*values), np.float64)


@lru_cache(1024)
def _real_of(kinds: tuple[DType, ...]) -> DType:
    return np.zeros((), np.result_type(np.float32, *kinds)).real.dtype


def _pairs(args: tuple[object, ...]) -> list[object]:
    """Arguments of ``da.blockwise``: arrays with their axes, the rest as it is."""
    reject_masked(*args)
    return [p for a in args for p in (a, tuple(range(a.ndim)) if isinstance(a, da.Array) else None)]


def _member(args: tuple[Argument, ...], k: int) -> tuple[Argument, ...]:
    return tuple(a.arrays[k] if isinstance(a, BlockVector) else a for a in args)


def _members(args: tuple[Argument, ...]) -> int | None:
    """Number of members of the Blocks among the arguments; None if there are none."""
    blocks = [a for a in args if isinstance(a, BlockVector)]
    if not blocks:
        return None
    counts = {len(a.arrays) for a in blocks}
    if len(counts) > 1:
        raise ValueError(f"Blocks of different lengths do not go together: {sorted(counts)}")
    return counts.pop()


@overload
def elementwise(
    function: Callable[..., object], *args: ScalarArgument, dtype: DTypeLike | None = None
) -> da.Array: ...
@overload
def elementwise(
    function: Callable[..., object], *args: Argument, dtype: DTypeLike | None = None
) -> Vector: ...
def elementwise(function: Callable[..., object], *args: Argument, dtype: DTypeLike | None = None) -> Vector:
    """``function`` of vectors and scalars, element by element: one task a chunk.

    Parameters
    ----------
    function : callable
        A function of a module, so that its token is the same in every process, of NumPy blocks.
    *args
        Vectors of one space, 0-d arrays, and numbers.
    dtype : dtype, optional
        Type of the result; by default the type that holds all arguments.

    Returns
    -------
    dask.array.Array or Blocks
        Blocks if there are Blocks among the arguments.
    """
    if all_numpy(args):
        return apply_by_pieces(function, args, dtype)
    count = _members(args)
    if count is not None:
        images = (elementwise(function, *_member(args, k), dtype=dtype) for k in range(count))
        return BlockVector(tuple(map(one_array, images)))
    if not holds_dask(*args):
        result: Vector = apply_by_pieces(function, args, dtype)
        return result
    args = tuple(da.asarray(a) if isinstance(a, np.generic | np.ndarray) else a for a in args)
    ndim = max(a.ndim for a in args if isinstance(a, da.Array))
    dtype = common_dtype(args) if dtype is None else dtype
    # Blocks of numbers in single precision, and their type, do not change with that of scalars.
    extra: Settings = {"kind": np.dtype(dtype), "function": function} if mixes(args) else {}
    return da.blockwise(
        at_precision if extra else function, tuple(range(ndim)), *_pairs(args), **extra, dtype=dtype,
        meta=np.zeros((0,) * ndim, dtype),
    )  # fmt: skip


def _sum(*blocks: NDArray, function: Callable[..., object], kind: DType) -> NDArray:
    ndim = max(np.ndim(b) for b in blocks)
    return sum_of(function, blocks, kind).reshape((1,) * ndim)


def total(function: Callable[..., object], *args: Argument, dtype: DTypeLike) -> da.Array:
    """Sum of ``function`` of vectors and scalars over all elements, as a lazy 0-d array."""
    if all_numpy(args):
        return sum_by_pieces(function, args, np.dtype(dtype))
    count = _members(args)
    if count is not None:
        sums = [total(function, *_member(args, k), dtype=dtype) for k in range(count)]
        return sum(sums[1:], start=sums[0])
    if not holds_dask(*args):
        whole: da.Array = sum_by_pieces(function, args, np.dtype(dtype))
        return whole
    args = tuple(da.asarray(a) if isinstance(a, np.generic | np.ndarray) else a for a in args)
    axes = tuple(range(max(a.ndim for a in args if isinstance(a, da.Array))))
    partial = da.blockwise(
        _sum, axes, *_pairs(args), function=function, kind=np.dtype(dtype),
        adjust_chunks=dict.fromkeys(axes, 1), dtype=dtype, meta=np.zeros((0,) * len(axes), dtype),
    )  # fmt: skip
    return partial.sum(dtype=dtype)


def _pack(
    *values: NDArray, function: Callable[..., Iterable[object]], settings: tuple[object, ...], kind: DType
) -> NDArray:
    flat = [
        v
        for value in values
        for v in ((value,) if isinstance(value, float) else value if np.ndim(value) else (value[()],))
    ]
    with np.errstate(all="ignore"):
        return np.array(
            [v if isinstance(v, float) else np.asarray(v)[()] for v in function(*settings, *flat)], dtype=kind
        )


def scalars(
    function: Callable[..., tuple[object, ...]],
    names: tuple[str, ...],
    *args: Argument,
    dtype: DTypeLike,
    settings: tuple[object, ...] = (),
) -> dict[str, da.Array]:
    """All scalars that ``function`` makes of other scalars, in one task.

    Parameters
    ----------
    function : callable
        A function of a module that takes ``settings`` and then the values of ``args``, and returns a tuple.
    names : tuple of str
        Names of what it returns.
    *args
        0-d arrays or numbers.
    dtype : dtype
        Type of all results.
    settings : tuple, optional
        Further arguments, the same in every step.

    Returns
    -------
    dict of dask.array.Array
        0-d arrays by name.
    """
    return unpack(packed(function, len(names), *args, dtype=dtype, settings=settings), names)


def packed(
    function: Callable[..., tuple[object, ...]],
    count: int,
    *args: Argument,
    dtype: DTypeLike,
    settings: tuple[object, ...] = (),
) -> da.Array:
    """The ``count`` results of :func:`scalars` as one array, which may be an argument of another call."""
    return blockwise(
        _pack, "i", *(p for a in args for p in (a, "j" if getattr(a, "ndim", 0) else "")),
        function=function, settings=settings, kind=np.dtype(dtype), new_axes={"i": count}, concatenate=True,
        dtype=dtype, meta=np.zeros((0,), dtype),
    )  # fmt: skip


def unpack(array: da.Array, names: tuple[str, ...]) -> dict[str, da.Array]:
    """The elements of an array as 0-d arrays by name."""
    return {name: array[k] for k, name in enumerate(names)}


def scalar_array(value: float, dtype: DTypeLike) -> da.Array:
    """A 0-d array of a known value, which goes with NumPy and with Dask arrays."""
    number: Any = np.asarray(value, dtype)
    result: da.Array = number
    return result


def zero_model(op: HasDomain, like: Vector) -> Vector:
    """A model of zero, of the type and in the chunks of another vector: complex also where only the data are."""
    zeros = [
        np.zeros(a.shape, product_dtype(a.dtype))
        if isinstance(a, np.ndarray)
        else da.zeros(a.shape, dtype=product_dtype(a.dtype), chunks=a.chunks)
        for a in (like.arrays if isinstance(like, BlockVector) else (like,))
    ]
    return op.domain.fit(BlockVector(tuple(zeros)) if isinstance(like, BlockVector) else zeros[0])


def _lincomb(a: NDArray, x: NDArray, b: NDArray, y: NDArray) -> NDArray:
    result: NDArray = a * x + b * y
    return result


def lincomb(a: Scalar, x: Vector, b: Scalar, y: Vector) -> Vector:
    """``a * x + b * y`` for scalars ``a`` and ``b``, in one task a chunk."""
    return elementwise(_lincomb, a, x, b, y)


def _choose(flag: NDArray, a: NDArray, b: NDArray) -> NDArray:
    return np.where(flag, a, b)


@overload
def where(flag: Scalar, a: da.Array, b: da.Array) -> da.Array: ...
@overload
def where(flag: Scalar, a: Vector, b: Vector) -> Vector: ...
def where(flag: Scalar, a: Vector, b: Vector) -> Vector:
    """``a`` where the 0-d ``flag`` is not zero, else ``b``: vectors or scalars."""
    kinds = [
        np.result_type(*(m.dtype for m in (v.arrays if isinstance(v, BlockVector) else (v,)))) for v in (a, b)
    ]
    return elementwise(_choose, flag, a, b, dtype=np.result_type(*kinds))


def _step_length(
    k: NDArray, curvature: NDArray, first: NDArray, direction: NDArray, model: NDArray, eps: float
) -> NDArray:
    numbers = k, curvature, first, direction, model
    if all(isinstance(v, float) for v in numbers):
        return np.asarray(_step_of_floats(eps, *map(float, numbers)))[()]
    with np.errstate(all="ignore"):
        step = np.asarray(k / curvature)
        size = np.abs(step) * np.sqrt(direction)  # not squared again: the square of a small step is zero
    worth = np.isfinite(step) & (k > eps**2 * first) & ~(size <= eps * np.sqrt(model))
    lost = ~(np.isfinite(k) & np.isfinite(curvature))
    return np.where(worth, step, np.where(lost, np.full_like(step, np.nan), np.zeros_like(step)))


def _step_of_floats(
    eps: float, k: float, curvature: float, first: float, direction: float, model: float
) -> float:
    """As the rest of :func:`_step_length`, in numbers of Python: at a tenth of the price."""
    if not (isfinite(k) and isfinite(curvature)):
        return nan
    step = k / curvature if curvature else inf
    resting = direction >= 0 and model >= 0 and abs(step) * sqrt(direction) <= eps * sqrt(model)
    return step if isfinite(step) and k > eps**2 * first and not resting else 0.0


def step_length(
    k: da.Array, curvature: da.Array, first: Scalar, *vectors: Vector, like: Vector | None = None
) -> da.Array:
    """``k / curvature`` as a lazy 0-d array: how far conjugate gradients go along a direction.

    It is 0 once the gradient, of squared norm ``k``, is lost in the rounding of the first one: its remainder is
    meaningless, and its square may underflow. It is NaN if ``k`` or ``curvature`` is NaN or infinite.

    From a start close to the solution the first gradient is small already, and rounding does not show in it. Then a
    step that is lost in the rounding of the model is the last: further ones would follow noise, and grow without
    bound.

    Parameters
    ----------
    k, curvature, first : dask.array.Array
        Squared norm of the gradient, what to divide it by, and the first one.
    *vectors : dask.array.Array or Blocks
        Direction, model and data, for problems that begin elsewhere than at zero.
    like : dask.array.Array or Blocks, optional
        A vector whose precision is that of the problem, where there are no others.
    """
    real = real_dtype(k)
    # The coarsest type sets what rounding is: float64 scalars of float32 data are no more exact than these.
    known = vectors if like is None else (*vectors, like)
    eps = _rounding_of(tuple({a.dtype for a in (k, *_arrays(known))}))
    sizes: tuple[Scalar, Scalar] = (1.0, 0.0)  # no step is too short
    if vectors:
        sizes = (squared_norm(vectors[0]), squared_norm(vectors[1]))
    return elementwise(_step_length, k, curvature, first, *sizes, eps, dtype=real)


@lru_cache(1024)
def _rounding_of(kinds: tuple[DType, ...]) -> float:
    """The coarsest precision of some types."""
    return max(float(np.finfo(_real_of((kind,))).eps) for kind in kinds)


def _arrays(vectors: tuple[Vector, ...]) -> list[da.Array]:
    return [a for v in vectors for a in (v.arrays if isinstance(v, BlockVector) else (v,))]


def _abs(x: NDArray) -> NDArray:
    return np.abs(x)


def norm1(x: Vector) -> da.Array:
    """Sum of the magnitudes of a vector as a lazy 0-d array."""
    return total(_abs, x, dtype=scalar_kind(x))


def _difference_squared(x: NDArray, y: NDArray) -> NDArray:
    d = x - y
    result: NDArray = d.real**2 + d.imag**2 if np.iscomplexobj(d) else d * d
    return result


def distance(x: Vector, y: Vector) -> da.Array:
    """Euclidean norm of ``x - y`` as a lazy 0-d array, without forming the difference."""
    return total(_difference_squared, x, y, dtype=scalar_kind(x, y)) ** 0.5


def square(x: NDArray) -> NDArray:
    """Squared magnitudes of a block."""
    return x.real**2 + x.imag**2 if np.iscomplexobj(x) else x * x


def _gated(flag: NDArray, x: NDArray, y: NDArray) -> NDArray:
    return square(x - y) if flag else np.zeros(1, x.real.dtype)


def distance_if(flag: Scalar, x: Vector, y: Vector, dtype: DTypeLike) -> da.Array:
    """Norm of ``x - y`` where ``flag`` holds, else zero without looking at the vectors."""
    return total(_gated, flag, x, y, dtype=dtype) ** 0.5
