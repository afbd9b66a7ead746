"""One-way propagation of wavefields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from pylops.utils.tapers import taper2d, taper3d

from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.basicoperators.pad import Pad
from pylops_distributed.blockwise.arguments import complex_type, one_of, real_type
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.pylops_api.scipy_engine import call, lsqr
from pylops_distributed.signalprocessing.fft import FFT
from pylops_distributed.utils.dottest import dottest as run_dottest
from pylops_distributed.vectors.namespace import of_one_kind
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array
    from pylops_distributed.signalprocessing.fourier import Engine


class PhaseShift(LinearOperator):
    r"""Propagation of a wavefield by some depth, in the frequency-wavenumber domain.

    With the Fourier transforms :math:`\mathbf F` in time and :math:`\mathbf F_k` in space, the forward is

    .. math::
        \mathbf y = \mathbf F^H \mathbf F_k\, \mathrm{diag}(e^{-2\pi i \Delta z\, k_z})\, \mathbf F_k^H \mathbf F
        \,\mathbf x, \qquad k_z = \sqrt{f^2 / v^2 - k_x^2 - k_y^2}

    with evanescent waves decaying in both directions; the adjoint has the conjugate phases. Axes are gathered
    one by one; phases are made where they are needed.

    Parameters
    ----------
    vel : float
        Velocity.
    dz : float
        Depth step.
    nt : int
        Number of time samples.
    freq : array_like
        Frequencies from zero, of shape ``(nt // 2 + 1,)``.
    kx : array_like
        Wavenumbers along the second axis, of shape ``(nkx,)``, from negative to positive.
    ky : array_like, optional
        Wavenumbers along the third axis, of shape ``(nky,)``; without, the model has two.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    fftengine : {"numpy", "scipy", "fftw", "mkl_fft"}, optional
        Library that transforms; see :class:`~pylops_distributed.signalprocessing.FFT`.
    chunks : optional
        Chunks of the model, of shape ``(nt, nkx[, nky])``, as Dask takes them; default those of the array
        that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    **kwargs_fft
        Keyword arguments of the library's functions, such as ``workers``.

    See Also
    --------
    pylops.waveeqprocessing.PhaseShift : the local operator.

    References
    ----------
    .. [1] Gazdag, J., 1978, Wave equation migration with the phase-shift method: Geophysics, 43, 1342-1351,
       doi:10.1190/1.1440899.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.waveeqprocessing.oneway import PhaseShift
    >>> kx = np.fft.fftshift(np.fft.fftfreq(8, 10.0))
    >>> P = PhaseShift(1500.0, 20.0, 16, np.fft.rfftfreq(16, 0.004), kx)
    >>> (P @ da.ones((16, 8), chunks=(16, 4))).dtype
    dtype('float64')
    """

    domain: Space
    narrow = (True, True)

    def __init__(
        self,
        vel: float,
        dz: float,
        nt: int,
        freq: ArrayLike,
        kx: ArrayLike,
        ky: ArrayLike | None = None,
        dtype: DTypeLike = "float64",
        name: str | None = "P",
        fftengine: Engine = "numpy",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
        **kwargs_fft: Any,
    ) -> None:
        self.vel, self.dz = float(vel), float(dz)
        axes = [np.asarray(a, float) for a in (freq, kx, ky) if a is not None]
        space = tuple(k.size for k in axes[1:])
        self.axes, kind = axes, complex_type(dtype)
        self.time = FFT((nt, *space), 0, real=True, engine=fftengine, dtype=dtype, **kwargs_fft)
        if self.time.dimsd[0] != axes[0].size:
            raise ValueError(f"freq must have {self.time.dimsd[0]} samples for nt={nt}, got {axes[0].size}")
        self.spaces = [
            FFT(self.time.dimsd, a, ifftshift_before=True, engine=fftengine, dtype=kind, **kwargs_fft)
            for a in range(1, len(axes))
        ]
        model = Space.of((nt, *space), real_type(dtype), chunks)
        super().__init__(domain=model, codomain=model, dtype=dtype, clinear=False, compute=compute, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        return self._propagate(x, conj=False)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._propagate(y, conj=True)

    def _propagate(self, x: da.Array, conj: bool) -> da.Array:
        y = self.time.apply(x)
        for transform in self.spaces:
            y = transform.apply_adjoint(y)
        y = self._phase(one_array(y), conj)
        for transform in self.spaces[::-1]:
            y = transform.apply(y)
        image = one_array(self.domain.fit(self.time.apply_adjoint(y)))
        return image.astype(self.result_dtype(x.dtype), copy=False)

    def _phase(self, y: da.Array, conj: bool) -> da.Array:
        index = tuple(range(y.ndim))
        axes = [da.from_array(a, chunks=c) for a, c in zip(self.axes, y.chunks, strict=True)]
        pairs = [item for i, a in enumerate(axes) for item in (a, (i,))]
        kernel = partial(_shift, vel=self.vel, dz=self.dz, conj=conj)
        return da.blockwise(
            kernel, index, y, index, *pairs, dtype=y.dtype, meta=np.empty((0,) * y.ndim, y.dtype)
        )


def _shift(y: Array, f: Array, *wavenumbers: Array, vel: float, dz: float, conj: bool) -> Array:
    """Multiply a block with the phases of its frequencies and wavenumbers."""
    square = (f / vel) ** 2
    for k in wavenumbers:
        square = np.subtract.outer(square, k**2)
    kz = np.sqrt(square.astype(y.dtype))
    kz = kz.real - 1j * np.sign(dz) * abs(kz.imag)
    phase = np.exp(-2j * np.pi * dz * kz)
    return np.asarray(y * (phase.conj() if conj else phase), y.dtype)


def Deghosting(
    p: object,
    nt: int,
    nr: int | Sequence[int],
    dt: float,
    dr: float | Sequence[float],
    vel: float,
    zrec: float,
    kind: Literal["p", "vz"] = "p",
    pd: object = None,
    win: object = None,
    npad: int | Sequence[int] = (11, 11),
    ntaper: object = (11, 11),
    restriction: LinearOperator | None = None,
    sptransf: LinearOperator | None = None,
    solver: Callable[..., object] = lsqr,
    dottest: bool = False,
    dtype: DTypeLike = "complex128",
    **kwargs_solver: object,
) -> tuple[da.Array, da.Array]:
    r"""Up- and down-going waves at receivers below the sea surface, from one component.

    With :math:`\mathbf P` the propagation to the surface and back, solves

    .. math::
        \mathbf p - \mathbf p_d = (\mathbf I - \mathbf P)\, \mathbf p^-, \qquad
        \mathbf p^+ = \mathbf p - \mathbf p^-

    with a plus sign for the vertical velocity.

    Parameters
    ----------
    p : array
        Data, of shape ``(nt, nr)`` or ``(nt, nrx, nry)``, or flat if ``restriction`` leaves receivers out. NumPy,
        Dask and Zarr arrays.
    nt : int
        Number of time samples.
    nr : int or tuple of int
        Number of receivers, along each direction.
    dt, dr : float or tuple of float
        Sampling of time and of receivers.
    vel : float
        Velocity between receivers and surface.
    zrec : float
        Depth of the receivers.
    kind : {"p", "vz"}, optional
        Component.
    pd : array, optional
        Direct wave, to be taken from the data.
    win : array, optional
        Window without the direct wave, to multiply the data with, in its place.
    npad : int or tuple of int, optional
        Number of receivers to pad with at each side.
    ntaper : int or tuple of int, optional
        Number of receivers, and of time samples, to taper at each side.
    restriction : LinearOperator, optional
        From all receivers to those of the data.
    sptransf : LinearOperator, optional
        From a sparse representation to the up-going waves.
    solver : callable, optional
        Solver ``solver(Op, d, **kwargs_solver)`` whose first result is the model, by default
        :func:`~pylops_distributed.optimization.pylops_api.scipy_engine.lsqr`. Solvers of SciPy and PyLops are called
        with a
        local operator and NumPy data.
    dottest : bool, optional
        Test the operator first, which evaluates it.
    dtype : dtype, optional
        Type of the operator.
    **kwargs_solver
        Keyword arguments of the solver.

    Returns
    -------
    pup, pdown : dask.array.Array
        Up- and down-going waves, of shape ``(nt, nr)`` or ``(nt, nrx, nry)``.

    Raises
    ------
    ValueError
        If ``kind`` is unknown, there is neither ``pd`` nor ``win``, or ``restriction`` comes without ``sptransf``.

    See Also
    --------
    pylops.waveeqprocessing.Deghosting : the local driver.

    References
    ----------
    .. [1] Amundsen, L., 1993, Wavenumber-based filtering of marine point-source data: Geophysics, 58, 1335-1348,
       doi:10.1190/1.1443516.

    Examples
    --------
    >>> import numpy as np
    >>> from pylops_distributed.waveeqprocessing.oneway import Deghosting
    >>> p = np.random.default_rng(0).standard_normal((16, 8))
    >>> up, down = Deghosting(p, 16, 8, 0.004, 10.0, 1500.0, 12.0, win=np.ones_like(p), npad=2, ntaper=2, niter=2)
    >>> up.shape, bool(np.allclose(up + down, p))
    ((16, 8), True)
    """
    one_of("kind", kind, ("p", "vz"))
    if pd is None and win is None:
        raise ValueError("either the direct wave pd or the window win is needed")
    if restriction is not None and sptransf is None:
        raise ValueError(
            "a restriction needs sptransf, a sparsifying transform from which data at all receivers are modelled: "
            "give it, such as sptransf=FFT2D(...).H, or leave the restriction out and pad the data"
        )
    data, direct, window = of_one_kind(p, pd, win)
    counts, pads = (tuple(map(int, np.atleast_1d(v))) for v in (nr, npad))
    pads = (pads * len(counts))[: len(counts)]
    dims, kind_of_waves = (nt, *counts), real_type(dtype)
    kx, *ky = (
        np.fft.fftshift(np.fft.fftfreq(n + 2 * m, float(d)))
        for n, m, d in zip(counts, pads, np.broadcast_to(dr, len(counts)), strict=True)
    )
    taper = taper3d(nt, counts, ntaper).transpose(2, 0, 1) if ky else taper2d(nt, counts[0], ntaper).T
    pad = Pad(dims, [(0, 0), *((m, m) for m in pads)], dtype=kind_of_waves)
    f = np.fft.rfftfreq(nt, dt)
    shift = PhaseShift(vel, 2 * zrec, nt, f, kx, ky[0] if ky else None, dtype=kind_of_waves)
    ghost = pad.H @ shift @ pad @ Diagonal(taper, dtype=kind_of_waves)
    one = Identity(dims, dtype=kind_of_waves)
    whole: LinearOperator = one - ghost if kind == "p" else one + ghost
    if dottest:
        run_dottest(whole, verb=True)
    op = whole if restriction is None else restriction @ whole
    d = data - direct if pd is not None else window * data
    if sptransf is not None:
        whole, op = whole @ sptransf, op @ sptransf
    model: Any = call(solver, op, d.ravel(), kwargs_solver)
    if sptransf is not None:
        data, model = (whole @ model).real, sptransf @ model
    pup = model.real.reshape(dims)
    return pup, data.reshape(dims) - pup
