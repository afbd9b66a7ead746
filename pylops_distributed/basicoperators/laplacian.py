"""Weighted sum of second derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.firstderivative import KINDS, Kind
from pylops_distributed.basicoperators.secondderivative import second_difference
from pylops_distributed.blockwise import BlockwiseOperator
from pylops_distributed.blockwise.arguments import at_least, axes_of, one_of, shape_of
from pylops_distributed.blockwise.finite_differences import sum_rules
from pylops_distributed.vectors.types import ChunksLike


class Laplacian(BlockwiseOperator):
    r"""Weighted sum of second derivatives along two or more axes, chunk by chunk.

    With the second derivatives :math:`\mathbf{D}_a`, their sampling included, and weights :math:`w_a`,
    forward and adjoint are

    .. math::
        \mathbf{y} = \sum_a w_a \mathbf{D}_a \mathbf{x}, \qquad
        \mathbf{x} = \sum_a w_a \mathbf{D}_a^T \mathbf{y}

    A chunk takes its halo along all axes at once, without diagonal neighbours.

    Parameters
    ----------
    dims : tuple of int
        Shape of the model, and of the data.
    axes : tuple of int, optional
        Axes to differentiate along.
    weights : tuple of float, optional
        Weight of each axis.
    sampling : tuple of float, optional
        Distance between samples along each axis.
    edge : bool, optional
        Use one-sided stencils at the ends, for the kind ``centered``.
    kind : {"centered", "forward", "backward"}, optional
        Which samples a difference takes.
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
        If ``axes`` are not those of ``dims``, or ``axes``, ``weights`` and ``sampling`` are not equally many.
    NotImplementedError
        If ``kind`` is unknown.

    See Also
    --------
    pylops.Laplacian : the local operator.

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.basicoperators.laplacian import Laplacian
    >>> x = da.arange(5, chunks=3)[:, None] ** 2 + da.arange(4, chunks=2)[None, :] ** 2
    >>> (Laplacian((5, 4)) @ x).compute()[2]
    array([2., 4., 4., 2.])
    """

    narrow = (True, True)

    def __init__(
        self,
        dims: Iterable[int],
        axes: Iterable[int] = (-2, -1),
        weights: Sequence[float] = (1.0, 1.0),
        sampling: Sequence[float] = (1.0, 1.0),
        edge: bool = False,
        kind: Kind = "centered",
        dtype: DTypeLike = "float64",
        name: str | None = "L",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        self.axes = axes_of(axes, model)
        self.weights, self.sampling, self.edge = tuple(weights), tuple(sampling), edge
        self.kind = one_of("kind", kind, KINDS, NotImplementedError)
        if not len(self.axes) == len(self.weights) == len(self.sampling):
            raise ValueError(
                f"axes {self.axes}, weights {self.weights} and sampling {self.sampling} must be equally many"
            )
        if edge and kind == "centered":
            for axis in self.axes:
                at_least(3, model, axis, "a derivative with edges")
        terms = tuple(
            second_difference(axis, step, kind, edge, weight)
            for axis, step, weight in zip(self.axes, self.sampling, self.weights, strict=True)
        )
        super().__init__(
            *sum_rules(terms, dtype), model, dtype=dtype, chunks=chunks, compute=compute, name=name
        )
