"""Multi-dimensional deconvolution."""

from __future__ import annotations

from collections.abc import Callable
from logging import getLogger
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike
from scipy.signal import filtfilt

from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.optimization.basic import cgls
from pylops_distributed.optimization.pylops_api.scipy_engine import call, lsqr
from pylops_distributed.signalprocessing.convolve1d import Convolve1D
from pylops_distributed.utils.dottest import dottest as run_dottest
from pylops_distributed.vectors.namespace import of_one_kind
from pylops_distributed.vectors.space import Space, one_array, zeros
from pylops_distributed.waveeqprocessing.mdc import MDC
from pylops_distributed.waveeqprocessing.spectra import kernel_of

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.signalprocessing.fourier import Engine

logger = getLogger(__name__)

__all__ = ["MDC", "MDD"]


def MDD(
    G: object,
    d: object,
    dt: float = 0.004,
    dr: float = 1.0,
    nfmax: int | None = None,
    wav: ArrayLike | None = None,
    twosided: bool = True,
    causality_precond: bool = False,
    adjoint: bool = False,
    psf: bool = False,
    dottest: bool = False,
    saveGt: bool = True,
    add_negative: bool = True,
    smooth_precond: int = 0,
    fftengine: Engine = "numpy",
    *,
    solver: Callable[..., object] = lsqr,
    **kwargs_solver: object,
) -> object:
    r"""Undo a multi-dimensional convolution by least squares.

    Finds the model :math:`\mathbf m` that minimises :math:`\|\mathbf d - \mathbf D \mathbf m\|^2`, with
    :math:`\mathbf D` the operator :class:`MDC` of the kernel's spectrum. Solving evaluates; everything before
    and after it is lazy.

    Parameters
    ----------
    G : array
        Kernel in time, of shape ``(ns, nr, nt)``, or ``(ns, nr, 2 * nt - 1)`` with negative times first where
        ``add_negative`` is false. NumPy, Dask and Zarr arrays.
    d : array
        Data in time, of shape ``(ns, nt)`` or ``(ns, nv, nt)``, with the times that the kernel has.
    dt, dr : float, optional
        Sampling of time and of receivers.
    nfmax : int, optional
        Number of frequencies to use; default all.
    wav : array_like, optional
        Wavelet, of shape ``(nwav,)``, centred, to convolve the results with.
    twosided : bool, optional
        The model has negative and positive times.
    causality_precond : bool, optional
        Let the model be zero at negative times; not the point-spread function.
    adjoint : bool, optional
        Return the adjoint model too.
    psf : bool, optional
        Invert for the point-spread function too.
    dottest : bool, optional
        Test the operators first, which evaluates them.
    saveGt : bool, optional
        Taken for compatibility.
    add_negative : bool, optional
        Kernel and data have positive times only, and get zeros at negative ones.
    smooth_precond : int, optional
        Length of a filter that smooths the edge of the causal model.
    fftengine : {"numpy", "scipy", "fftw", "mkl_fft"}, optional
        Library that transforms.
    solver : callable, optional
        Solver ``solver(Op, d, **kwargs_solver)`` whose first result is the model, by default
        :func:`~pylops_distributed.optimization.pylops_api.scipy_engine.lsqr`, and with ``callback`` CGLS. Solvers of
        SciPy and
        PyLops are called with a local operator and NumPy data.
    **kwargs_solver
        Its keyword arguments.

    Returns
    -------
    minv : dask.array.Array
        Model, of shape ``(nr, nt)`` or ``(nr, nv, nt)``, with ``2 * nt - 1`` times for ``twosided``.
    madj : dask.array.Array
        Adjoint model, if ``adjoint``.
    psfinv, psfadj : dask.array.Array
        The same for the kernel in the place of the data, if ``psf``.

    See Also
    --------
    pylops.waveeqprocessing.MDD : the local driver.

    References
    ----------
    .. [1] Wapenaar, K., et al., 2011, Seismic interferometry by crosscorrelation and by multidimensional
       deconvolution: a systematic comparison: Geophysical Journal International, 185, 1335-1364,
       doi:10.1111/j.1365-246X.2011.05007.x.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.waveeqprocessing.mdd import MDD
    >>> kernel, data = da.ones((4, 3, 8), chunks=(2, 3, 8)), da.ones((4, 8))
    >>> MDD(kernel, data, nfmax=8, niter=2).shape
    (3, 15)
    """
    if solver is lsqr and "callback" in kwargs_solver:  # as in PyLops: SciPy's LSQR calls nobody back
        solver = cgls
    kernel, data = of_one_kind(G, d)
    nt = kernel.shape[2]
    nt2 = 2 * nt - 1 if twosided and add_negative else nt
    zero = (nt2 - 1) // 2 if twosided else 0  # samples of negative time
    most = -(-(nt2 + 1) // 2) if twosided else nt
    if nfmax is None or nfmax > most:
        logger.warning("nfmax is set to %d", most)
        nfmax = most
    spectra = kernel_of(kernel, nt2, min(nfmax, nt2 // 2 + 1))
    settings: dict[str, Any] = {"dt": dt, "dr": dr, "twosided": twosided, "fftengine": fftengine}

    def solve(data: da.Array, causal: bool) -> tuple[da.Array, da.Array]:
        """Model, zero at negative times or not, and adjoint model of data with time last."""
        Op = MDC(spectra, nt2, nv=data.shape[1], **settings)
        if dottest:
            run_dottest(Op, verb=True)
        padded: Any = _padded(data, nt2)
        y = np.moveaxis(padded, 2, 0)
        P = _causal(Op, zero, smooth_precond) if causal else None
        model: Any = call(solver, Op if P is None else Op @ P, y, kwargs_solver)
        model = model.reshape(Op.dims)
        return _convolved(np.moveaxis(model if P is None else P @ model, 0, 2), wav), np.moveaxis(
            Op.H @ y, 0, 2
        )

    results = solve(data if data.ndim == 3 else data[:, None], twosided and causality_precond)
    solutions = [
        results[i] if data.ndim == 3 and data.shape[1] > 1 else results[i][:, 0] for i in range(1 + adjoint)
    ]
    if psf:
        solutions += solve(kernel, False)[: 1 + adjoint]  # as in PyLops
    return solutions[0] if len(solutions) == 1 else tuple(solutions)


def _padded(data: da.Array, nt: int) -> da.Array:
    """Data with zeros before, up to ``nt`` samples."""
    n = nt - data.shape[2]
    if not n:
        return data
    before: Any = zeros(Space((*data.shape[:2], n), data.dtype), like=data)
    padded: Any = np.concatenate([before, data], axis=2)
    return one_array(padded)


def _causal(Op: LinearOperator, zero: int, smooth: int) -> Diagonal:
    """Zero at negative times, smoothly if so wanted."""
    mask = np.ones(Op.dims[0])
    mask[:zero] = 0
    if smooth > 0:
        mask = filtfilt(np.ones(smooth) / smooth, 1, mask)
    return Diagonal(mask.astype(Op.dtype), dims=Op.dims, axis=0, dtype=Op.dtype)


def _convolved(model: da.Array, wav: ArrayLike | None) -> da.Array:
    if wav is None:
        return model
    h, n = np.asarray(wav), model.shape[-1]
    padded = _padded(model, max(n, h.size))  # a wavelet may be longer than the model
    convolution = Convolve1D(padded.shape, h, (h.size - 1) // 2, axis=-1, dtype=model.dtype)
    result: Any = convolution.apply(padded)
    return one_array(result[..., padded.shape[-1] - n :])
