"""First derivative in a given direction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.firstderivative import KINDS, Kind, first_difference
from pylops_distributed.blockwise import Array, stencil
from pylops_distributed.blockwise.arguments import at_least, one_of, shape_of
from pylops_distributed.blockwise.finite_differences import apply_each, depths
from pylops_distributed.blockwise.halo_tasks import CoOperand
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.namespace import as_lazy_array
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike, DType


class FirstDirectionalDerivative(LinearOperator):
    r"""First derivative in a direction that may differ from sample to sample.

    Forward :math:`y = \sum_a v_a\, D_a x`, with :math:`D_a` the first derivative along axis :math:`a`;
    adjoint :math:`x = \sum_a D_a^T (v_a^*\, y)`. Derivatives along all axes share one
    halo, and the tasks that have it take the direction too.

    Parameters
    ----------
    dims : tuple of int
        Shape of the model, and of the data.
    v : array
        Direction, of shape ``(len(dims),)``, or ``(len(dims), *dims)`` for one at each sample. NumPy, Dask
        and Zarr arrays are read only when computing.
    sampling : float or tuple of float, optional
        Distance between samples along each axis.
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
        If ``v`` has neither shape, or ``kind`` is unknown.

    See Also
    --------
    pylops.FirstDirectionalDerivative

    References
    ----------
    .. [1] Weickert, J., 1998, Anisotropic diffusion in image processing: Teubner.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import FirstDirectionalDerivative
    >>> D = FirstDirectionalDerivative((4, 4), [0.6, 0.8])
    >>> (D @ da.ones((4, 4), chunks=2)).compute()[1]
    array([0., 0., 0., 0.])
    """

    domain: Space
    narrow = (True, True)

    def __init__(
        self,
        dims: Iterable[int],
        v: object,
        sampling: float | Sequence[float] = 1.0,
        edge: bool = False,
        kind: Kind = "centered",
        dtype: DTypeLike = "float64",
        name: str | None = "F",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        steps = tuple(sampling) if isinstance(sampling, Sequence) else (float(sampling),) * len(model)
        if len(steps) != len(model):
            raise ValueError(f"sampling must be one number or one for each of {len(model)} axes, got {steps}")
        if edge and kind == "centered":
            for axis in range(len(model)):
                at_least(2, model, axis, "a derivative with edges")
        one_of("kind", kind, KINDS)
        self.terms = tuple(first_difference(axis, step, kind, edge) for axis, step in enumerate(steps))
        self.sampling, self.edge, self.kind, self.v = sampling, edge, kind, as_lazy_array(v)
        if self.v.shape not in ((len(model),), (len(model), *model)):
            raise ValueError(
                f"v must have shape {(len(model),)} or {(len(model), *model)}, got {self.v.shape}"
            )
        space = Space.of(model, dtype, chunks)
        super().__init__(domain=space, codomain=space, dtype=dtype, compute=compute, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        return self.along(x, adjoint=False)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self.domain.fit(self.along(y, adjoint=True))

    def along(self, x: da.Array, adjoint: bool, sign: int = 1) -> da.Array:
        """The forward, or ``sign`` times the adjoint, with the shape and the chunks of ``x``."""
        dtype = np.result_type(self.dtype, x.dtype)
        kernel = partial(apply_each, terms=self.terms, dtype=self.dtype, adjoint=adjoint)
        if adjoint:
            co_operand = CoOperand(self.v, before=partial(_across, kind=dtype, sign=sign))
        else:
            co_operand = CoOperand(self.v, after=partial(_along, kind=dtype))
        return stencil(x, kernel, depths(self.terms, adjoint), dtype, co_operand=co_operand)


def _across(y: Array, v: Array, kind: DType, sign: int) -> Array:
    return np.asarray(_fit(sign * v.conj(), y.ndim) * y, kind)


def _along(gradient: Array, v: Array, kind: DType) -> Array:
    return np.asarray(np.sum(_fit(v, gradient.ndim - 1) * gradient, axis=0), kind)


def _fit(v: Array, ndim: int) -> Array:
    return v.reshape(-1, *(1,) * ndim) if v.ndim == 1 else v
