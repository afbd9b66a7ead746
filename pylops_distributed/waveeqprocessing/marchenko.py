"""Marchenko redatuming."""

from __future__ import annotations

from collections.abc import Callable
from logging import getLogger
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from pylops.waveeqprocessing.marchenko import directwave
from scipy.signal import filtfilt

from pylops_distributed.basicoperators.block import Block
from pylops_distributed.basicoperators.blockdiag import BlockDiag
from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.basicoperators.roll import Roll
from pylops_distributed.linearoperator.held_arrays import as_held
from pylops_distributed.optimization.numerics.systems import vector_of
from pylops_distributed.optimization.pylops_api.scipy_engine import call, lsqr
from pylops_distributed.utils.dottest import dottest as run_dottest
from pylops_distributed.vectors.joint import parts
from pylops_distributed.vectors.space import BlockVector, arrays_of, one_array
from pylops_distributed.vectors.types import Settings
from pylops_distributed.waveeqprocessing.mdc import MDC
from pylops_distributed.waveeqprocessing.spectra import kernel_of

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.signalprocessing.fourier import Engine

logger = getLogger(__name__)


class Marchenko:
    r"""Green's functions from points in the subsurface to the surface, from reflections at the surface.

    Solves, for the focusing functions :math:`\mathbf f^\pm` of given direct arrivals :math:`\mathbf f_d^+`,

    .. math::
        \begin{bmatrix} \Theta \mathbf R \mathbf f_d^+ \\ \mathbf 0 \end{bmatrix} =
        \left( \mathbf I - \begin{bmatrix} \mathbf 0 & \Theta \mathbf R \\ \Theta \mathbf R^* & \mathbf 0
        \end{bmatrix} \right) \begin{bmatrix} \mathbf f^- \\ \mathbf f_m^+ \end{bmatrix}

    where :math:`\mathbf R` is the multi-dimensional convolution with the reflection response and :math:`\Theta`
    a window before the direct arrival; Green's functions follow by one more application of :math:`\mathbf R`.

    Parameters
    ----------
    R : array
        Reflection response: in time, real, of shape ``(ns, nr, nt)``, or its spectrum with negative times
        added, complex, of shape ``(ns, nr, nfmax)``. NumPy, Dask and Zarr arrays.
    dt : float, optional
        Time sampling.
    nt : int, optional
        Number of time samples; needed where ``R`` is a spectrum.
    dr : float, optional
        Receiver sampling.
    nfmax : int, optional
        Number of frequencies to use; default all.
    wav : array_like, optional
        Wavelet, of shape ``(nwav,)``, of direct arrivals that are not given.
    toff : float, optional
        Time before the direct arrival at which the window ends.
    nsmooth : int, optional
        Length of a filter that smooths the window.
    saveRt : bool, optional
        Taken for compatibility.
    prescaled : bool, optional
        The spectrum includes the factor of :class:`MDC` already.
    fftengine : {"numpy", "scipy", "fftw", "mkl_fft"}, optional
        Library that transforms.
    dtype : dtype, optional
        Type of the results.
    kwargs_fft : dict, optional
        Keyword arguments of the library's functions.

    Attributes
    ----------
    ns, nr, nt, nt2 : int
        Numbers of sources, of receivers, and of time samples without and with negative times.
    Rtwosided_fft : dask.array.Array
        The spectrum, of shape ``(nfmax, ns, nr)``.

    Raises
    ------
    ValueError
        If ``R`` is a spectrum and ``nt`` is not given.

    See Also
    --------
    pylops.waveeqprocessing.Marchenko : the local driver.

    References
    ----------
    .. [1] van der Neut, J., I. Vasconcelos, and K. Wapenaar, 2015, On Green's function retrieval by iterative
       substitution of the coupled Marchenko equations: Geophysical Journal International, 203, 792-813,
       doi:10.1093/gji/ggv330.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.waveeqprocessing.marchenko import Marchenko
    >>> R = 0.01 * da.ones((3, 3, 16), chunks=(1, 3, 16))
    >>> marchenko = Marchenko(R, dr=10.0, nfmax=16)
    >>> minus, plus = marchenko.apply_onepoint(np.full(3, 0.02), G0=np.ones((3, 16)), niter=2)
    >>> minus.shape
    (3, 31)
    """

    def __init__(
        self,
        R: object,
        dt: float = 0.004,
        nt: int | None = None,
        dr: float = 1.0,
        nfmax: int | None = None,
        wav: ArrayLike | None = None,
        toff: float = 0.0,
        nsmooth: int = 10,
        saveRt: bool = True,
        prescaled: bool = False,
        fftengine: Engine = "numpy",
        dtype: DTypeLike = "float64",
        kwargs_fft: Settings | None = None,
    ) -> None:
        response: Any = as_held(R)
        self.dt, self.dr, self.toff, self.nsmooth = dt, dr, toff, nsmooth
        self.wav = None if wav is None else np.asarray(wav)
        self.prescaled, self.fftengine, self.dtype = prescaled, fftengine, np.dtype(dtype)
        self.kwargs_fft = kwargs_fft or {}
        spectrum = response.dtype.kind == "c"
        if spectrum and nt is None:
            raise ValueError("nt must be given where R is a spectrum")
        self.ns, self.nr, samples = response.shape
        self.nt = int(nt) if spectrum and nt is not None else samples
        self.nt2 = 2 * self.nt - 1
        self.t = np.arange(self.nt) * dt
        asked = samples if spectrum else nfmax
        if asked is None or asked > self.nt:
            logger.warning("nfmax is set to %d", self.nt)
            asked = self.nt
        self.nfmax = asked
        if spectrum:
            self.Rtwosided_fft = np.moveaxis(response, 2, 0)[: self.nfmax]
        else:
            self.Rtwosided_fft = kernel_of(response, self.nt2, self.nfmax) / self.dtype.type(self.nt2**0.5)

    def apply_onepoint(
        self,
        trav: ArrayLike,
        G0: ArrayLike | None = None,
        nfft: int | None = None,
        rtm: bool = False,
        greens: bool = False,
        dottest: bool = False,
        usematmul: bool = False,
        *,
        solver: Callable[..., object] = lsqr,
        **kwargs_solver: Any,
    ) -> tuple[da.Array, ...]:
        """Focusing and Green's functions of one point.

        Parameters
        ----------
        trav : array_like
            Times of the direct arrival from the point to the receivers, of shape ``(nr,)``.
        G0 : array_like, optional
            Direct arrival, of shape ``(nr, nt)``; without, it is modelled with ``wav``.
        nfft : int, optional
            Number of samples of the Fourier transform to model it with.
        rtm : bool, optional
            Return the standard redatuming too.
        greens : bool, optional
            Return Green's functions too.
        dottest : bool, optional
            Test the operators first, which evaluates them.
        usematmul : bool, optional
            Taken for compatibility.
        solver : callable, optional
            Solver ``solver(Op, d, **kwargs_solver)`` whose first result is the model, by default
            :func:`~pylops_distributed.optimization.pylops_api.scipy_engine.lsqr`. Solvers of SciPy and PyLops are
            called with
            a local operator and NumPy data.
        **kwargs_solver
            Its keyword arguments.

        Returns
        -------
        tuple of dask.array.Array
            Focusing functions ``f1_minus`` and ``f1_plus``, ``p0_minus`` if ``rtm``, and Green's functions
            ``g_minus`` and ``g_plus`` if ``greens``, each of shape ``(nr, 2 * nt - 1)``.

        Raises
        ------
        ValueError
            If there is neither ``G0`` nor ``wav`` and ``nfft``.
        """
        direct = None if G0 is None else np.asarray(G0)[:, None]
        results = self.apply_multiplepoints(
            np.asarray(trav)[:, None], direct, nfft, rtm, greens, dottest, solver=solver, **kwargs_solver
        )
        return tuple(r[:, 0] for r in results)

    def apply_multiplepoints(
        self,
        trav: ArrayLike,
        G0: ArrayLike | None = None,
        nfft: int | None = None,
        rtm: bool = False,
        greens: bool = False,
        dottest: bool = False,
        usematmul: bool = False,
        *,
        solver: Callable[..., object] = lsqr,
        **kwargs_solver: object,
    ) -> tuple[da.Array, ...]:
        """Focusing and Green's functions of several points at once.

        Parameters
        ----------
        trav : array_like
            Times of the direct arrivals, of shape ``(nr, npoints)``.
        G0 : array_like, optional
            Direct arrivals, of shape ``(nr, npoints, nt)``; without, they are modelled with ``wav``.
        nfft, rtm, greens, dottest, usematmul, solver, **kwargs_solver : optional
            As of :meth:`apply_onepoint`.

        Returns
        -------
        tuple of dask.array.Array
            As of :meth:`apply_onepoint`, each of shape ``(nr, npoints, 2 * nt - 1)``.

        Raises
        ------
        ValueError
            If there is neither ``G0`` nor ``wav`` and ``nfft``.
        """
        M, d, G, focus, redatumed = self.system(trav, G0, nfft)
        if dottest:
            for op in (G, M):
                run_dottest(op, verb=True)
        model: Any = vector_of(call(solver, M, d, kwargs_solver), M.domain)
        total = BlockVector((model.arrays[0], model.arrays[1] + focus))
        results: list[Any] = list(total.arrays)
        if rtm:
            results.append(redatumed)
        if greens:
            minus, plus = arrays_of(G.apply(total))
            results += [-minus, plus[::-1]]
        return tuple(np.moveaxis(r, 0, 2) for r in results)

    def system(
        self, trav: ArrayLike, G0: ArrayLike | None = None, nfft: int | None = None
    ) -> tuple[LinearOperator, BlockVector, LinearOperator, da.Array, da.Array]:
        """The system for focusing functions of several points; lazy.

        Parameters
        ----------
        trav, G0, nfft
            As of :meth:`apply_multiplepoints`.

        Returns
        -------
        M : LinearOperator
            From up-going focusing function and coda of the down-going one to the data, each of shape
            ``(2 * nt - 1, nr, npoints)``.
        d : Blocks
            Data, of these shapes.
        G : LinearOperator
            From both focusing functions to Green's functions, of which the first comes with the sign changed and
            the second reversed in time.
        focus : dask.array.Array
            Direct part of the down-going focusing function, of the same shape.
        redatumed : dask.array.Array
            Its response, of the same shape: standard redatuming.
        """
        times = np.asarray(trav)
        direct = self._direct(times, G0, nfft)
        R, M, G = self._operators(times)
        focus: Any = direct
        if R.holds_dask:
            focus = da.from_array(direct, chunks=parts(R.domain)[0].chunks or "auto")
        redatumed = one_array(R.apply(focus))
        nothing: Any = np.zeros_like(redatumed)
        d = BlockVector((one_array(self._window(times).apply(redatumed)), nothing))
        return M, d, G, focus, redatumed

    def _operators(self, times: Array) -> tuple[LinearOperator, LinearOperator, LinearOperator]:
        """Convolution with the response, the operator to invert, and that to Green's functions."""
        n = times.shape[1]
        settings: dict[str, Any] = {
            "dt": self.dt, "dr": self.dr, "prescaled": self.prescaled, "fftengine": self.fftengine,
            **self.kwargs_fft,
        }  # fmt: skip
        R, R1 = (MDC(self.Rtwosided_fft, self.nt2, n, conj=c, **settings) for c in (False, True))
        W = self._window(times)
        reverse = Roll((self.nt2, self.ns, n), axis=0, shift=-1, dtype=self.dtype) @ R1
        one = Identity((self.nt2, self.nr, n), dtype=self.dtype)
        M = Block([[one, -1 * (W @ R)], [-1 * (W @ reverse), one]], dtype=self.dtype)
        G = Block([[one, -1 * R], [-1 * reverse, one]], dtype=self.dtype)
        return R, M @ BlockDiag([W, W], dtype=self.dtype), G

    def _window(self, times: Array) -> Diagonal:
        """One between the direct arrival and its mirror image in negative time."""
        last = np.round((times - self.toff) / self.dt).astype(int)
        w = (np.arange(self.nt) < last[..., None]).astype(self.dtype)
        w = np.concatenate((np.flip(w, axis=-1), w[..., 1:]), axis=-1)
        if self.nsmooth > 0:
            w = filtfilt(np.ones(self.nsmooth, self.dtype) / self.nsmooth, 1, w)
        return Diagonal(np.ascontiguousarray(np.moveaxis(w, -1, 0), self.dtype), dtype=self.dtype)

    def _direct(self, times: Array, G0: ArrayLike | None, nfft: int | None) -> Array:
        """Direct arrivals reversed in time, in negative time, of shape (nt2, nr, npoints)."""
        if G0 is None:
            if self.wav is None or nfft is None:
                raise ValueError("either G0, or wav and nfft to model it with, must be given")
            waves = [directwave(self.wav, t, self.nt, self.dt, nfft=nfft, derivative=True) for t in times.T]
            arrivals = np.stack(waves, axis=-1)
        else:
            arrivals = np.moveaxis(np.asarray(G0), -1, 0)
        zeros = np.zeros((self.nt - 1, *times.shape))
        return np.concatenate((arrivals[::-1], zeros)).astype(self.dtype)
