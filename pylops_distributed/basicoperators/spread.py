"""Spreading of samples along curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.diagonal import lazy
from pylops_distributed.lift import Array
from pylops_distributed.lift.arguments import one_of, shape_of
from pylops_distributed.lift.contraction import contract
from pylops_distributed.lift.gathering import split
from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.space import Space

TABLES = 2**24  # samples of a curve table that are made by one task


class Spread(LinearOperator):
    r"""Spread each sample along a curve, or sum along the curves.

    With the curve :math:`t(x; x_0, t_0)` of each sample of the model, forward and adjoint are

    .. math::
        y(x, t(x; x_0, t_0)) \mathrel{+}= m(x_0, t_0), \qquad m(x_0, t_0) = \sum_x y(x, t(x; x_0, t_0))

    where a sample at :math:`t + d` with a fraction :math:`d` is shared by two neighbours, :math:`1 - d` and
    :math:`d`. Chunks of the data along :math:`x` are independent in the forward, chunks of the model along
    :math:`x_0` in the adjoint; the other way they are summed. Both are gathered along time.

    Parameters
    ----------
    dims : tuple of int
        Shape of the model, ``(nx0, nt0)``.
    dimsd : tuple of int
        Shape of the data, ``(nx, nt)``.
    table : array, optional
        Curves: sample along time, of shape ``(nx0, nt0, nx)``; NaN where the curve is outside of the data.
        NumPy, Dask and Zarr arrays are read only when computing.
    dtable : array, optional
        Fractions of samples to add to ``table``, of the same shape.
    fh : callable, optional
        Instead of ``table``: picklable function ``fh(ix0, it0)`` that gives the curve of a sample, of shape
        ``(nx,)``, or curve and fractions. Each task makes the part of the table it needs.
    interp : bool, optional
        Whether there are fractions; found out without.
    engine : {"numpy", "numba"}, optional
        Taken for compatibility: both are vectorised over the table.
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
    NotImplementedError
        If there is neither ``table`` nor ``fh``.
    ValueError
        If there are both, or a table has another shape.

    See Also
    --------
    pylops.Spread

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: Blackwell.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed import Spread
    >>> table = da.from_array(np.array([[[0.0, 1.0], [1.0, np.nan]]]), chunks=(1, 2, 1))
    >>> (Spread((1, 2), (2, 3), table) @ da.ones((1, 2))).compute()
    array([[1., 1., 0.],
           [0., 1., 0.]])
    """

    def __init__(
        self,
        dims: Iterable[int],
        dimsd: Iterable[int],
        table: Any = None,
        dtable: Any = None,
        fh: Callable[..., Any] | None = None,
        interp: bool | None = None,
        engine: Literal["numpy", "numba"] = "numpy",
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        chunks: Any = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model, data = shape_of(dims), shape_of(dimsd)
        one_of("engine", engine, ("numpy", "numba"))
        if table is None and fh is None:
            raise NotImplementedError("one of table and fh is needed")
        if table is not None and fh is not None:
            raise ValueError("only one of table and fh may be given")
        shape = (*model, data[0])
        if fh is not None:
            self.tables = _on_the_fly(fh, shape, len(fh(0, 0)) == 2 if interp is None else interp)
        else:
            self.tables = tuple(lazy(t).rechunk({1: -1}) for t in (table, dtable) if t is not None)
        for t in self.tables:
            if t.shape != shape:
                raise ValueError(f"table and dtable must have shape {shape}, got {t.shape}")
        self.interp, kind = len(self.tables) > 1, np.dtype(dtype)
        super().__init__(Space.of(model, kind, chunks), Space.of(data, kind), compute=compute, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        kernel = partial(_spread, nt=self.dimsd[1])
        operands = [*((t, (0, 1, 2)) for t in self.tables), (x, (0, 1))]
        dtype = np.result_type(self.dtype, x.dtype)
        return contract(kernel, operands, (2, 3), dtype, {3: self.dimsd[1]})

    def _rmatvec(self, y: da.Array) -> da.Array:
        operands = [*((t, (0, 1, 2)) for t in self.tables), (y.rechunk({1: -1}), (2, 3))]
        dtype = np.result_type(self.dtype, y.dtype)
        return self.domain.fit(contract(_gather, operands, (0, 1), dtype))


def _on_the_fly(fh: Callable[..., Any], shape: tuple[int, ...], interp: bool) -> tuple[da.Array, ...]:
    """Tables whose chunks call the function."""
    nx0, nt0, nx = shape
    sizes = split(nx0, min(nx0, -(-nx0 * nt0 * nx // TABLES)))
    return tuple(
        da.map_blocks(
            partial(_table, fh=fh, part=part, interp=interp, shape=shape), chunks=(sizes, (nt0,), (nx,)),
            dtype=float, meta=np.empty((0, 0, 0)),
        )
        for part in range(1 + interp)
    )  # fmt: skip


def _table(
    fh: Callable[..., Any], part: int, interp: bool, shape: tuple[int, ...], block_info: Any = None
) -> Array:
    (low, high), *_ = block_info[None]["array-location"]
    curves = [[fh(i, t) for t in range(shape[1])] for i in range(low, high)]
    return np.asarray([[c[part] if interp else c for c in row] for row in curves], float)


def _places(table: Array, fractions: tuple[Array, ...], nt: int) -> tuple[Array, list[tuple[Array, Any]]]:
    """Which entries of a table count, and time samples and weights of these."""
    there = ~np.isnan(table)
    first = table[there].astype(int)
    first = np.where(first < 0, first + nt, first)
    if not fractions:
        return there, [(first, 1.0)]
    d = fractions[0][there]
    return there, [(first, 1 - d), (first + 1, d)]


def _spread(table: Array, *rest: Array, nt: int) -> Array:
    *fractions, x = rest
    nx = table.shape[2]
    there, places = _places(table, tuple(fractions), nt)
    values = np.broadcast_to(x[:, :, None], table.shape)[there]
    start = np.broadcast_to(np.arange(nx) * nt, table.shape)[there]
    y = np.zeros(nx * nt, np.result_type(x.dtype, float))
    for samples, weights in places:
        if np.iscomplexobj(y):
            y.real += np.bincount(start + samples, weights * values.real, nx * nt)
            y.imag += np.bincount(start + samples, weights * values.imag, nx * nt)
        else:
            y += np.bincount(start + samples, weights * values, nx * nt)
    return y.reshape(nx, nt)


def _gather(table: Array, *rest: Array) -> Array:
    *fractions, y = rest
    nx, nt = y.shape
    there, places = _places(table, tuple(fractions), nt)
    start = np.broadcast_to(np.arange(nx) * nt, table.shape)[there]
    flat = y.ravel()
    terms = np.zeros(table.shape, np.result_type(y.dtype, float))
    terms[there] = sum(weights * flat[start + samples] for samples, weights in places)
    return np.asarray(terms.sum(axis=2))
