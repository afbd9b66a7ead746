"""Interpolation along one axis."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.basicoperators.restriction import Restriction
from pylops_distributed.blockwise import Array, BlockwiseOperator, WholeAxisRule
from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.blockwise.axis_matrix import AlongAxis, apply_along
from pylops_distributed.signalprocessing.interpspline import InterpCubicSpline
from pylops_distributed.signalprocessing.positions import below_last, check_unique
from pylops_distributed.vectors.types import ChunksLike, Settings

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


def Interp(
    dims: int | Iterable[int],
    iava: ArrayLike,
    axis: int = -1,
    kind: Literal["linear", "nearest", "sinc", "cubic_spline"] = "linear",
    tol: float | None = None,
    dtype: DTypeLike = "float64",
    name: str | None = "I",
    *,
    chunks: ChunksLike = None,
    compute: tuple[bool, bool] = (False, False),
) -> tuple[LinearOperator, Array]:
    r"""Interpolation along an axis at any positions.

    With positions :math:`p_i`, :math:`l_i = \lfloor p_i \rfloor` and :math:`w_i = p_i - l_i`, the forward is
    for the kinds ``nearest``, ``linear`` and ``sinc``

    .. math::
        y_i = x_{\mathrm{round}(p_i)}, \qquad y_i = (1 - w_i)\, x_{l_i} + w_i\, x_{l_i + 1}, \qquad
        y_i = \sum_j \mathrm{sinc}(p_i - j)\, x_j

    and for ``cubic_spline`` that of :class:`InterpCubicSpline`; the adjoint is the transpose. The first two, and
    ``sinc`` with ``tol``, take what they need from neighbouring chunks; for the others the axis is gathered.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    iava : array_like
        Positions, of shape ``(n,)``, in samples of the axis, different from each other.
    axis : int, optional
        Axis to interpolate along.
    kind : {"linear", "nearest", "sinc", "cubic_spline"}, optional
        Kind of interpolation.
    tol : float, optional
        Weights of the kind ``sinc`` below it are zero.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Returns
    -------
    LinearOperator
        The operator.
    numpy.ndarray
        The positions it uses, of shape ``(n,)``: whole numbers for ``nearest``, no more than the last sample for
        ``linear``.

    Raises
    ------
    NotImplementedError
        If ``kind`` is unknown.
    ValueError
        If positions are equal, or ``axis`` is not one of ``dims``.

    Warns
    -----
    UserWarning
        If positions at or past the last sample are moved just before it.

    See Also
    --------
    pylops.signalprocessing.Interp : the local operators.

    References
    ----------
    .. [1] Thevenaz, P., T. Blu, and M. Unser, 2000, Interpolation revisited: IEEE Transactions on Medical Imaging, 19,
       739-758, doi:10.1109/42.875199.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.interp import Interp
    >>> op, iava = Interp(6, [0.5, 3.25])
    >>> (op @ da.arange(6.0, chunks=2)).compute()
    array([0.5 , 3.25])
    """
    model = shape_of(dims)
    (axis,) = axes_of((axis,), model)
    positions, n = np.asarray(iava), model[axis]
    options: dict[str, Any] = {"dtype": dtype, "name": name, "chunks": chunks, "compute": compute}
    match kind.lower():
        case "nearest":
            positions = np.round(positions).astype(int)
            check_unique(positions)
            return Restriction(model, positions, axis=axis, **options), positions
        case "linear":
            positions = below_last(positions, n)
            op = AlongAxis(_linear(positions, n), model, axis, **options)
            op.narrow = (False, True)
            return op, positions
        case "sinc":
            check_unique(positions)
            matrix = np.sinc(positions[:, None] - np.arange(n)).astype(dtype)
            if tol is None:
                return _dense(matrix, model, axis, options), positions
            matrix[abs(matrix) < tol] = 0
            return AlongAxis(sp.csr_array(matrix), model, axis, **options), positions
        case "cubic_spline":
            spline = InterpCubicSpline(model, positions, axis=axis, **options)
            return spline, spline.iava
    raise NotImplementedError(f"kind must be linear, nearest, sinc or cubic_spline, got {kind!r}")


def _linear(positions: Array, n: int) -> object:
    """The matrix with two weights a row."""
    left = np.floor(positions).astype(int)
    weights, rows = positions - left, np.arange(left.size)
    entries = np.concatenate([1 - weights, weights])
    places = np.tile(rows, 2), np.concatenate([left, left + 1])
    return sp.csr_array((entries, places), shape=(left.size, n))


def _dense(matrix: Array, model: tuple[int, ...], axis: int, options: Settings) -> BlockwiseOperator:
    data = (*model[:axis], len(matrix), *model[axis + 1 :])
    shared = {"matrix": matrix}
    return BlockwiseOperator(
        WholeAxisRule(partial(apply_along, axis=axis), (axis,), {axis: len(matrix)}, shared),
        WholeAxisRule(partial(apply_along, axis=axis, adjoint=True), (axis,), {axis: model[axis]}, shared),
        model, data, **options,
    )  # fmt: skip
