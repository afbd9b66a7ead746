"""Interpolation of seismic data between traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

import dask.array as da
import numpy as np
import pylops.signalprocessing as local
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.basicoperators.laplacian import Laplacian
from pylops_distributed.basicoperators.real import Real
from pylops_distributed.basicoperators.restriction import Restriction
from pylops_distributed.basicoperators.secondderivative import SecondDerivative
from pylops_distributed.blockwise.arguments import complex_type, shape_of
from pylops_distributed.optimization.leastsquares import regularized_inversion
from pylops_distributed.optimization.sparsity import fista
from pylops_distributed.signalprocessing.chirpradon2d import ChirpRadon2D
from pylops_distributed.signalprocessing.chirpradon3d import ChirpRadon3D
from pylops_distributed.signalprocessing.fftnd import FFTND
from pylops_distributed.signalprocessing.interp import Interp
from pylops_distributed.signalprocessing.radon2d import Radon2D
from pylops_distributed.signalprocessing.radon3d import Radon3D
from pylops_distributed.signalprocessing.sliding2d import Sliding2D
from pylops_distributed.signalprocessing.sliding3d import Sliding3D
from pylops_distributed.utils.dottest import dottest as run_dottest
from pylops_distributed.vectors.namespace import of_one_kind
from pylops_distributed.vectors.space import one_array
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator

T = TypeVar("T")
Kind: TypeAlias = Literal[
    "spatial", "fk", "radon-linear", "radon-parabolic", "radon-hyperbolic", "chirpradon-linear", "sliding",
    "chirp-sliding",
]  # fmt: skip


def SeismicInterpolation(
    data: ArrayLike,
    nrec: int | tuple[int, int],
    iava: ArrayLike,
    iava1: ArrayLike | None = None,
    kind: Kind = "fk",
    nffts: int | Sequence[int] | None = None,
    sampling: Sequence[float] | None = None,
    spataxis: ArrayLike | None = None,
    spat1axis: ArrayLike | None = None,
    taxis: ArrayLike | None = None,
    paxis: ArrayLike | None = None,
    p1axis: ArrayLike | None = None,
    centeredh: bool = True,
    nwins: int | tuple[int, ...] | None = None,
    nwin: int | tuple[int, ...] | None = None,
    nover: int | tuple[int, ...] | None = None,
    engine: Literal["numpy", "numba", "fftw"] = "numba",
    dottest: bool = False,
    **kwargs_solver: Any,
) -> tuple[da.Array, da.Array | None, Any]:
    r"""Traces on a regular grid from those at some places of it, or between.

    With the sampling :math:`\mathbf R`, a transform :math:`\mathbf P` in which data are sparse, and second
    derivatives :math:`\mathbf D` along space, finds the data :math:`\mathbf x` of

    .. math::
        \min_{\mathbf x} \|\mathbf y - \mathbf R \mathbf x\|_2^2 + \epsilon^2 \|\mathbf D \mathbf x\|_2^2
        \qquad\text{or}\qquad
        \min_{\mathbf p} \|\mathbf y - \mathbf R \mathbf P \mathbf p\|_2^2 + \epsilon \|\mathbf p\|_1, \quad
        \mathbf x = \mathbf P \mathbf p

    the first for the kind ``spatial``, the second for all others. Solving evaluates; the data are lazy again.

    Parameters
    ----------
    data : array
        Traces, of shape ``(nx, nt)`` or ``(ny, nx, nt)``. NumPy, Dask and Zarr arrays.
    nrec : int or tuple of int
        Number of traces of the grid, along each direction.
    iava, iava1 : array_like
        Places of the traces on the grid along the first and the second direction, of shapes ``(ny,)`` and ``(nx,)``,
        or ``(nx,)`` for one direction: whole numbers pick traces, others interpolate between them. Without
        ``iava1`` the second direction is complete.
    kind : {"fk", "spatial", "radon-linear", "radon-parabolic", "radon-hyperbolic", "chirpradon-linear", "sliding",
        "chirp-sliding"}, optional
        What the data are simple in: frequencies and wavenumbers; their second derivative; Radon transforms; linear
        ones in windows.
    nffts : tuple of int, optional
        For ``fk``: number of samples of the transform along each axis.
    sampling : tuple of float, optional
        For ``fk``: sampling of all axes, if these are not given.
    spataxis, spat1axis, taxis : array_like, optional
        Axes of the grid, of shapes ``(nrec[0],)`` and ``(nrec[1],)``, and of time, of shape ``(nt,)``.
    paxis, p1axis : array_like, optional
        Axes of slowness, of shapes ``(np,)`` and ``(np1,)``, for all kinds of Radon transforms.
    centeredh : bool, optional
        Offsets of Radon transforms are from the middle.
    nwins, nwin, nover : int or tuple of int, optional
        Number, length and overlap of windows, along each direction.
    engine : {"numpy", "numba", "fftw"}, optional
        Taken for compatibility; windows use PyLops' engine of that name.
    dottest : bool, optional
        Test the operator first, which evaluates it.
    **kwargs_solver
        Keyword arguments of :func:`~pylops_distributed.optimization.leastsquares.regularized_inversion` for the kind
        ``spatial``, and else of :func:`~pylops_distributed.optimization.sparsity.fista`.

    Returns
    -------
    recdata : dask.array.Array
        Data on the grid, of shape ``(nrec, nt)`` or ``(*nrec, nt)``.
    recprec : dask.array.Array or None
        Their transform, of kinds that have one, shaped as by PyLops.
    cost : numpy.ndarray or None
        Objective after every step, of shape ``(niter,)``, of these kinds.

    Raises
    ------
    ValueError
        If data do not have two or three axes, or axes that the kind needs are missing.
    KeyError
        If ``kind`` is unknown.

    See Also
    --------
    pylops.waveeqprocessing.SeismicInterpolation : the local driver.

    References
    ----------
    .. [1] Abma, R., and N. Kabir, 2006, 3D interpolation of irregular data with a POCS algorithm: Geophysics, 71,
       E91-E97, doi:10.1190/1.2356088.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.waveeqprocessing.seismicinterpolation import SeismicInterpolation
    >>> SeismicInterpolation(da.ones((3, 8)), 5, [0, 2, 4], kind="spatial", niter=2)[0].shape
    (5, 8)
    """
    (d,) = of_one_kind(data)
    if d.ndim not in (2, 3):
        raise ValueError(f"data must have 2 or 3 dimensions, got {d.ndim}")
    if kind not in get_args(Kind):
        raise KeyError(f"kind must be one of {get_args(Kind)}, got {kind!r}")
    dims = (*shape_of(nrec)[: d.ndim - 1], d.shape[-1])
    dtype = complex_type(d.dtype) if kind == "fk" else d.dtype
    places = [iava] if d.ndim == 2 or iava1 is None else [iava, iava1]
    R = _sampling(dims, places, dtype)
    if kind == "spatial":
        D: LinearOperator = (
            Laplacian(dims, axes=(0, 1), dtype=dtype) if len(places) == 2
            else SecondDerivative(dims, axis=0, dtype=dtype)
        )  # fmt: skip
        if dottest:
            run_dottest(R, verb=True)
        return one_array(regularized_inversion(R, d, [D], **kwargs_solver)[0]), None, None
    grid = InterpolationGrid(
        kind, dims, dtype, taxis, (spataxis, spat1axis)[: d.ndim - 1], (paxis, p1axis)[: d.ndim - 1]
    )
    if kind == "fk":
        P = grid.fourier(nffts, sampling)
    elif "sliding" in kind:
        P = grid.sliding(nwins, nwin, nover, engine)
    else:
        P = grid.radon(centeredh)
    op = Real(R.dimsd, dtype=dtype) @ R @ P if kind == "fk" else R @ P
    if dottest:
        run_dottest(op, complexflag=int(kind == "fk"), verb=True)
    model, _, cost = fista(op, d.astype(op.dtype), **kwargs_solver)
    prec = one_array(model)
    interpolated = one_array(P.apply(prec)).real.reshape(dims)
    return interpolated, prec.reshape(grid.sparse(P)), cost


def _sampling(dims: tuple[int, ...], places: Sequence[ArrayLike], dtype: DTypeLike) -> LinearOperator:
    """From the grid to the traces, direction by direction."""
    op: LinearOperator | None = None
    for axis, iava in enumerate(map(np.asarray, places)):
        shape = dims if op is None else op.dimsd
        whole = iava.dtype.kind in "iu"
        part: LinearOperator = (
            Restriction(shape, iava, axis=axis, dtype=dtype) if whole
            else Interp(shape, iava, axis=axis, kind="linear", dtype=dtype)[0]
        )  # fmt: skip
        op = part if op is None else part @ op
    assert op is not None
    return op


@dataclass(frozen=True)
class InterpolationGrid:
    """The axes of data and slownesses, and the transforms from the sparse representations to the data."""

    kind: str
    dims: tuple[int, ...]
    dtype: Any
    taxis: Any
    spataxes: tuple[Any, ...]
    paxes: tuple[Any, ...]

    def fourier(self, nffts: int | Sequence[int] | None, sampling: Sequence[float] | None) -> LinearOperator:
        """From frequencies and wavenumbers."""
        steps = self.steps if sampling is None else sampling
        return FFTND(self.dims, range(len(self.dims)), nffts=nffts, sampling=steps, dtype=self.dtype).H

    def radon(self, centered: bool) -> LinearOperator:
        """From slownesses."""
        t, *x = self.axes
        if self.kind == "chirpradon-linear":
            first, *second = self.largest
            if not second:
                return ChirpRadon2D(t, x[0], first, dtype=self.dtype).H
            return ChirpRadon3D(t, x[0], x[1], (first, second[0]), dtype=self.dtype).H
        build: Any = Radon2D if len(x) == 1 else Radon3D
        kind = self.kind.removeprefix("radon-")
        transform: LinearOperator = build(
            t, *x, *self.slownesses, centeredh=centered, kind=kind, dtype=self.dtype
        )
        return transform

    def sliding(
        self,
        nwins: int | tuple[int, ...] | None,
        nwin: int | tuple[int, ...] | None,
        nover: int | tuple[int, ...] | None,
        engine: str,
    ) -> LinearOperator:
        """From slownesses in windows along space, by PyLops' operators."""
        t, *x = self.axes
        counts, lengths, over = map(_windows, (nwins, nwin, nover))
        inside = [np.linspace(-d * n // 2, d * n // 2, n) for d, n in zip(self.steps, lengths, strict=False)]
        if self.kind == "sliding":
            build = local.Radon2D if len(x) == 1 else local.Radon3D
            sizes = tuple(p.size for p in self.slownesses)
            Op = build(t, *inside, *self.slownesses, engine=engine, dtype=self.dtype)
        else:
            build, pmax = (
                (local.ChirpRadon2D, self.largest[0]) if len(x) == 1 else (local.ChirpRadon3D, self.largest)
            )
            sizes = lengths
            Op = build(t, *inside, pmax, dtype=self.dtype).H
        model = (*(w * n for w, n in zip(counts, sizes, strict=True)), t.size)
        if len(x) == 1:
            return Sliding2D(Op, model, self.dims, lengths[0], over[0], tapertype="cosine")
        return Sliding3D(Op, model, self.dims, lengths, over, sizes, tapertype="cosine")

    def sparse(self, transform: LinearOperator) -> tuple[int, ...]:
        """Shape of the sparse representation as PyLops returns it."""
        if self.kind.startswith("radon"):
            return (*(p.size for p in self.slownesses), self.dims[-1])
        if self.kind.endswith("sliding") and len(self.dims) == 2:  # windows side by side
            return (-1, self.dims[-1])
        return transform.dims

    @property
    def axes(self) -> list[NDArray]:
        """Time, and the axes of space."""
        return [np.asarray(require_option(a, "its axes"), float) for a in (self.taxis, *self.spataxes)]

    @property
    def steps(self) -> list[float]:
        """Sampling along space, and in time."""
        t, *x = self.axes
        return [float(abs(a[1] - a[0])) for a in (*x, t)]

    @property
    def slownesses(self) -> list[NDArray]:
        """Axes of slowness."""
        return [np.asarray(require_option(p, "axes of slowness"), float) for p in self.paxes]

    @property
    def largest(self) -> tuple[float, ...]:
        """Largest slowness along each direction, in samples of time a trace."""
        *dx, dt = self.steps
        return tuple(float(p.max() * d / dt) for p, d in zip(self.slownesses, dx, strict=True))


def _windows(sizes: int | tuple[int, ...] | None) -> tuple[int, ...]:
    given: Any = require_option(sizes, "windows")
    return shape_of(given)


def require_option(value: T | None, option: str) -> T:
    """``value``, or an error where it is missing."""
    if value is None:
        raise ValueError(f"this kind needs {option}")
    return value
