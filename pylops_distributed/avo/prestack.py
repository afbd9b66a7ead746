"""Linear pre-stack modelling of seismic gathers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from pylops_distributed.avo.avo import Linearization, coefficients, linearization_of
from pylops_distributed.basicoperators.firstderivative import first_difference
from pylops_distributed.basicoperators.matrixmult import MatrixMult
from pylops_distributed.lift import Array, Lift, Whole, chain
from pylops_distributed.lift.arguments import shape_of
from pylops_distributed.lift.differences import apply_sum
from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.signalprocessing.convolve1d import convolve


def PrestackLinearModelling(
    wav: ArrayLike,
    theta: ArrayLike,
    vsvp: float | ArrayLike = 0.5,
    nt0: int = 1,
    spatdims: int | Iterable[int] | None = None,
    linearization: Linearization | Callable[..., Any] = "akirich",
    explicit: bool = False,
    kind: Literal["centered", "forward"] = "centered",
    name: str | None = None,
    *,
    chunks: Any = None,
    compute: tuple[bool, bool] = (False, False),
) -> LinearOperator:
    r"""Band-limited pre-stack gathers from logarithms of elastic parameters, chunk by chunk.

    With the convolution :math:`\mathbf W` with the wavelet, the coefficients :math:`\mathbf G` of the
    linearization and the time derivative :math:`\mathbf D`, forward and adjoint are

    .. math::
        \mathbf d = \mathbf W \mathbf G \mathbf D\, \mathbf m, \qquad
        \mathbf m = \mathbf D^T \mathbf G^T \mathbf W^H\, \mathbf d

    Gathers do not mix: chunks along space need no neighbours; time, parameters and angles lie in one.

    Parameters
    ----------
    wav : array_like
        Wavelet, with an odd number of samples, its centre at time zero.
    theta : array_like
        Angles of incidence in degrees; their dtype is that of the operator.
    vsvp : float or array_like, optional
        Ratio of S-wave to P-wave velocity, one or of shape ``(nt0,)``.
    nt0 : int, optional
        Number of time samples, where ``vsvp`` is one number.
    spatdims : int or tuple of int, optional
        Number of gathers along each line direction; without, there is one.
    linearization : {"akirich", "fatti", "ps"} or callable, optional
        Linearization of the reflection coefficient; see
        :class:`~pylops_distributed.avo.avo.AVOLinearModelling`.
    explicit : bool, optional
        Hold the operator as a matrix. The model is then ``(nparameters * nt0, *spatdims)``, parameter by
        parameter, and the data ``(ntheta * nt0, *spatdims)``; else ``(nt0, nparameters, *spatdims)`` and
        ``(nt0, ntheta, *spatdims)``.
    kind : {"centered", "forward"}, optional
        Kind of the derivative.
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

    Raises
    ------
    NotImplementedError
        If ``kind`` is unknown.
    ValueError
        If ``linearization`` is unknown.

    See Also
    --------
    pylops.avo.prestack.PrestackLinearModelling : the local operator.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.avo.prestack import PrestackLinearModelling
    >>> modelling = PrestackLinearModelling(np.hanning(5), np.arange(0.0, 20, 5), nt0=20, spatdims=8)
    >>> (modelling @ da.ones((20, 3, 8), chunks=(20, 3, 4))).chunks
    ((20,), (4,), (4, 4))
    """
    if kind not in ("centered", "forward"):
        raise NotImplementedError(f"kind must be centered or forward, got {kind!r}")
    dtype = np.asarray(theta).dtype
    h = np.asarray(wav, dtype)
    G = coefficients(theta, vsvp, nt0, linearization_of(linearization)).astype(dtype)
    nt, nangles, nparameters = G.shape
    derive = partial(apply_sum, terms=(first_difference(0, 1.0, kind),), dtype=dtype)
    filtered = partial(convolve, h=h, axis=0, start=h.size // 2)
    reverse = partial(filtered, h=h[::-1].conj().copy(), start=h.size - 1 - h.size // 2)
    forward = partial(chain, kernels=(derive, partial(_weigh, G=G), filtered))
    backward = (
        reverse,
        partial(_weigh, G=np.ascontiguousarray(G.swapaxes(1, 2))),
        partial(derive, adjoint=True),
    )
    options: dict[str, Any] = {"dtype": dtype, "chunks": chunks, "compute": compute, "name": name}
    if explicit:
        return MatrixMult(_matrix(forward, nt, nparameters, dtype), spatdims, **options)
    space = () if spatdims is None else shape_of(spatdims)
    return Lift(
        Whole(forward, (0, 1), {1: nangles}),
        Whole(partial(chain, kernels=backward), (0, 1), {1: nparameters}),
        (nt, nparameters, *space), (nt, nangles, *space), **options,
    )  # fmt: skip


def PrestackWaveletModelling(
    m: ArrayLike,
    theta: ArrayLike,
    nwav: int,
    wavc: int | None = None,
    vsvp: float | ArrayLike = 0.5,
    linearization: Linearization | Callable[..., Any] = "akirich",
    name: str | None = None,
    *,
    compute: tuple[bool, bool] = (False, False),
) -> LinearOperator:
    r"""Pre-stack gather of a known model from the wavelet, to estimate the wavelet.

    With the reflectivities :math:`\mathbf R_\theta` of the model as convolution matrices, forward
    :math:`\mathbf d_\theta = \mathbf R_\theta \mathbf w`, adjoint
    :math:`\mathbf w = \sum_\theta \mathbf R_\theta^T \mathbf d_\theta`: one matrix.

    Parameters
    ----------
    m : array_like
        Logarithms of elastic parameters, of shape ``(nt0, nparameters)``; their dtype is that of the operator.
    theta : array_like
        Angles of incidence in degrees.
    nwav : int
        Number of samples of the wavelet.
    wavc : int, optional
        Sample of the wavelet at time zero; default its middle.
    vsvp, linearization, name, compute : optional
        As of :func:`PrestackLinearModelling`.

    Returns
    -------
    LinearOperator
        The operator, from ``(nwav,)`` to ``(ntheta * nt0,)``, angle by angle.

    Raises
    ------
    ValueError
        If ``linearization`` is unknown.

    See Also
    --------
    pylops.avo.prestack.PrestackWaveletModelling : the local operator.

    Examples
    --------
    >>> import numpy as np
    >>> from pylops_distributed.avo.prestack import PrestackWaveletModelling
    >>> PrestackWaveletModelling(np.ones((20, 3)), np.arange(0.0, 20, 5), nwav=5).shape
    (80, 5)
    """
    model = np.asarray(m)
    dtype, nt = model.dtype, len(model)
    G = coefficients(theta, vsvp, nt, linearization_of(linearization)).astype(dtype)
    derived = apply_sum(model, (first_difference(0, 1.0, "centered"),), dtype)
    reflectivity = _weigh(derived, G)
    centre = nwav // 2 if wavc is None else wavc
    places = np.arange(nt)[:, None] - np.arange(nwav) + centre
    there = (places >= 0) & (places < nt)
    matrices = np.where(there, reflectivity.T[:, np.clip(places, 0, nt - 1)], 0)
    return MatrixMult(matrices.reshape(-1, nwav), dtype=dtype, name=name, compute=compute)


def _weigh(block: Array, G: Array) -> Array:
    """Multiply the second axis of a block with one matrix for each time sample."""
    image = G @ block.reshape(*block.shape[:2], -1)
    return np.asarray(image.reshape(*image.shape[:2], *block.shape[2:]))


def _matrix(forward: Callable[[Array], Array], nt: int, nparameters: int, dtype: Any) -> Array:
    """The matrix of a gather, in PyLops' order: all times of one parameter, or angle, after another."""
    n = nt * nparameters
    model = np.eye(n, dtype=dtype).reshape(nparameters, nt, n).swapaxes(0, 1)
    return forward(np.ascontiguousarray(model)).swapaxes(0, 1).reshape(-1, n)
