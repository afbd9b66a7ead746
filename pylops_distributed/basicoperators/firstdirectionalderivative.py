"""First derivative in a given direction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.diagonal import lazy
from pylops_distributed.basicoperators.firstderivative import Kind
from pylops_distributed.basicoperators.gradient import Gradient
from pylops_distributed.lift import Array
from pylops_distributed.lift.arguments import shape_of
from pylops_distributed.linearoperator import LinearOperator


class FirstDirectionalDerivative(LinearOperator):
    r"""First derivative in a direction that may differ from sample to sample.

    Forward :math:`y = \sum_a v_a\, D_a x`, with :math:`D_a` the first derivative along axis :math:`a`;
    adjoint :math:`x = \sum_a D_a^T (v_a^*\, y)`. Derivatives along all axes share one halo.

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

    narrow = (True, True)

    def __init__(
        self,
        dims: Iterable[int],
        v: Any,
        sampling: float | Sequence[float] = 1.0,
        edge: bool = False,
        kind: Kind = "centered",
        dtype: DTypeLike = "float64",
        name: str | None = "F",
        *,
        chunks: Any = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        steps = tuple(sampling) if isinstance(sampling, Sequence) else (float(sampling),) * len(model)
        self.gradient = Gradient(model, sampling=steps, edge=edge, kind=kind, dtype=dtype, chunks=chunks)
        self.sampling, self.edge, self.kind, self.v = sampling, edge, kind, lazy(v)
        if self.v.shape not in ((len(model),), (len(model), *model)):
            raise ValueError(
                f"v must have shape {(len(model),)} or {(len(model), *model)}, got {self.v.shape}"
            )
        super().__init__(self.gradient.domain, self.gradient.domain, dtype=dtype, compute=compute, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        gradient = self.gradient.apply(x)
        axes = tuple(range(1, gradient.ndim))
        dtype = np.result_type(self.dtype, x.dtype)
        return da.blockwise(
            _along, axes, self._direction(gradient), (0, *axes[: self.v.ndim - 1]), gradient, (0, *axes),
            concatenate=True, dtype=dtype, meta=np.empty((0,) * len(axes), dtype), kind=dtype,
        )  # fmt: skip

    def _rmatvec(self, y: da.Array) -> da.Array:
        axes = tuple(range(1, y.ndim + 1))
        dtype = np.result_type(self.dtype, y.dtype)
        spread = da.blockwise(
            _across, (0, *axes), self._direction(y[None]), (0, *axes[: self.v.ndim - 1]), y, axes,
            dtype=dtype, meta=np.empty((0,) * (len(axes) + 1), dtype), kind=dtype,
        )  # fmt: skip
        return self.gradient.apply_adjoint(spread)

    def _direction(self, like: da.Array) -> da.Array:
        """The direction with its components in one chunk, and else the chunks of an array with its axes."""
        return self.v.rechunk((-1, *like.chunks[1 : self.v.ndim]))


def _across(v: Array, y: Array, kind: np.dtype[Any]) -> Array:
    return np.asarray(_fit(v.conj(), y.ndim) * y, kind)


def _along(v: Array, gradient: Array, kind: np.dtype[Any]) -> Array:
    return np.asarray(np.sum(_fit(v, gradient.ndim - 1) * gradient, axis=0), kind)


def _fit(v: Array, ndim: int) -> Array:
    return v.reshape(-1, *(1,) * ndim) if v.ndim == 1 else v
