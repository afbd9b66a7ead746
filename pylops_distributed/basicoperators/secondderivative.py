"""Second derivative along one axis."""

from __future__ import annotations

from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.firstderivative import KINDS, Kind
from pylops_distributed.blockwise import BlockwiseOperator
from pylops_distributed.blockwise.arguments import at_least, axes_of, one_of, shape_of
from pylops_distributed.blockwise.finite_differences import Difference, sum_rules
from pylops_distributed.vectors.types import ChunksLike


def second_difference(axis: int, sampling: float, kind: Kind, edge: bool, weight: float = 1.0) -> Difference:
    """The matrix of a second derivative, times a weight."""
    s = float(weight) / float(sampling) ** 2
    before = {"forward": 0, "centered": 1, "backward": 2}[kind]
    taps = tuple((k - before, w) for k, w in enumerate((s, -2 * s, s)))
    ends = ((0, 0, s), (0, 1, -2 * s), (0, 2, s), (-1, -3, s), (-1, -2, -2 * s), (-1, -1, s))
    return Difference(axis, taps, before, 2 - before, ends if edge and kind == "centered" else ())


class SecondDerivative(BlockwiseOperator):
    r"""Second derivative along an axis by finite differences, chunk by chunk.

    With :math:`\Delta` the sampling, the forward is, away from the ends,

    .. math::
        y_i = \frac{x_{i+s+1} - 2 x_{i+s} + x_{i+s-1}}{\Delta^2}, \qquad s = 1, 0, -1

    for the kinds ``forward``, ``centered`` and ``backward`` [1]_. Samples whose stencil leaves the array are
    zero, or with ``edge`` take that of their neighbour. The adjoint is the exact transpose
    :math:`x_j = \sum_i D_{ij} y_i`, ends included.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model, and of the data.
    axis : int, optional
        Axis to differentiate along.
    sampling : float, optional
        Distance between samples, in the unit whose square the derivative is per.
    kind : {"centered", "forward", "backward"}, optional
        Which samples a difference takes.
    edge : bool, optional
        Use one-sided stencils at the ends, for the kind ``centered``.
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
    ValueError
        If ``axis`` is not one of ``dims``.
    NotImplementedError
        If ``kind`` is unknown.

    See Also
    --------
    pylops.SecondDerivative : the local operator.

    References
    ----------
    .. [1] Fornberg, B., 1988, Generation of finite difference formulas on arbitrarily spaced grids:
       Mathematics of Computation, 51, 699-706.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.basicoperators.secondderivative import SecondDerivative
    >>> D = SecondDerivative(6)
    >>> (D @ da.arange(6, chunks=3) ** 2).compute()
    array([0., 2., 2., 2., 2., 0.])
    """

    narrow = (True, True)

    def __init__(
        self,
        dims: int | tuple[int, ...],
        axis: int = -1,
        sampling: float = 1.0,
        kind: Kind = "centered",
        edge: bool = False,
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        self.sampling, self.edge = sampling, edge
        self.kind = one_of("kind", kind, KINDS, NotImplementedError)
        if edge and kind == "centered":
            at_least(3, model, self.axis, "a derivative with edges")
        terms = (second_difference(self.axis, sampling, kind, edge),)
        super().__init__(
            *sum_rules(terms, dtype), model, dtype=dtype, chunks=chunks, compute=compute, name=name
        )
