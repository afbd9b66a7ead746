"""Composition of wavefields from their up- and down-going parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike
from scipy.signal import filtfilt

from pylops_distributed.basicoperators.block import Block
from pylops_distributed.basicoperators.blockdiag import BlockDiag
from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.blockwise.arguments import one_of
from pylops_distributed.optimization.pylops_api.scipy_engine import call, lsqr
from pylops_distributed.signalprocessing.fftnd import FFTND
from pylops_distributed.utils.dottest import dottest as run_dottest
from pylops_distributed.vectors.namespace import of_one_kind
from pylops_distributed.vectors.space import one_array

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array
    from pylops_distributed.linearoperator.operator import LinearOperator


def PressureToVelocity(
    nt: int,
    nr: int | Sequence[int],
    dt: float,
    dr: float | Sequence[float],
    rho: float,
    vel: float,
    nffts: Sequence[int | None] = (None, None, None),
    critical: float = 100.0,
    ntaper: int = 10,
    topressure: bool = False,
    backend: str = "numpy",
    dtype: DTypeLike = "complex128",
    name: str | None = "P",
) -> LinearOperator:
    r"""Vertical particle velocity from pressure, or pressure from it, of waves in one direction.

    With the Fourier transform :math:`\mathbf F` in space and time, the forward is

    .. math::
        \mathbf v_z = \mathbf F^H \mathrm{diag}\Big(\frac{k_z}{\omega \rho}\Big) \mathbf F\, \mathbf p, \qquad
        \mathbf p = \mathbf F^H \mathrm{diag}\Big(\frac{\omega \rho}{k_z}\Big) \mathbf F\, \mathbf v_z

    Parameters
    ----------
    nt : int
        Number of time samples.
    nr : int or tuple of int
        Number of receivers, or along each of two directions. The model is ``(nr, nt)`` or ``(nry, nrx, nt)``.
    dt : float
        Time sampling.
    dr : float or tuple of float
        Receiver sampling.
    rho, vel : float
        Density and velocity at the receivers, both constant.
    nffts : sequence of int or None, optional
        Number of samples of the Fourier transform along each axis; default those of the model.
    critical : float, optional
        Percentage of the largest propagating angle up to which waves are kept.
    ntaper : int, optional
        Number of samples over which they are tapered.
    topressure : bool, optional
        From velocity to pressure.
    backend : str, optional
        Taken for compatibility.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.

    Returns
    -------
    LinearOperator
        The operator.

    See Also
    --------
    pylops.waveeqprocessing.PressureToVelocity : the local operator.

    References
    ----------
    .. [1] Wapenaar, K., 1998, Reciprocity properties of one-way propagators: Geophysics, 63, 1795-1798,
       doi:10.1190/1.1444473.

    Examples
    --------
    >>> from pylops_distributed.waveeqprocessing.wavedecomposition import PressureToVelocity
    >>> PressureToVelocity(16, 8, 0.004, 10.0, 1000.0, 1500.0, ntaper=2).dims
    (8, 16)
    """
    counts, steps = _axes(nr, dr)
    F, W = _obliquity(nt, counts, dt, steps, rho, vel, nffts, critical, ntaper, not topressure, dtype)
    op: LinearOperator = F.H @ W @ F
    op.name = name
    return op


def UpDownComposition2D(
    nt: int,
    nr: int,
    dt: float,
    dr: float,
    rho: float,
    vel: float,
    nffts: Sequence[int | None] = (None, None),
    critical: float = 100.0,
    ntaper: int = 10,
    scaling: float = 1.0,
    backend: str = "numpy",
    dtype: DTypeLike = "complex128",
    name: str | None = "U",
) -> LinearOperator:
    r"""Pressure and vertical velocity from down- and up-going waves along a line.

    .. math::
        \begin{bmatrix} \mathbf p \\ s\, \mathbf v_z \end{bmatrix} =
        \begin{bmatrix} \mathbf F^H & 0 \\ 0 & s \mathbf F^H \end{bmatrix}
        \begin{bmatrix} \mathbf I & \mathbf I \\ \mathbf W & -\mathbf W \end{bmatrix}
        \begin{bmatrix} \mathbf F & 0 \\ 0 & \mathbf F \end{bmatrix}
        \begin{bmatrix} \mathbf p^+ \\ \mathbf p^- \end{bmatrix}, \qquad
        \mathbf W = \mathrm{diag}\Big(\frac{k_z}{\omega \rho}\Big)

    Parameters
    ----------
    nt, nr : int
        Number of time samples and of receivers.
    dt, dr : float
        Their sampling.
    scaling : float, optional
        Factor :math:`s` of the velocity.
    rho, vel, nffts, critical, ntaper, backend, dtype, name : optional
        As of :func:`PressureToVelocity`.

    Returns
    -------
    LinearOperator
        The operator, from and to shape ``(2, nr, nt)``.

    See Also
    --------
    pylops.waveeqprocessing.UpDownComposition2D : the local operator.

    References
    ----------
    .. [1] Wapenaar, K., 1998, Reciprocity properties of one-way propagators: Geophysics, 63, 1795-1798,
       doi:10.1190/1.1444473.

    Examples
    --------
    >>> from pylops_distributed.waveeqprocessing.wavedecomposition import UpDownComposition2D
    >>> UpDownComposition2D(16, 8, 0.004, 10.0, 1000.0, 1500.0, ntaper=2).dims
    (2, 8, 16)
    """
    return _composition(nt, (nr,), dt, (dr,), rho, vel, nffts, critical, ntaper, scaling, dtype, name)


def UpDownComposition3D(
    nt: int,
    nr: Sequence[int],
    dt: float,
    dr: Sequence[float],
    rho: float,
    vel: float,
    nffts: Sequence[int | None] = (None, None, None),
    critical: float = 100.0,
    ntaper: int = 10,
    scaling: float = 1.0,
    fftengine: str = "scipy",
    backend: str = "numpy",
    dtype: DTypeLike = "complex128",
    name: str | None = "U",
) -> LinearOperator:
    r"""Pressure and vertical velocity from down- and up-going waves over an area.

    As :func:`UpDownComposition2D`, with two directions of receivers: :math:`k_z` in :math:`\mathbf W` is that of two
    horizontal wavenumbers, :math:`k_z = \sqrt{\omega^2 / c^2 - k_x^2 - k_y^2}`.

    Parameters
    ----------
    nt : int
        Number of time samples.
    nr : tuple of int
        Number of receivers along each direction.
    dt : float
        Time sampling.
    dr : tuple of float
        Receiver sampling along each direction.
    scaling : float, optional
        Factor of the velocity.
    fftengine : str, optional
        Taken for compatibility: SciPy transforms.
    rho, vel, nffts, critical, ntaper, backend, dtype, name : optional
        As of :func:`PressureToVelocity`.

    Returns
    -------
    LinearOperator
        The operator, from and to shape ``(2, nry, nrx, nt)``.

    See Also
    --------
    pylops.waveeqprocessing.UpDownComposition3D : the local operator.

    References
    ----------
    .. [1] Wapenaar, K., 1998, Reciprocity properties of one-way propagators: Geophysics, 63, 1795-1798,
       doi:10.1190/1.1444473.

    Examples
    --------
    >>> from pylops_distributed.waveeqprocessing.wavedecomposition import UpDownComposition3D
    >>> UpDownComposition3D(16, (8, 7), 0.004, (10.0, 10.0), 1000.0, 1500.0, ntaper=2).dims
    (2, 8, 7, 16)
    """
    return _composition(nt, tuple(nr), dt, tuple(dr), rho, vel, nffts, critical, ntaper, scaling, dtype, name)


def WavefieldDecomposition(
    p: object,
    vz: object,
    nt: int,
    nr: int | Sequence[int],
    dt: float,
    dr: float | Sequence[float],
    rho: float,
    vel: float,
    nffts: Sequence[int | None] = (None, None, None),
    critical: float = 100.0,
    ntaper: int = 10,
    scaling: float = 1.0,
    kind: Literal["inverse", "analytical"] = "inverse",
    restriction: LinearOperator | None = None,
    sptransf: LinearOperator | None = None,
    solver: Callable[..., object] = lsqr,
    dottest: bool = False,
    dtype: DTypeLike = "complex128",
    **kwargs_solver: object,
) -> tuple[da.Array, da.Array]:
    r"""Up- and down-going waves from pressure and vertical velocity.

    Analytically, with the factor of :func:`PressureToVelocity` to pressure,
    :math:`\mathbf p^\mp = (\mathbf p \mp \mathbf W^{-1} \mathbf v_z) / 2`; or by inverting the composition of
    :func:`UpDownComposition2D`, which bears gaps and sparse representations.

    Parameters
    ----------
    p, vz : array
        Pressure and vertical velocity, of shape ``(nr, nt)`` or ``(nry, nrx, nt)``, with fewer receivers where
        ``restriction`` leaves some out. NumPy, Dask and Zarr arrays.
    scaling : float, optional
        Factor of the velocity in the inversion.
    kind : {"inverse", "analytical"}, optional
        By inversion, or directly.
    restriction : LinearOperator, optional
        From both wavefields at all receivers to the data.
    sptransf : LinearOperator, optional
        From a sparse representation to each of the results.
    solver : callable, optional
        Solver ``solver(Op, d, **kwargs_solver)`` whose first result is the model, by default
        :func:`~pylops_distributed.optimization.pylops_api.scipy_engine.lsqr`. Solvers of SciPy and PyLops are called
        with a
        local operator and NumPy data.
    dottest : bool, optional
        Test the operator first, which evaluates it.
    nt, nr, dt, dr, rho, vel, nffts, critical, ntaper, dtype : optional
        As of :func:`PressureToVelocity`.
    **kwargs_solver
        Keyword arguments of the solver.

    Returns
    -------
    pup, pdown : dask.array.Array
        Up- and down-going waves, of shape ``(nr, nt)`` or ``(nry, nrx, nt)``.

    Raises
    ------
    ValueError
        If ``kind`` is unknown.

    See Also
    --------
    pylops.waveeqprocessing.WavefieldDecomposition : the local driver.

    References
    ----------
    .. [1] Wapenaar, K., 1998, Reciprocity properties of one-way propagators: Geophysics, 63, 1795-1798,
       doi:10.1190/1.1444473.

    Examples
    --------
    >>> import numpy as np
    >>> from pylops_distributed.waveeqprocessing.wavedecomposition import WavefieldDecomposition
    >>> p, vz = np.random.default_rng(0).standard_normal((2, 11, 16))
    >>> up, down = WavefieldDecomposition(p, vz, 16, 11, 0.004, 10.0, 1.5, 1500.0, ntaper=3, kind="analytical")
    >>> bool(np.allclose(up + down, p))
    True
    """
    one_of("kind", kind, ("inverse", "analytical"))
    counts, steps = _axes(nr, dr)
    dims = (*counts, nt)
    settings = nt, counts, dt, steps, rho, vel, nffts, critical, ntaper
    pressure, velocity = of_one_kind(p, vz)
    if kind == "analytical":
        F, W = _obliquity(*settings, False, dtype)
        scaled = one_array((F.H @ W @ F).apply(velocity)).real
        return (pressure - scaled) / 2, (pressure + scaled) / 2
    op = _composition(*settings, scaling, dtype, "U")
    op = op if restriction is None else restriction @ op
    sparse = None if sptransf is None else BlockDiag([sptransf, sptransf])
    op = op if sparse is None else op @ sparse
    if dottest:
        run_dottest(op, complexflag=2, verb=True)
    d = np.concatenate([pressure.ravel(), scaling * velocity.ravel()])
    waves: Any = call(solver, op, d, kwargs_solver)
    waves = waves.real
    if sparse is not None:
        waves = sparse @ waves
    pdown, pup = waves.reshape((2, *dims))
    return pup, pdown


def _axes(nr: int | Sequence[int], dr: float | Sequence[float]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    counts = tuple(nr) if isinstance(nr, Sequence) else (int(nr),)
    return counts, tuple(dr) if isinstance(dr, Sequence) else (float(dr),)


def _composition(
    nt: int, nr: tuple[int, ...], dt: float, dr: tuple[float, ...], rho: float, vel: float,
    nffts: Sequence[int | None], critical: float, ntaper: int, scaling: float, dtype: DTypeLike,
    name: str | None,
) -> LinearOperator:  # fmt: skip
    F, W = _obliquity(nt, nr, dt, dr, rho, vel, nffts, critical, ntaper, True, dtype)
    one = Identity(F.dimsd, dtype=dtype)
    op: LinearOperator = BlockDiag([F.H, scaling * F.H]) @ Block([[one, one], [W, -W]]) @ BlockDiag([F, F])
    op.name = name
    return op


def _obliquity(
    nt: int, nr: tuple[int, ...], dt: float, dr: tuple[float, ...], rho: float, vel: float,
    nffts: Sequence[int | None], critical: float, ntaper: int, composition: bool, dtype: DTypeLike,
) -> tuple[LinearOperator, LinearOperator]:  # fmt: skip
    """The Fourier transform, and the factor from pressure to velocity (``composition``) or back."""
    dims = (*nr, nt)
    lengths = [n if length is None else int(length) for n, length in zip(dims, nffts, strict=False)]
    F = FFTND(dims, range(len(dims)), lengths, (*dr, dt), dtype=dtype)
    *ks, f = np.meshgrid(*F.fs, indexing="ij")
    horizontal = sum(k**2 for k in ks)
    kz = np.sqrt(((f / vel) ** 2 - horizontal).astype(dtype))
    top, bottom = (kz, rho * abs(f)) if composition else (rho * abs(f), kz)
    factor = np.divide(top, bottom, out=np.zeros(kz.shape, kz.dtype), where=bottom != 0)
    factor *= np.sqrt(horizontal) < critical / 100 * abs(f) / vel
    return F, Diagonal(_tapered(factor, ntaper), dtype=dtype)


def _tapered(factor: Array, ntaper: int) -> Array:
    for axis in range(factor.ndim):
        factor = filtfilt(np.ones(ntaper) / ntaper, 1, factor, axis=axis)
    return factor
