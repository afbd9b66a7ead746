"""Inner products, norms and linear combinations of vectors."""

from __future__ import annotations

from itertools import product
from math import isfinite
from typing import Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

from pylops_distributed.compat.dask import List, Task, TaskRef
from pylops_distributed.vectors.namespace import all_numpy, blockwise, holds_dask, reject_masked
from pylops_distributed.vectors.pieces import apply_by_pieces, dot_by_pieces
from pylops_distributed.vectors.precision import at_precision, common_dtype, mixes
from pylops_distributed.vectors.space import FAN_IN, BlockVector, Vector, dot_blocks, one_array, scalar_dtype
from pylops_distributed.vectors.types import NDArray, Scalar


def _total(parts: list[NDArray]) -> NDArray:
    return sum(parts[1:], start=parts[0])


def vdot(a: Vector, b: Vector) -> da.Array:
    """Inner product conj(a)·b as a lazy 0-d array, chunk by chunk and without flattening.

    One task a chunk, and a few to sum them up, whose keys are those of 0-d arrays: engines see that they are
    small, and may sum up on every worker rather than send the sum around.

    Parameters
    ----------
    a, b : dask.array.Array or Blocks
        Vectors of the same space.

    Returns
    -------
    dask.array.Array
        The inner product, 0-dimensional, summed in an order fixed by the chunks.
    """
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        dot: da.Array = dot_by_pieces(a, b)
        return dot
    if isinstance(a, BlockVector) and isinstance(b, BlockVector):
        parts = [vdot(p, q) for p, q in zip(a.arrays, b.arrays, strict=True)]
        return sum(parts[1:], start=parts[0])
    if isinstance(a, BlockVector) or isinstance(b, BlockVector):
        raise TypeError("vdot needs two arrays or two Blocks, got one of each")
    reject_masked(a, b)
    b = b if a.chunks == b.chunks else b.rechunk(a.chunks)
    name = f"vdot-{tokenize(a.name, b.name)}"
    graph: dict[Any, Any] = {}
    level: list[Any] = []
    for n, index in enumerate(product(*map(range, a.numblocks))):
        key = (f"{name}-{n}",)
        graph[key] = Task(key, dot_blocks, TaskRef((a.name, *index)), TaskRef((b.name, *index)))
        level.append(key)
    while len(level) > 1:
        groups = [level[k : k + FAN_IN] for k in range(0, len(level), FAN_IN)]
        level = [(f"{name}-{len(graph)}-{k}",) for k in range(len(groups))]
        graph.update(
            (key, Task(key, _total, List(*map(TaskRef, group))))
            for key, group in zip(level, groups, strict=True)
        )
    graph[(name,)] = graph.pop(level[0]).substitute({}, key=(name,))
    layers = HighLevelGraph.from_collections(name, graph, dependencies=[a, b])
    return da.Array(layers, name, (), meta=np.empty((), scalar_dtype(a.dtype, b.dtype)))


def squared_norm(x: Vector) -> da.Array:
    """Squared Euclidean norm of a vector as a lazy, real 0-d array."""
    return vdot(x, x).real


def norm(x: Vector) -> da.Array:
    """Euclidean norm of a vector as a lazy, real 0-d array."""
    square: Any = squared_norm(x)
    root: da.Array = np.sqrt(square)
    return root


def _safe_divide(a: NDArray, b: NDArray) -> NDArray:
    if isinstance(a, float) and isinstance(b, float) and b and isfinite(a) and isfinite(b):
        # As below, without the price of arrays: numbers of Python overflow in silence.
        ratio = float(a) / float(b)
        return np.float64(ratio if isfinite(ratio) else 0.0)
    with np.errstate(all="ignore"):
        quotient = np.asarray(np.true_divide(a, b))
    # Zero stands for 0 / 0 at convergence, never for numbers that were lost before.
    rest = np.where(np.isfinite(a) & np.isfinite(b), np.zeros_like(quotient), np.full_like(quotient, np.nan))
    finite: NDArray = np.where(np.isfinite(quotient) & (np.abs(b) > 0), quotient, rest)
    return finite


def safe_divide(a: da.Array, b: da.Array) -> da.Array:
    """``a / b`` of two scalars, lazily.

    It is 0 where ``b`` is 0 or the quotient overflows, so that steps past convergence rest, and NaN where ``a`` or
    ``b`` is NaN or infinite.
    """
    return blockwise(_safe_divide, "", a, "", b, "", dtype=np.result_type(a.dtype, b.dtype))


def _axpy(a: NDArray, x: NDArray, y: NDArray) -> NDArray:
    return a * x + y


def axpy(a: Scalar, x: Vector, y: Vector) -> Vector:
    """``a * x + y`` for a scalar ``a`` and two vectors, in one task a chunk."""
    if all_numpy((a, x, y)):
        return apply_by_pieces(_axpy, (a, x, y), None)
    if isinstance(x, BlockVector) and isinstance(y, BlockVector):
        return x.map(lambda p, q: one_array(axpy(a, p, q)), y)
    x, y = one_array(x), one_array(y)
    if not holds_dask(a, x, y):
        result: Vector = apply_by_pieces(_axpy, (a, x, y), None)
        return result
    axes, dtype = tuple(range(x.ndim)), common_dtype((a, x, y))
    extra = {"kind": dtype, "function": _axpy} if mixes((a, x, y)) else {}
    pairs = (a, () if isinstance(a, da.Array) else None, x, axes, y, axes)
    return blockwise(at_precision if extra else _axpy, axes, *pairs, **extra, dtype=dtype)
