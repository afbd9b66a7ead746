"""Interpolation by a cubic spline along one axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pylops
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, shape_of
from pylops_distributed.blockwise.pylops_kernel import OperatorFactory, TwinOperator, whole_axis_rules
from pylops_distributed.signalprocessing.positions import below_last
from pylops_distributed.vectors.types import ChunksLike

LOCAL = pylops.signalprocessing.InterpCubicSpline


class InterpCubicSpline(TwinOperator):
    r"""Interpolation along an axis by the natural cubic spline through the model's samples.

    Forward :math:`y_i = s(p_i)`, where the spline :math:`s` goes through all :math:`x_j` with continuous second
    derivatives, which are zero at the ends; adjoint, its transpose. The axis is gathered in one chunk, where
    PyLops' operator solves for the spline; all other axes stay chunked.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    iava : array_like
        Positions, of shape ``(n,)``, in samples of the axis, different from each other.
    bc_type : {"natural"}, optional
        What holds at the ends.
    axis : int, optional
        Axis to interpolate along.
    dtype : dtype, optional
        Type of the operator, in double precision.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    iava : numpy.ndarray
        The positions, of shape ``(n,)``.

    Raises
    ------
    ValueError
        If there are fewer than two samples along the axis, or positions are equal.
    TypeError
        If ``dtype`` is not of double precision.
    NotImplementedError
        If ``bc_type`` is unknown.

    Warns
    -----
    UserWarning
        If positions at or past the last sample are moved just before it.

    See Also
    --------
    pylops.signalprocessing.InterpCubicSpline : the local operator.

    References
    ----------
    .. [1] de Boor, C., 1978, A practical guide to splines: Springer.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.interpspline import InterpCubicSpline
    >>> (InterpCubicSpline(6, [0.5, 3.25]) @ da.arange(6.0, chunks=2)).compute()
    array([0.5 , 3.25])
    """

    from_twin = ("num_cols",)

    def __init__(
        self,
        dims: int | Iterable[int],
        iava: ArrayLike,
        bc_type: Literal["natural"] = "natural",
        axis: int = -1,
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        self.iava, self.bc_type = below_last(np.asarray(iava), model[self.axis]), bc_type
        options = {"iava": self.iava, "bc_type": bc_type, "axis": self.axis, "dtype": np.dtype(dtype)}
        self.twin = OperatorFactory(LOCAL, options, "dims")
        forward, adjoint, data = whole_axis_rules(self.twin, (self.axis,), model)
        super().__init__(
            forward, adjoint, model, data, dtype=dtype, chunks=chunks, compute=compute, name=name
        )
