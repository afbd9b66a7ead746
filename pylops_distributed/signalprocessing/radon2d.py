"""Radon transform of panels in the time domain."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.arguments import engine_among
from pylops_distributed.blockwise.curve_sum import Curves, curve_positions
from pylops_distributed.vectors.types import ChunksLike, NDArray

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


class Radon2D(Curves):
    r"""Sum of plane, parabolic or hyperbolic events, or sum along such curves.

    Forward :math:`d(h, t(h; p, \tau)) \mathrel{+}= m(p, \tau)`, adjoint
    :math:`m(p, \tau) = \sum_h d(h, t(h; p, \tau))`, with :math:`t = \tau + p h`, :math:`t = \tau + p h^2` or
    :math:`t = \sqrt{\tau^2 + h^2 / p^2}`, shared by two samples with ``interp``.
    The model has shape ``(npx, nt)`` and of the data ``(nh, nt)``; chunks of either are independent in one
    direction and summed in the other. Each task makes the part of the table of curves that it needs.

    Parameters
    ----------
    taxis : array_like
        Time axis, of shape ``(nt,)``.
    haxis : array_like
        Offset axis, of shape ``(nh,)``.
    pxaxis : array_like
        Axis of slownesses, curvatures or inverse velocities, of shape ``(npx,)``, in the units of the other axes.
    kind : {"linear", "parabolic", "hyperbolic"} or callable, optional
        Curves, or a picklable function ``kind(x, t, px)`` that returns them in samples.
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
    pylops.signalprocessing.Radon2D : the local operator.

    References
    ----------
    .. [1] Thorson, J. R., and J. F. Claerbout, 1985, Velocity-stack and slant-stack stochastic inversion:
       Geophysics, 50, 2727-2741, doi:10.1190/1.1441893.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.radon2d import Radon2D
    >>> R = Radon2D(np.arange(8) * 0.1, np.arange(5.0), np.linspace(-0.1, 0.1, 3))
    >>> (R @ da.ones((3, 8))).shape
    (5, 8)
    """

    def __init__(
        self,
        taxis: ArrayLike,
        haxis: ArrayLike,
        pxaxis: ArrayLike,
        kind: Literal["linear", "parabolic", "hyperbolic"] | Callable[..., NDArray] = "linear",
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
        t, h, p = (np.asarray(a, float) for a in (taxis, haxis, pxaxis))
        function = KINDS[kind] if isinstance(kind, str) and kind in KINDS else kind
        if not callable(function):
            raise NotImplementedError(f"kind must be one of {tuple(KINDS)} or a function, got {kind!r}")
        slownesses = p * (abs(h[1] - h[0]) / abs(t[1] - t[0]))  # to the last digit as PyLops
        offsets = unitless(h, centeredh)
        curves = partial(
            _curves, function=function, offsets=offsets, slownesses=slownesses, nt=t.size, interp=bool(interp),
            broadcast=function is not kind,
        )  # fmt: skip
        table = curve_positions(curves, (p.size, t.size, h.size))
        super().__init__(
            (table,),
            (p.size, t.size),
            (h.size, t.size),
            dtype,
            bool(interp),
            name,
            chunks=chunks,
            compute=compute,
        )


def _linear(x: Array, t: object, px: object) -> Array:
    return np.asarray(t + px * x)


def _parabolic(x: Array, t: object, px: object) -> Array:
    return np.asarray(t + px * x**2)


def _hyperbolic(x: Array, t: NDArray, px: NDArray) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(t**2 + (x / px) ** 2))


KINDS: dict[Any, Callable[..., Any]] = {
    "linear": _linear,
    "parabolic": _parabolic,
    "hyperbolic": _hyperbolic,
}


def unitless(offsets: Array, centered: bool) -> Array:
    """Offsets in samples, as numbers from the middle if ``centered``."""
    n = offsets.size
    if centered:
        return np.asarray(np.arange(n) - n // 2 + ((n + 1) % 2) / 2)
    return np.asarray(offsets / abs(offsets[1] - offsets[0]))


def inside(curves: Array, nt: int, interp: bool) -> Array:
    """Curves with NaN where they leave the data, without fractions of samples unless ``interp``."""
    with np.errstate(invalid="ignore"):
        there = (curves >= 0) & (curves < nt - interp)
    return np.where(there, curves if interp else np.floor(curves), np.nan)


def _curves(
    rows: slice, columns: slice, function: Callable[..., NDArray], offsets: Array, slownesses: Array, nt: int,
    interp: bool, broadcast: bool,
) -> Array:  # fmt: skip
    """Part of the table of curves; a user's function is called for each sample, as PyLops does."""
    x, p = offsets[columns], slownesses[rows]
    if broadcast:
        return inside(function(x, np.arange(nt)[:, None], p[:, None, None]), nt, interp)
    return inside(np.array([[function(x, t, q) for t in range(nt)] for q in p]), nt, interp)
