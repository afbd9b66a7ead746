"""Linear post-stack modelling of seismic traces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal

import dask.array as da
import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from pylops.utils.signalprocessing import nonstationary_convmtx

from pylops_distributed.avo.inversion import by_matrix, by_steps, regularized, roughness, weight_of
from pylops_distributed.basicoperators.firstderivative import first_difference
from pylops_distributed.blockwise import Array, BlockwiseOperator, WholeAxisRule, chain
from pylops_distributed.blockwise.arguments import one_of, shape_of
from pylops_distributed.blockwise.finite_differences import apply_sum
from pylops_distributed.blockwise.rechunk import rechunk_whole
from pylops_distributed.signalprocessing.convolve1d import convolve
from pylops_distributed.signalprocessing.convolvend import held_filter, reversed_filter
from pylops_distributed.utils.dottest import dottest as run_dottest
from pylops_distributed.vectors.namespace import of_one_kind
from pylops_distributed.vectors.types import ChunksLike, NDArray

__all__ = ["PoststackInversion", "PoststackLinearModelling"]


class PoststackLinearModelling(BlockwiseOperator):
    r"""Band-limited post-stack traces from the logarithm of an elastic parameter, chunk by chunk.

    With the convolution :math:`\mathbf{W}` with the wavelet and the time derivative :math:`\mathbf{D}` per
    sample, both along the first axis, forward and adjoint are

    .. math::
        \mathbf{d} = \mathbf{W}\mathbf{D}\,\ln\mathbf{m}, \qquad
        \ln\mathbf{m} = \mathbf{D}^T\mathbf{W}^H\,\mathbf{d}

    For the logarithm of acoustic impedance, a wavelet scaled by one half makes :math:`\mathbf{d}` the
    amplitudes at zero offset [1]_. Traces do not mix: chunks need no neighbours.

    Parameters
    ----------
    wav : array_like
        Wavelet, of shape ``(nwav,)`` with an odd number of samples, its centre at time zero; or one wavelet
        for each time sample, of shape ``(nt0, nwav)``. Its dtype is that of the operator.
    nt0 : int
        Number of time samples; time is in one chunk, and is rechunked so if it is not.
    spatdims : int or tuple of int, optional
        Number of traces along each line direction; without, there is one trace.
    explicit : bool, optional
        Hold the operator as a matrix of shape ``(nt0, nt0)`` and multiply each chunk of traces with it.
    sparse : bool, optional
        Hold that matrix sparse.
    kind : {"centered", "forward"}, optional
        Kind of the derivative.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If the wavelet has no odd number of samples or more than ``nt0``, there is not one for each of
        ``nt0`` samples, or ``kind`` is unknown.

    See Also
    --------
    pylops.avo.poststack.PoststackLinearModelling : the local operator.

    References
    ----------
    .. [1] Russell, B. H., 1988, Introduction to seismic inversion methods: Society of Exploration
       Geophysicists.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.avo.poststack import PoststackLinearModelling
    >>> modelling = PoststackLinearModelling(np.hanning(5), nt0=20, spatdims=8)
    >>> (modelling @ da.ones((20, 8), chunks=(20, 4))).chunks
    ((20,), (4, 4))
    """

    def __init__(
        self,
        wav: ArrayLike,
        nt0: int,
        spatdims: int | Iterable[int] | None = None,
        explicit: bool = False,
        sparse: bool = False,
        kind: Literal["centered", "forward"] = "centered",
        name: str | None = None,
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.wav, self.nt0 = held_filter(wav), int(nt0)
        self.kind, self.sparse = one_of("kind", kind, ("centered", "forward")), sparse
        _check(self.wav, self.nt0)
        steps = not explicit and self.wav.ndim == 1
        forward, adjoint = self._by_steps() if steps else self._by_matrix()
        self.narrow = (not explicit, not explicit)
        dims = (self.nt0, *(() if spatdims is None else shape_of(spatdims)))
        super().__init__(
            forward, adjoint, dims, dtype=self.wav.dtype, chunks=chunks, compute=compute, name=name
        )

    def _derive(self) -> partial[NDArray]:
        terms = (first_difference(0, 1.0, self.kind),)
        return partial(apply_sum, terms=terms, dtype=self.wav.dtype)

    def _by_steps(self) -> tuple[WholeAxisRule, WholeAxisRule]:
        """Kernels that differentiate and convolve."""
        wavelet = partial(convolve, h=self.wav, axis=0, start=self.wav.size // 2)
        reverse = partial(wavelet, h=reversed_filter(self.wav))
        derive = self._derive()
        adjoint = (reverse, partial(derive, adjoint=True))
        return (
            WholeAxisRule(partial(chain, kernels=(derive, wavelet)), (0,)),
            WholeAxisRule(partial(chain, kernels=adjoint), (0,)),
        )

    def matrix(self) -> Array:
        """The matrix of one trace, of shape ``(nt0, nt0)``."""
        matrix = self._derive()(np.eye(self.nt0, dtype=self.wav.dtype))
        half = self.wav.shape[-1] // 2
        if self.wav.ndim == 1:
            return convolve(matrix, self.wav, axis=0, start=half, method="direct")
        wavelets = nonstationary_convmtx(self.wav, self.nt0, hc=half, pad=(self.nt0, self.nt0))
        return np.asarray(wavelets @ matrix)

    def _by_matrix(self) -> tuple[WholeAxisRule, WholeAxisRule]:
        """Kernels that multiply with the matrix of one trace."""
        matrix = self.matrix()
        shared = {"matrix": sp.csr_array(matrix) if self.sparse else matrix}
        return (
            WholeAxisRule(multiply, (0,), shared=shared),
            WholeAxisRule(partial(multiply, adjoint=True), (0,), shared=shared),
        )


def PoststackInversion(
    data: object,
    wav: ArrayLike,
    m0: object = None,
    explicit: bool = False,
    simultaneous: bool = False,
    epsI: float | None = None,
    epsR: float | Sequence[float] | None = None,
    dottest: bool = False,
    epsRL1: float | Sequence[float] | None = None,
    **kwargs_solver: object,
) -> tuple[da.Array, da.Array]:
    r"""Logarithm of an elastic parameter from post-stack traces, by least squares.

    With the operator :math:`\mathbf G` of :class:`PoststackLinearModelling`, finds

    .. math::
        \min_{\mathbf m} \|\mathbf d - \mathbf G \mathbf m\|_2^2
        + \epsilon_R^2 \|\nabla^2 \mathbf m\|_2^2
        + \epsilon_{R1} \|\partial_t \mathbf m\|_1

    where the Laplacian runs along both axes of a section and along the lines of a volume; the last two terms exist
    only with their weights. Solvers that iterate evaluate; traces solved one by one stay lazy, chunk by chunk.

    Parameters
    ----------
    data : array
        Amplitudes, of shape ``(nt0,)``, ``(nt0, nx)`` or ``(nt0, nx, ny)``. NumPy, Dask and Zarr arrays.
    wav : array_like
        Wavelet, as :class:`PoststackLinearModelling` takes it.
    m0 : array, optional
        Background, of the shape of ``data``; the inversion adds its update to it; with ``epsR``, it starts there.
    explicit : bool, optional
        Solve with the matrix of a trace, which all traces share.
    simultaneous : bool, optional
        Let LSQR solve for all traces at once where ``explicit`` would solve each directly.
    epsI : float, optional
        Number added to the diagonal of the normal equations, which are then solved; with ``explicit``.
    epsR : float or list of one float, optional
        Weight :math:`\epsilon_R` of roughness.
    dottest : bool, optional
        Test the operator first, which evaluates it.
    epsRL1 : float or list of one float, optional
        Weight :math:`\epsilon_{R1}` of blockiness along time, with ``epsR``, for split Bregman iterations; smooth
        along lines only.
    **kwargs_solver
        Keyword arguments of the solver: :func:`scipy.linalg.lstsq` for traces solved one by one, and else
        :func:`~pylops_distributed.optimization.pylops_api.scipy_engine.lsqr`,
        :func:`~pylops_distributed.optimization.leastsquares.regularized_inversion` or
        :func:`~pylops_distributed.optimization.sparsity.splitbregman`. With ``engine="pylops"`` they are those of
        :func:`~pylops_distributed.optimization.basic.cgls` inside.

    Returns
    -------
    minv, datar : dask.array.Array
        Model, and data less what it explains; both of the shape of ``data``.

    Raises
    ------
    ValueError
        If ``m0`` does not have the shape of ``data``, or the wavelet does not fit.

    See Also
    --------
    pylops.avo.poststack.PoststackInversion : the local driver. With ``explicit``, ``simultaneous`` and
        ``epsI`` it takes the data where the normal equations need their adjoint.

    References
    ----------
    .. [1] Hampson, D. P., B. H. Russell, and B. Bankhead, 2005, Simultaneous inversion of pre-stack seismic data:
       SEG Technical Program Expanded Abstracts, 1633-1637.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.avo.poststack import PoststackInversion
    >>> minv, _ = PoststackInversion(da.ones((20, 6), chunks=(20, 3)), np.hanning(5), explicit=True)
    >>> minv.chunks
    ((20,), (3, 3))
    """
    d, background = of_one_kind(data, m0)
    d = rechunk_whole(d, (0,))
    if background is not None and background.shape != d.shape:
        raise ValueError(f"m0 has shape {background.shape}, data {d.shape}: they must be the same")
    op = PoststackLinearModelling(wav, d.shape[0], d.shape[1:] or None, explicit=explicit)
    if dottest:
        run_dottest(op, verb=True)
    if epsR is not None:
        sparse = None if epsRL1 is None else weight_of("epsRL1", epsRL1)
        lines = range(1, d.ndim)
        smooth, blocky = roughness(d.shape, lines, weight_of("epsR", epsR), sparse, op.dtype, "forward")
        model = regularized(op, d, background, smooth, blocky, kwargs_solver)
        return model, d - op.apply(model)
    rest = d if background is None else d - op.apply(background)
    if explicit:
        model = by_matrix(op.matrix(), rest, epsI, simultaneous, kwargs_solver)
    else:
        model = by_steps(op, rest, kwargs_solver)
    return model if background is None else model + background, rest - op.apply(model)


def multiply(block: Array, matrix: NDArray | sp.csr_array, adjoint: bool = False) -> Array:
    """Multiply all traces of a block, along its first axis, with a dense or sparse matrix or its adjoint."""
    if adjoint:
        matrix = (matrix.conj() if np.iscomplexobj(matrix) else matrix).T
    return np.asarray(matrix @ block.reshape(block.shape[0], -1)).reshape(-1, *block.shape[1:])


def _check(wav: Array, nt0: int) -> None:
    if wav.ndim not in (1, 2) or wav.shape[-1] % 2 == 0:
        raise ValueError(
            f"the wavelet must have an odd number of samples along its last axis, got shape {wav.shape}"
        )
    if wav.ndim == 2 and wav.shape[0] != nt0:
        raise ValueError(
            f"two-dimensional wavelets must be one for each of {nt0} samples, got {wav.shape[0]}"
        )
    if wav.shape[-1] > nt0:
        raise ValueError(
            f"the wavelet has {wav.shape[-1]} samples, more than the {nt0} of the traces: cut it, or correct the "
            "interval of the data"
        )
