"""Operators that are described, and whose functions are written, as for PyLops."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pylops_distributed.graph.purity import apply_by_parts, read_only
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    import dask.array as da

    from pylops_distributed.linearoperator.linear_map import LinearMap
    from pylops_distributed.vectors.space import Vector


def sizes_of(
    owner: str,
    shape: tuple[int, int] | None,
    dims: int | Iterable[int] | None,
    dimsd: int | Iterable[int] | None,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shapes of model and data of an operator that is described as for PyLops."""
    rows, columns = (None, None) if shape is None else shape
    model, data = (
        None if given is None else tuple(map(int, np.atleast_1d(np.asarray(given)).tolist()))
        for given in (columns if dims is None else dims, rows if dimsd is None else dimsd)
    )
    if model is None or data is None:
        raise ValueError(
            f"{owner}: how large is the operator? Give dims and dimsd, or shape, or domain and codomain"
        )
    if shape is not None and (prod(data), prod(model)) != tuple(map(int, shape)):
        raise ValueError(f"{owner}: shape {shape} is not that of dims {model} and dimsd {data}")
    return model, data


def apply_to_whole(x: da.Array, op: LinearMap, way: int) -> Vector:
    """A function of flat NumPy vectors applied to a lazy one, in one task."""
    kind, size = np.result_type(op.dtype, x.dtype), op.shape[way]
    y: Vector = x.rechunk(-1).map_blocks(
        _on_block, op=op, way=way, chunks=((size,),), dtype=kind, meta=np.empty(0, kind)
    )
    return y


def _on_block(block: NDArray, op: LinearMap, way: int) -> NDArray:
    function: Any = (op._matvec, op._rmatvec)[way]  # of NumPy vectors
    return np.asarray(apply_by_parts(function, op, read_only(block)))
