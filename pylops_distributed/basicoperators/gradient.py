"""First derivatives along all axes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.firstderivative import KINDS, Kind, first_difference
from pylops_distributed.blockwise import BlockwiseOperator, StencilRule
from pylops_distributed.blockwise.arguments import at_least, one_of, shape_of
from pylops_distributed.blockwise.finite_differences import apply_each, depths
from pylops_distributed.vectors.types import ChunksLike


class Gradient(BlockwiseOperator):
    r"""First derivatives along all axes, stacked along a new first axis, chunk by chunk.

    With the first derivatives :math:`\mathbf{D}_a`, forward and adjoint are

    .. math::
        \mathbf{y}_a = \mathbf{D}_a \mathbf{x}, \qquad \mathbf{x} = \sum_a \mathbf{D}_a^T \mathbf{y}_a

    A chunk takes its halo along all axes at once, without diagonal neighbours; the components of the gradient
    lie in one chunk.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model; that of the data is ``(len(dims), *dims)``.
    sampling : float or tuple of float, optional
        Distance between samples, along each axis.
    edge : bool, optional
        Use shorter stencils at the ends, for the kind ``centered``.
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
        If ``sampling`` is neither one number nor one for each axis.
    NotImplementedError
        If ``kind`` is unknown.

    See Also
    --------
    pylops.Gradient : the local operator.

    References
    ----------
    .. [1] Claerbout, J. F., 1992, Earth soundings analysis: Blackwell.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.basicoperators.gradient import Gradient
    >>> (Gradient((6, 4)) @ da.ones((6, 4), chunks=(3, 4))).chunks
    ((2,), (3, 3), (4,))
    """

    narrow = (True, True)

    def __init__(
        self,
        dims: int | Iterable[int],
        sampling: float | Iterable[float] = 1.0,
        edge: bool = False,
        kind: Kind = "centered",
        dtype: DTypeLike = "float64",
        name: str | None = "G",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        steps = tuple(sampling) if isinstance(sampling, Iterable) else (sampling,) * len(model)
        if len(steps) != len(model):
            raise ValueError(
                f"sampling must be one number or one for each of {len(model)} axes, got {sampling}"
            )
        self.sampling, self.edge, self.kind = steps, edge, one_of("kind", kind, KINDS, NotImplementedError)
        if edge and kind == "centered":
            for axis in range(len(model)):
                at_least(2, model, axis, "a derivative with edges")
        terms = tuple(first_difference(axis, step, kind, edge) for axis, step in enumerate(steps))
        kernel = partial(apply_each, terms=terms, dtype=np.dtype(dtype))
        behind = {axis + 1: pair for axis, pair in depths(terms, True).items()}
        super().__init__(
            StencilRule(kernel, depths(terms, False), lead=len(model), by_rows=True),
            StencilRule(partial(kernel, adjoint=True), behind, lead=0, by_rows=True),
            model, (len(model), *model), dtype=dtype, chunks=chunks, compute=compute, name=name,
        )  # fmt: skip
