"""Spreading of samples along curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import engine_among, shape_of
from pylops_distributed.blockwise.curve_sum import Curves, curve_positions
from pylops_distributed.vectors.namespace import as_lazy_array
from pylops_distributed.vectors.types import ArrayLike, ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


class Spread(Curves):
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
        Instead of ``table``: picklable function ``fh(ix0, it0)`` that returns the curve of a sample, of shape
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
        table: ArrayLike | None = None,
        dtable: ArrayLike | None = None,
        fh: Callable[..., Any] | None = None,
        interp: bool | None = None,
        engine: Literal["numpy", "numba"] = "numpy",
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model, data = shape_of(dims), shape_of(dimsd)
        engine_among(engine, ("numpy", "numba"))
        self.engine, self.fh = "numpy", fh
        if table is None and fh is None:
            raise NotImplementedError("one of table and fh is needed")
        if table is not None and fh is not None:
            raise ValueError("only one of table and fh may be given")
        shape = (model[0], model[1], data[0])
        if fh is not None:
            interp = len(fh(0, 0)) == 2 if interp is None else interp
            tables = tuple(
                curve_positions(partial(_table_block, fh=fh, part=i, shape=shape, interp=interp), shape)
                for i in range(1 + interp)
            )
        else:
            tables = tuple(as_lazy_array(t) for t in (table, dtable) if t is not None)
        for t in tables:
            if t.shape != shape:
                raise ValueError(f"table and dtable must have shape {shape}, got {t.shape}")
        super().__init__(tables, model, data, dtype, name=name, chunks=chunks, compute=compute)

    @property
    def usetable(self) -> bool:
        """Whether curves come from a table, and not from a function."""
        return self.fh is None

    @property
    def table(self) -> da.Array | None:
        """The table, of shape ``(nx0, nt0, nx)``; None for a function."""
        return self.tables[0] if self.usetable else None

    @property
    def dtable(self) -> da.Array | None:
        """The table of fractions of samples, of shape ``(nx0, nt0, nx)``; None where there is none."""
        return self.tables[1] if self.usetable and len(self.tables) > 1 else None


def _table_block(
    rows: slice, columns: slice, fh: Callable[..., Any], part: int, shape: tuple[int, ...], interp: bool
) -> Array:
    """Part of the table, or of that of the fractions, from the curves that a function returns."""
    curves = [[fh(i, t) for t in range(shape[1])] for i in range(rows.start, rows.stop)]
    return np.asarray([[(c[part] if interp else c)[columns] for c in row] for row in curves], float)
