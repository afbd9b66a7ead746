"""Linear pre-stack modelling of seismic gathers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.avo.avo import Linearization, coefficients, linearization_of
from pylops_distributed.avo.inversion import (
    by_matrix,
    by_steps,
    regularized,
    roughness,
    weight_of,
    weights_of,
)
from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.basicoperators.firstderivative import first_difference
from pylops_distributed.basicoperators.matrixmult import MatrixMult
from pylops_distributed.basicoperators.vstack import VStack
from pylops_distributed.blockwise import Array, BlockwiseOperator, WholeAxisRule, chain
from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.blockwise.finite_differences import apply_sum
from pylops_distributed.blockwise.rechunk import rechunk_whole
from pylops_distributed.signalprocessing.convolve1d import convolve
from pylops_distributed.signalprocessing.convolvend import reversed_filter
from pylops_distributed.utils.dottest import dottest as run_dottest
from pylops_distributed.vectors.namespace import of_one_kind
from pylops_distributed.vectors.space import BlockVector, Vector, one_array
from pylops_distributed.vectors.types import ChunksLike, NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator

__all__ = ["PrestackInversion", "PrestackLinearModelling", "PrestackWaveletModelling"]


def PrestackLinearModelling(
    wav: ArrayLike,
    theta: ArrayLike,
    vsvp: float | ArrayLike = 0.5,
    nt0: int = 1,
    spatdims: int | Iterable[int] | None = None,
    linearization: Linearization | Callable[..., Iterable[NDArray]] = "akirich",
    explicit: bool = False,
    kind: Literal["centered", "forward"] = "centered",
    name: str | None = None,
    *,
    chunks: ChunksLike = None,
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
        Wavelet, of shape ``(nwav,)`` with an odd number of samples, its centre at time zero.
    theta : array_like
        Angles of incidence in degrees, of shape ``(ntheta,)``; their dtype is that of the operator.
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

    References
    ----------
    .. [1] Hampson, D. P., B. H. Russell, and B. Bankhead, 2005, Simultaneous inversion of pre-stack seismic data: SEG
       Technical Program Expanded Abstracts, 1633-1637.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.avo.prestack import PrestackLinearModelling
    >>> modelling = PrestackLinearModelling(np.hanning(5), np.arange(0.0, 20, 5), nt0=20, spatdims=8)
    >>> (modelling @ da.ones((20, 3, 8), chunks=(20, 3, 4))).chunks
    ((20,), (4,), (4, 4))
    """
    forward, backward, G = _kernels(wav, theta, vsvp, nt0, linearization, kind)
    nt, nangles, nparameters = G.shape
    options: dict[str, Any] = {"dtype": G.dtype, "chunks": chunks, "compute": compute, "name": name}
    if explicit:
        return MatrixMult(_matrix(forward, nt, nparameters, G.dtype), spatdims, **options)
    space = () if spatdims is None else shape_of(spatdims)
    op = BlockwiseOperator(
        WholeAxisRule(forward, (0, 1), {1: nangles}), WholeAxisRule(backward, (0, 1), {1: nparameters}),
        (nt, nparameters, *space), (nt, nangles, *space), **options,
    )  # fmt: skip
    op.narrow = (True, True)
    return op


def _kernels(
    wav: ArrayLike,
    theta: ArrayLike,
    vsvp: float | ArrayLike,
    nt0: int,
    linearization: Linearization | Callable[..., Iterable[NDArray]],
    kind: Literal["centered", "forward"],
) -> tuple[Callable[[Array], Array], Callable[[Array], Array], Array]:
    """Functions of blocks of whole gathers, forward and adjoint, and the coefficients in them."""
    if kind not in ("centered", "forward"):
        raise NotImplementedError(f"kind must be centered or forward, got {kind!r}")
    dtype = np.asarray(theta).dtype
    h = np.asarray(wav, dtype)
    G = coefficients(theta, vsvp, nt0, linearization_of(linearization)).astype(dtype)
    derive = partial(apply_sum, terms=(first_difference(0, 1.0, kind),), dtype=dtype)
    filtered = partial(convolve, h=h, axis=0, start=h.size // 2)
    reverse = partial(filtered, h=reversed_filter(h), start=h.size - 1 - h.size // 2)
    back = partial(_weigh, G=np.ascontiguousarray(G.swapaxes(1, 2)))
    forward = partial(chain, kernels=(derive, partial(_weigh, G=G), filtered))
    return forward, partial(chain, kernels=(reverse, back, partial(derive, adjoint=True))), G


def PrestackWaveletModelling(
    m: ArrayLike,
    theta: ArrayLike,
    nwav: int,
    wavc: int | None = None,
    vsvp: float | ArrayLike = 0.5,
    linearization: Linearization | Callable[..., Iterable[NDArray]] = "akirich",
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
        Angles of incidence in degrees, of shape ``(ntheta,)``.
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

    References
    ----------
    .. [1] Hampson, D. P., B. H. Russell, and B. Bankhead, 2005, Simultaneous inversion of pre-stack seismic data: SEG
       Technical Program Expanded Abstracts, 1633-1637.

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
    op = MatrixMult(matrices.reshape(-1, nwav), dtype=dtype, name=name, compute=compute)
    op.narrow = (True, True)
    return op


def PrestackInversion(
    data: ArrayLike,
    theta: ArrayLike,
    wav: ArrayLike | Sequence[ArrayLike],
    m0: ArrayLike | None = None,
    linearization: Linearization | Sequence[Linearization] = "akirich",
    explicit: bool = False,
    simultaneous: bool = False,
    epsI: float | Sequence[float] | None = None,
    epsR: float | None = None,
    dottest: bool = False,
    returnres: bool = False,
    epsRL1: float | None = None,
    kind: Literal["centered", "forward"] = "centered",
    vsvp: float | ArrayLike = 0.5,
    **kwargs_solver: object,
) -> Any:
    r"""Logarithms of elastic parameters from pre-stack gathers, by least squares.

    Minimises :math:`\sum_k \|\mathbf d_k - \mathbf G_k \mathbf m\|_2^2` with the operators :math:`\mathbf G_k` of
    :class:`PrestackLinearModelling` for each linearization, and with the terms and solvers of
    :func:`~pylops_distributed.avo.poststack.PoststackInversion`: roughness is measured along time and the line of
    a section, and along the lines of a volume, of each parameter; blockiness along time. Several linearizations, of
    P and converted waves say, are explained by one model.

    Parameters
    ----------
    data : array
        Gathers, of shape ``(nt0, ntheta)``, ``(nt0, ntheta, nx)`` or ``(nt0, ntheta, nx, ny)``; with a list of
        linearizations, an axis for these before. NumPy, Dask and Zarr arrays.
    theta : array_like
        Angles of incidence in degrees, of shape ``(ntheta,)``; their dtype is that of the operator.
    wav : array_like or list of array_like
        Wavelet, of shape ``(nwav,)``, or one for each linearization.
    m0 : array, optional
        Background, of shape ``(nt0, nparameters, ...)``; the inversion adds its update to it; with ``epsR``, it starts
        there.
    linearization : {"akirich", "fatti", "ps"} or list of these, optional
        Linearization of the reflection coefficient.
    explicit : bool, optional
        Solve with the matrix of a gather, which all gathers share; not with ``epsR``.
    simultaneous : bool, optional
        Let LSQR solve for all gathers at once where ``explicit`` would solve each directly.
    epsI : float or list of float, optional
        With ``explicit``, number added to the diagonal of the normal equations; with ``epsR``, weight of the norm of
        the model. One, or one for each parameter, which PyLops takes with ``epsR`` only.
    epsR, epsRL1 : float, optional
        Weights of roughness and blockiness.
    dottest : bool, optional
        Test the operator first, which evaluates it.
    returnres : bool, optional
        Return what the model does not explain too.
    kind : {"centered", "forward"}, optional
        Kind of the derivative.
    vsvp : float or array_like, optional
        Ratio of S-wave to P-wave velocity, one or of shape ``(nt0,)``.
    **kwargs_solver
        As of :func:`~pylops_distributed.avo.poststack.PoststackInversion`.

    Returns
    -------
    minv : dask.array.Array
        Model, of shape ``(nt0, nparameters, ...)``.
    datar : dask.array.Array
        Data less what it explains, if ``returnres``.

    Raises
    ------
    NotImplementedError
        If ``kind`` is unknown.
    ValueError
        If axes of ``m0`` are not those of ``data``, or there is not one ``epsI`` for each parameter.

    See Also
    --------
    pylops.avo.prestack.PrestackInversion : the local driver, which uses ``kind`` for a single linearization
        only.

    References
    ----------
    .. [1] Hampson, D. P., B. H. Russell, and B. Bankhead, 2005, Simultaneous inversion of pre-stack seismic data:
       SEG Technical Program Expanded Abstracts, 1633-1637.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.avo.prestack import PrestackInversion
    >>> gathers = da.ones((20, 4, 6), chunks=(20, 4, 3))
    >>> PrestackInversion(gathers, np.arange(0.0, 20, 5), np.hanning(5), explicit=True).chunks
    ((20,), (3,), (3, 3))
    """
    several = not isinstance(linearization, str)
    kinds: list[Any] = list(linearization) if several else [linearization]
    wavelets: list[Any] = list(wav) if isinstance(wav, list | tuple) else [wav] * len(kinds)
    observed, background = of_one_kind(data, m0)
    d = [rechunk_whole(gathers, (0, 1)) for gathers in (observed if several else [observed])]
    nt, _, *space = d[0].shape
    if background is not None and (background.shape[0], *background.shape[2:]) != (nt, *space):
        raise ValueError(
            f"m0 of shape {background.shape} does not have times and places of data of shape {d[0].shape}"
        )
    build = partial(PrestackLinearModelling, theta=theta, vsvp=vsvp, nt0=nt, kind=kind)
    ops = [build(w, spatdims=space, linearization=lin) for w, lin in zip(wavelets, kinds, strict=True)]
    op = VStack(ops) if len(ops) > 1 else ops[0]
    if dottest:
        run_dottest(op, verb=True)
    y = _stacked(d) if epsR is not None or background is None else _stacked(d) - op.apply(background)
    if epsR is not None:
        sparse = None if epsRL1 is None else weight_of("epsRL1", epsRL1)
        lines = range(2, len(op.dims))
        smooth, blocky = roughness(op.dims, lines, weight_of("epsR", epsR), sparse, op.dtype)
        if epsI is not None:
            weights = weights_of("epsI", epsI, op.dims[1]).astype(op.dtype)
            smooth.append((Diagonal(weights, dims=op.dims, axis=1, dtype=op.dtype), 1.0))
        model = regularized(op, y, background, smooth, blocky, kwargs_solver)
    elif explicit:
        parts = [_kernels(w, theta, vsvp, nt, lin, kind) for w, lin in zip(wavelets, kinds, strict=True)]
        matrix = np.concatenate([_matrix(forward, nt, G.shape[2], G.dtype) for forward, _, G in parts])
        columns: Any = np.concatenate(
            [_columns(a) for a in (y.arrays if isinstance(y, BlockVector) else (y,))]
        )
        solution = by_matrix(matrix, columns, epsI, simultaneous, kwargs_solver, op.dims[1])
        model = solution.reshape(-1, nt, *space).swapaxes(0, 1)
    else:
        model = by_steps(op, y, kwargs_solver)
    if epsR is None and background is not None:
        model = model + background
    if not returnres:
        return model
    rest = [part - one_array(one.apply(model)) for part, one in zip(d, ops, strict=True)]
    return model, np.stack(rest) if several else rest[0]


def _stacked(d: list[da.Array]) -> Vector:
    """The data of all linearizations in the operator's layout."""
    return BlockVector(tuple(d)) if len(d) > 1 else d[0]


def _columns(gathers: da.Array) -> da.Array:
    """Gathers of shape ``(nt, n, ...)`` as the explicit operator takes them: one angle after another."""
    return gathers.swapaxes(0, 1).reshape(-1, *gathers.shape[2:])


def _weigh(block: Array, G: Array) -> Array:
    """Multiply the second axis of a block with one matrix for each time sample."""
    image = G @ block.reshape(*block.shape[:2], -1)
    return np.asarray(image.reshape(*image.shape[:2], *block.shape[2:]))


def _matrix(forward: Callable[[Array], Array], nt: int, nparameters: int, dtype: DTypeLike) -> Array:
    """The matrix of a gather, in PyLops' order: all times of one parameter, or angle, after another."""
    n = nt * nparameters
    model = np.eye(n, dtype=dtype).reshape(nparameters, nt, n).swapaxes(0, 1)
    return forward(np.ascontiguousarray(model)).swapaxes(0, 1).reshape(-1, n)
