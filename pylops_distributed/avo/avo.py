"""Linear amplitude-versus-offset modelling."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from pylops.avo.avo import (
    akirichards,
    approx_zoeppritz_pp,
    fatti,
    ps,
    zoeppritz_element,
    zoeppritz_pp,
    zoeppritz_scattering,
)

from pylops_distributed.blockwise.arguments import one_of, shape_of
from pylops_distributed.blockwise.numpy_rows import apply_to_rows
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ChunksLike, NDArray

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array

__all__ = [
    "AVOLinearModelling", "akirichards", "approx_zoeppritz_pp", "fatti", "ps", "zoeppritz_element", "zoeppritz_pp",
    "zoeppritz_scattering",
]  # fmt: skip

Linearization: TypeAlias = Literal["akirich", "fatti", "ps"]
LINEARIZATIONS: dict[str, Any] = {"akirich": akirichards, "fatti": fatti, "ps": ps}


class AVOLinearModelling(LinearOperator):
    r"""Reflectivity at several angles from contrasts of elastic parameters, chunk by chunk.

    With the coefficients :math:`G_p(t, \theta)` of the linearization, forward and adjoint are

    .. math::
        r(t, \theta, \mathbf{x}) = \sum_{p=1}^{3} G_p(t, \theta)\, m_p(t, \mathbf{x}), \qquad
        m_p(t, \mathbf{x}) = \sum_\theta G_p(t, \theta)\, r(t, \theta, \mathbf{x})

    Samples do not mix, so chunks along time and space need no neighbours; all parameters lie in one.

    Parameters
    ----------
    theta : array_like
        Angles of incidence in degrees, of shape ``(ntheta,)``.
    vsvp : float or array_like, optional
        Ratio of S-wave to P-wave velocity, one or of shape ``(nt0,)``.
    nt0 : int, optional
        Number of time samples, where ``vsvp`` is one number.
    spatdims : int or tuple of int, optional
        Number of samples along each spatial axis; without, there is none.
    linearization : {"akirich", "fatti", "ps"} or callable, optional
        Aki and Richards [1]_, Fatti et al. [2]_, or Xu and Bancroft [3]_ for converted waves; or a function of
        angles and ratios that returns the weights of the parameters.
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
        If ``theta`` or ``vsvp`` is not one-dimensional, or ``linearization`` is unknown.

    See Also
    --------
    pylops.avo.avo.AVOLinearModelling : the local operator.

    References
    ----------
    .. [1] Aki, K., and P. G. Richards, 2002, Quantitative seismology, 2nd ed.: University Science Books.
    .. [2] Fatti, J. L., et al., 1994, Detection of gas in sandstone reservoirs using AVO analysis:
       Geophysics, 59, 1362-1376.
    .. [3] Xu, Y., and J. C. Bancroft, 1997, Joint AVO analysis of PP and PS seismic data: CREWES Research
       Report, 9.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.avo.avo import AVOLinearModelling
    >>> modelling = AVOLinearModelling([0, 15, 30, 45], nt0=20, spatdims=6)
    >>> (modelling @ da.ones((20, 3, 6), chunks=(10, 3, 6))).chunks
    ((10, 10), (4,), (6,))
    """

    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        theta: ArrayLike,
        vsvp: float | ArrayLike = 0.5,
        nt0: int = 1,
        spatdims: int | Iterable[int] | None = None,
        linearization: Linearization | Callable[..., Iterable[NDArray]] = "akirich",
        dtype: DTypeLike = "float64",
        name: str | None = "A",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.linearization = linearization
        self.G = coefficients(theta, vsvp, nt0, linearization_of(linearization))
        self.G = self.G.astype(dtype, order="C")
        nt, nangles, nparameters = self.nt0, self.ntheta, self.npars = self.G.shape
        space = self.spatdims = () if spatdims is None else shape_of(spatdims)
        super().__init__(
            domain=Space.of((nt, nparameters, *space), dtype, chunks), codomain=Space.of((nt, nangles, *space), dtype),
            compute=compute, name=name,
        )  # fmt: skip

    def _matvec(self, x: da.Array) -> da.Array:
        return _combine(self.G, x)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return _combine(self.G.swapaxes(1, 2), y)


def linearization_of(
    linearization: Linearization | Callable[..., Iterable[NDArray]],
) -> Callable[..., Iterable[NDArray]]:
    """The function that a name stands for, or the function itself."""
    if callable(linearization):
        return linearization
    function: Callable[..., Iterable[NDArray]] = LINEARIZATIONS[
        one_of("linearization", linearization, tuple(LINEARIZATIONS))
    ]
    return function


def coefficients(
    theta: ArrayLike, vsvp: float | ArrayLike, nt0: int, linearization: Callable[..., Iterable[NDArray]]
) -> Array:
    """The weight of each parameter at each time and angle: shape (nt0, ntheta, 3)."""
    angles, ratio = np.asarray(theta, dtype=float), np.asarray(vsvp, dtype=float)
    if angles.ndim != 1 or ratio.ndim > 1:
        raise ValueError(
            f"theta must be (ntheta,) and vsvp one number or (nt0,), got {angles.shape} and {ratio.shape}"
        )
    ratios = np.full(int(nt0), ratio) if ratio.ndim == 0 else ratio
    terms = linearization(angles, ratios)
    return np.stack([term.reshape(angles.size, ratios.size).T for term in terms], axis=-1)


def _combine(weights: Array, x: da.Array) -> da.Array:
    """Multiply the second axis of ``x`` with one matrix for each sample of the first."""
    if isinstance(x, np.ndarray):
        product: Any = apply_to_rows(x, partial(_multiply, weights), range(2, x.ndim))
        return one_array(product)
    x = x.rechunk({1: -1})
    matrices = da.from_array(weights, chunks=(x.chunks[0], -1, -1))
    rest = tuple(range(3, x.ndim + 1))
    return da.blockwise(
        _multiply, (0, 2, *rest), matrices, (0, 2, 1), x, (0, 1, *rest),
        concatenate=True, dtype=np.result_type(weights.dtype, x.dtype),
        meta=np.empty((0,) * x.ndim, np.result_type(weights.dtype, x.dtype)),
    )  # fmt: skip


def _multiply(matrices: Array, block: Array) -> Array:
    image = matrices @ block.reshape(*block.shape[:2], -1)
    return np.asarray(image.reshape(*image.shape[:2], *block.shape[2:]))
