"""Linear post-stack modelling of seismic traces."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from pylops.utils.signalprocessing import nonstationary_convmtx

from pylops_distributed.basicoperators.firstderivative import first_difference
from pylops_distributed.lift import Array, Lift, Whole, chain
from pylops_distributed.lift.arguments import one_of, shape_of
from pylops_distributed.lift.differences import apply_sum
from pylops_distributed.signalprocessing.convolve1d import convolve


class PoststackLinearModelling(Lift):
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
        chunks: Any = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        self.wav, self.nt0 = np.asarray(wav), int(nt0)
        self.kind, self.sparse = one_of("kind", kind, ("centered", "forward")), sparse
        _check(self.wav, self.nt0)
        forward, adjoint = self._by_matrix() if explicit or self.wav.ndim == 2 else self._by_steps()
        dims = (self.nt0, *(() if spatdims is None else shape_of(spatdims)))
        super().__init__(
            forward, adjoint, dims, dtype=self.wav.dtype, chunks=chunks, compute=compute, name=name
        )

    def _derive(self) -> Any:
        terms = (first_difference(0, 1.0, self.kind),)
        return partial(apply_sum, terms=terms, dtype=self.wav.dtype)

    def _by_steps(self) -> tuple[Whole, Whole]:
        """Kernels that differentiate and convolve."""
        wavelet = partial(convolve, h=self.wav, axis=0, start=self.wav.size // 2)
        reverse = partial(wavelet, h=self.wav[::-1].conj().copy())
        derive = self._derive()
        adjoint = (reverse, partial(derive, adjoint=True))
        return (
            Whole(partial(chain, kernels=(derive, wavelet)), (0,)),
            Whole(partial(chain, kernels=adjoint), (0,)),
        )

    def _by_matrix(self) -> tuple[Whole, Whole]:
        """Kernels that multiply with the matrix of one trace."""
        matrix = self._derive()(np.eye(self.nt0, dtype=self.wav.dtype))
        half = self.wav.shape[-1] // 2
        if self.wav.ndim == 1:
            matrix = convolve(matrix, self.wav, axis=0, start=half, method="direct")
        else:
            matrix = nonstationary_convmtx(self.wav, self.nt0, hc=half, pad=(self.nt0, self.nt0)) @ matrix
        shared = {"matrix": sp.csr_array(matrix) if self.sparse else matrix}
        return (
            Whole(multiply, (0,), shared=shared),
            Whole(partial(multiply, adjoint=True), (0,), shared=shared),
        )


def multiply(block: Array, matrix: Any, adjoint: bool = False) -> Array:
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
            f"the wavelet has {wav.shape[-1]} samples, more than the {nt0} of the traces: cut it"
        )
