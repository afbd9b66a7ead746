"""Radon transform of volumes in the time domain."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.arguments import engine_among
from pylops_distributed.blockwise.curve_sum import Curves, curve_positions
from pylops_distributed.signalprocessing.radon2d import inside, unitless
from pylops_distributed.vectors.types import ChunksLike, NDArray

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


class Radon3D(Curves):
    r"""Sum of plane, parabolic or hyperbolic events, or sum along such curves.

    Forward :math:`d(\mathbf h, t(\mathbf h; \mathbf p, \tau)) \mathrel{+}= m(\mathbf p, \tau)`, adjoint
    :math:`m(\mathbf p, \tau) = \sum_{\mathbf h} d(\mathbf h, t(\mathbf h; \mathbf p, \tau))`, with
    :math:`t = \tau + p_x h_x + p_y h_y`, the same of squared offsets, or
    :math:`t = \sqrt{\tau^2 + h_x^2 / p_x^2 + h_y^2 / p_y^2}`, shared by two samples with ``interp``.
    The model has shape ``(npy * npx, nt)`` and of the data ``(nhy * nhx, nt)``; chunks of either are independent in one
    direction and summed in the other. Each task makes the part of the table of curves that it needs.

    Parameters
    ----------
    taxis : array_like
        Time axis, of shape ``(nt,)``.
    hyaxis, hxaxis : array_like
        Offset axes, of shapes ``(nhy,)`` and ``(nhx,)``.
    pyaxis, pxaxis : array_like
        Axes of slownesses, curvatures or inverse velocities, of shapes ``(npy,)`` and ``(npx,)``, in the units of the
        other axes.
    kind : {"linear", "parabolic", "hyperbolic"}, optional
        Curves.
    centeredh : bool, optional
        Number offsets from the middle of the axis, and not from zero in its own unit.
    interp : bool, optional
        Interpolate between time samples, instead of cutting fractions off.
    onthefly : bool, optional
        Taken for compatibility: the table never exists as a whole.
    engine : {"numpy", "numba"}, optional
        Taken for compatibility: all is vectorised over the table.
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
        If ``kind`` is unknown.
    ValueError
        If ``engine`` is unknown.

    See Also
    --------
    pylops.signalprocessing.Radon3D : the local operator.

    References
    ----------
    .. [1] Thorson, J. R., and J. F. Claerbout, 1985, Velocity-stack and slant-stack stochastic inversion:
       Geophysics, 50, 2727-2741, doi:10.1190/1.1441893.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.radon3d import Radon3D
    >>> h, p = np.arange(5.0), np.linspace(-0.1, 0.1, 3)
    >>> (Radon3D(np.arange(8) * 0.1, h, h, p, p) @ da.ones((9, 8))).shape
    (25, 8)
    """

    def __init__(
        self,
        taxis: ArrayLike,
        hyaxis: ArrayLike,
        hxaxis: ArrayLike,
        pyaxis: ArrayLike,
        pxaxis: ArrayLike,
        kind: Literal["linear", "parabolic", "hyperbolic"] = "linear",
        centeredh: bool = True,
        interp: bool = True,
        onthefly: bool = False,
        engine: Literal["numpy", "numba"] = "numpy",
        dtype: DTypeLike = "float64",
        name: str | None = "R",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        engine_among(engine, ("numpy", "numba"))
        self.engine = "numpy"
        t, hy, hx, py, px = (np.asarray(a, float) for a in (taxis, hyaxis, hxaxis, pyaxis, pxaxis))
        if kind not in KINDS:
            raise NotImplementedError(f"kind must be one of {tuple(KINDS)}, got {kind!r}")
        dt = abs(t[1] - t[0])
        offsets = _grid(unitless(hy, centeredh), unitless(hx, centeredh))
        slownesses = _grid(py * (abs(hy[1] - hy[0]) / dt), px * (abs(hx[1] - hx[0]) / dt))
        curves = partial(
            _curves,
            function=KINDS[kind],
            offsets=offsets,
            slownesses=slownesses,
            nt=t.size,
            interp=bool(interp),
        )
        rows, columns = py.size * px.size, hy.size * hx.size
        table = curve_positions(curves, (rows, t.size, columns))
        super().__init__(
            (table,),
            (rows, t.size),
            (columns, t.size),
            dtype,
            bool(interp),
            name,
            chunks=chunks,
            compute=compute,
        )


def _linear(y: Array, x: Array, t: object, py: object, px: object) -> Array:
    return np.asarray(t + px * x + py * y)


def _parabolic(y: Array, x: Array, t: object, py: object, px: object) -> Array:
    return np.asarray(t + px * x**2 + py * y**2)


def _hyperbolic(y: Array, x: Array, t: NDArray, py: NDArray, px: NDArray) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(t**2 + (x / px) ** 2 + (y / py) ** 2))


KINDS = {"linear": _linear, "parabolic": _parabolic, "hyperbolic": _hyperbolic}


def _grid(a: Array, b: Array) -> Array:
    """All pairs, the second changing fastest, of shape ``(2, a.size * b.size)``."""
    return np.stack([np.repeat(a, b.size), np.tile(b, a.size)])


def _curves(
    rows: slice, columns: slice, function: Callable[..., NDArray], offsets: Array, slownesses: Array, nt: int,
    interp: bool,
) -> Array:  # fmt: skip
    (y, x), (py, px) = offsets[:, columns], slownesses[:, rows, None, None]
    return inside(function(y, x, np.arange(nt)[:, None], py, px), nt, interp)
