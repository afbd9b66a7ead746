"""First derivative along one axis."""

from __future__ import annotations

from typing import Literal, TypeAlias

from numpy.typing import DTypeLike

from pylops_distributed.blockwise import BlockwiseOperator
from pylops_distributed.blockwise.arguments import at_least, axes_of, one_of, shape_of
from pylops_distributed.blockwise.finite_differences import Difference, sum_rules
from pylops_distributed.vectors.types import ChunksLike

Kind: TypeAlias = Literal["forward", "centered", "backward"]
KINDS: tuple[Kind, ...] = ("forward", "centered", "backward")


def first_difference(
    axis: int, sampling: float, kind: Kind, edge: bool = False, order: Literal[3, 5] = 3
) -> Difference:
    """The matrix of a first derivative."""
    s = 1 / float(sampling)
    if kind == "forward":
        return Difference(axis, ((0, -s), (1, s)), 0, 1)
    if kind == "backward":
        return Difference(axis, ((-1, -s), (0, s)), 1, 0)
    ends = ((0, 0, -s), (0, 1, s), (-1, -2, -s), (-1, -1, s))
    if order == 3:
        return Difference(axis, ((-1, -s / 2), (1, s / 2)), 1, 1, ends if edge else ())
    inner = ((1, 0, -s / 2), (1, 2, s / 2), (-2, -3, -s / 2), (-2, -1, s / 2))
    taps = ((-2, s / 12), (-1, -2 * s / 3), (1, 2 * s / 3), (2, -s / 12))
    return Difference(axis, taps, 2, 2, (*ends, *inner) if edge else ())


class FirstDerivative(BlockwiseOperator):
    r"""First derivative along an axis by finite differences, chunk by chunk.

    With :math:`\Delta` the sampling, the forward is, away from the ends,

    .. math::
        y_i = \frac{x_{i+1} - x_i}{\Delta}, \qquad
        y_i = \frac{x_i - x_{i-1}}{\Delta}, \qquad
        y_i = \frac{x_{i+1} - x_{i-1}}{2\Delta}, \qquad
        y_i = \frac{x_{i-2} - 8 x_{i-1} + 8 x_{i+1} - x_{i+2}}{12\Delta}

    for the kinds ``forward``, ``backward``, ``centered`` of order 3 and ``centered`` of order 5 [1]_. Samples
    whose stencil leaves the array are zero, or with ``edge`` take a shorter stencil. The adjoint is the exact
    transpose :math:`x_j = \sum_i D_{ij} y_i`, ends included.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model, and of the data.
    axis : int, optional
        Axis to differentiate along.
    sampling : float, optional
        Distance between samples, in the unit that the derivative is per.
    kind : {"centered", "forward", "backward"}, optional
        Which samples a difference takes.
    edge : bool, optional
        Use shorter stencils at the ends, for the kind ``centered``.
    order : {3, 5}, optional
        Number of points of the stencil, for the kind ``centered``.
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
        If ``kind`` or ``order`` is unknown.

    See Also
    --------
    pylops.FirstDerivative : the local operator.

    References
    ----------
    .. [1] Fornberg, B., 1988, Generation of finite difference formulas on arbitrarily spaced grids:
       Mathematics of Computation, 51, 699-706.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.basicoperators.firstderivative import FirstDerivative
    >>> D = FirstDerivative(6, kind="forward")
    >>> (D @ da.arange(6, chunks=3) ** 2).compute()
    array([1., 3., 5., 7., 9., 0.])
    """

    narrow = (True, True)

    def __init__(
        self,
        dims: int | tuple[int, ...],
        axis: int = -1,
        sampling: float = 1.0,
        kind: Kind = "centered",
        edge: bool = False,
        order: Literal[3, 5] = 3,
        dtype: DTypeLike = "float64",
        name: str | None = "F",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        self.sampling, self.edge = sampling, edge
        self.kind = one_of("kind", kind, KINDS, NotImplementedError)
        self.order = one_of("order", order, (3, 5), NotImplementedError)
        if edge and kind == "centered":
            at_least(order // 2 + 1, model, self.axis, "a derivative with edges")
        terms = (first_difference(self.axis, sampling, kind, edge, order),)
        super().__init__(
            *sum_rules(terms, dtype), model, dtype=dtype, chunks=chunks, compute=compute, name=name
        )
