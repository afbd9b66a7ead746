"""Sums along curves, from tables that are chunked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed import tuning
from pylops_distributed.blockwise.contraction import contract
from pylops_distributed.blockwise.rechunk import split_longest_axis
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike, NDArray

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


class Curves(LinearOperator):
    r"""Spread each sample along a curve, or sum along the curves; see :class:`.Spread`.

    Parameters
    ----------
    tables : tuple of dask.array.Array
        Curve of each sample, ``(nx0, nt0, nx)``: sample along time, NaN outside of the data. A second table
        holds fractions of samples to add.
    dims, dimsd : tuple of int
        Shapes of model and data, ``(nx0, nt0)`` and ``(nx, nt)``.
    dtype : dtype
        Type of the operator.
    fractional : bool, optional
        A single table has fractions itself; without, it is cut to whole samples.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    """

    domain: Space
    workspace = 10.0  # indices and weights of all samples of a curve
    narrow = (True, True)

    def __init__(
        self,
        tables: tuple[da.Array, ...],
        dims: tuple[int, ...],
        dimsd: tuple[int, ...],
        dtype: DTypeLike,
        fractional: bool = False,
        name: str | None = None,
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.tables = tuple(t.rechunk({1: -1}) for t in tables)
        self.interp = fractional or len(tables) > 1
        kind = np.dtype(dtype)
        super().__init__(
            domain=Space.of(dims, kind, chunks), codomain=Space.of(dimsd, kind), compute=compute, name=name
        )

    @property
    def nx0(self) -> int:
        """Number of curves along the first axis of the model."""
        return self.dims[0]

    @property
    def nt0(self) -> int:
        """Number of curves along the second axis of the model."""
        return self.dims[1]

    @property
    def nx(self) -> int:
        """Length of the first axis of the data."""
        return self.dimsd[0]

    @property
    def nt(self) -> int:
        """Length of the second axis of the data."""
        return self.dimsd[1]

    def _matvec(self, x: da.Array) -> da.Array:
        kernel = partial(_spread, nt=self.dimsd[1], interp=self.interp)
        operands = [*((t, (0, 1, 2)) for t in self.tables), (x, (0, 1))]
        dtype = np.result_type(self.dtype, x.dtype)
        return contract(kernel, operands, (2, 3), dtype, {3: self.dimsd[1]})

    def _rmatvec(self, y: da.Array) -> da.Array:
        operands = [*((t, (0, 1, 2)) for t in self.tables), (y.rechunk({1: -1}), (2, 3))]
        dtype = np.result_type(self.dtype, y.dtype)
        return self.domain.fit(contract(partial(_gather, interp=self.interp), operands, (0, 1), dtype))


def curve_positions(function: Callable[[slice, slice], Array], shape: tuple[int, int, int]) -> da.Array:
    """A table of which each chunk is made by ``function(rows, columns)``, with slices of first and last axis."""
    nx0, nt0, nx = shape
    samples = tuning.count("blockwise.table-samples")
    columns = split_longest_axis(nx, ceil(nt0 * nx / samples))
    rows = split_longest_axis(nx0, ceil(nx0 * nt0 * columns[0] / samples))
    return da.map_blocks(
        partial(_curve_block, function=function),
        chunks=(rows, (nt0,), columns),
        dtype=float,
        meta=np.empty((0, 0, 0)),
    )


def _curve_block(function: Callable[[slice, slice], Array], block_info: Any = None) -> Array:
    rows, _, columns = (slice(*ends) for ends in block_info[None]["array-location"])
    return np.asarray(function(rows, columns), float)


def _places(
    tables: tuple[Array, ...], nt: int, interp: bool
) -> tuple[Array, list[tuple[Array, NDArray | float]]]:
    """Which entries of a table count, and time samples and weights of these."""
    there = ~np.isnan(tables[0])
    curve = tables[0][there]
    first = curve.astype(int)
    d = (tables[1][there] if len(tables) > 1 else curve - first) if interp else None
    first = np.where(first < 0, first + nt, first)
    return there, [(first, 1.0)] if d is None else [(first, 1 - d), (first + 1, d)]


def _spread(*blocks: Array, nt: int, interp: bool) -> Array:
    *tables, x = blocks
    shape = tables[0].shape
    there, places = _places(tuple(tables), nt, interp)
    values = np.broadcast_to(x[:, :, None], shape)[there]
    start = np.broadcast_to(np.arange(shape[2]) * nt, shape)[there]
    y = np.zeros(shape[2] * nt, np.result_type(x.dtype, float))
    parts = [(y.real, values.real), (y.imag, values.imag)] if np.iscomplexobj(y) else [(y, values)]
    for samples, weights in places:
        for target, part in parts:
            target += np.bincount(start + samples, weights * part, y.size)
    return y.reshape(shape[2], nt)


def _gather(*blocks: Array, interp: bool) -> Array:
    *tables, y = blocks
    there, places = _places(tuple(tables), y.shape[1], interp)
    start = np.broadcast_to(np.arange(len(y)) * y.shape[1], tables[0].shape)[there]
    flat = y.ravel()
    terms = np.zeros(tables[0].shape, np.result_type(y.dtype, float))
    terms[there] = sum(weights * flat[start + samples] for samples, weights in places)
    return np.asarray(terms.sum(axis=2))
