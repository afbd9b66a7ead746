"""Kirchhoff demigration and migration."""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, Literal
from warnings import warn

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from pylops.utils.tapers import taper

from pylops_distributed import tuning
from pylops_distributed.blockwise.contraction import contract
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.signalprocessing.convolve1d import Convolve1D
from pylops_distributed.vectors.namespace import as_lazy_array
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ChunksLike, Settings
from pylops_distributed.waveeqprocessing import diffraction
from pylops_distributed.waveeqprocessing.traveltimes import angles, tables

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array

Pair = tuple[Any, Any]


class Kirchhoff(LinearOperator):
    r"""Seismic traces of an image of reflectors by diffraction, and migration of traces as its adjoint.

    With the traveltimes :math:`t` from source to image point to receiver, the amplitudes :math:`a`, which are
    one unless ``dynamic``, and the wavelet :math:`w`, forward and adjoint are

    .. math::
        d(\mathbf x_r, \mathbf x_s, t) = w(t) * \sum_{\mathbf x}
            a(\mathbf x_r, \mathbf x, \mathbf x_s)\, m(\mathbf x)\,
            \delta\big(t - t(\mathbf x_r, \mathbf x) - t(\mathbf x, \mathbf x_s)\big)

    and its transpose, with linear interpolation in time. Chunks of sources and receivers are independent in the
    forward and summed in the adjoint; chunks of the image, where they are asked for, the other way round. Tables
    of times are made, or read, chunk by chunk where they are needed; persist them, or give them as Zarr arrays
    with ``mode="byot"``, where they cost more than that.

    Parameters
    ----------
    z, x : array_like
        Depth and lateral axis of the image, of shapes ``(nz,)`` and ``(nx,)``.
    t : array_like
        Time axis of the data, of shape ``(nt,)``, from zero.
    srcs, recs : array_like
        Coordinates (y,) x, z of sources and receivers, of shape ``(2 or 3, n)``.
    vel : float or array_like
        Velocity: a number, or, for ``eikonal``, of shape ``(nx, nz)`` or ``(ny, nx, nz)``.
    wav : array_like
        Wavelet, of shape ``(nwav,)``.
    wavcenter : int
        Sample of the wavelet at time zero.
    y : array_like, optional
        Second lateral axis, of shape ``(ny,)``; the image then has shape ``(ny * nx, nz)``, and else ``(nx, nz)``.
    mode : {"eikonal", "analytic", "byot"}, optional
        Times by the fast marching method, of straight rays, or as given by ``trav``.
    wavfilter : bool, optional
        Filter the wavelet by the half or whole derivative that the dimension asks for.
    dynamic : bool, optional
        Use amplitudes, obliquity and apertures.
    trav : array or tuple of array, optional
        Times for ``byot``: of all traces, ``(ny * nx * nz, ns * nr)``, or of sources and of receivers,
        ``(ny * nx * nz, ns)`` and ``(ny * nx * nz, nr)``. NumPy, Dask and Zarr arrays.
    amp : tuple of array, optional
        Amplitudes for ``byot`` and ``dynamic``, of sources and of receivers.
    aperture : float or tuple of float, optional
        Largest ratio of offset to depth, or where a taper begins and ends, in two dimensions.
    angleaperture : float or tuple of float, optional
        Largest angle with the vertical in degrees, or where a taper begins and ends.
    snell : optional
        Taken for compatibility, as PyLops does.
    engine : {"numpy", "numba", "cuda"}, optional
        Taken for compatibility: NumPy goes through all image points of a trace at once.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the image, as Dask takes them; default whole.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    trav_srcs, trav_recs : dask.array.Array
        Times, of shape ``(*dims, ns)`` and ``(*dims, nr)``, unless ``trav`` is that of all traces.
    trav : dask.array.Array
        Times of all traces, if these were given.
    amp_srcs, amp_recs : dask.array.Array
        With ``dynamic``, amplitudes of the shapes of the times.

    Raises
    ------
    ValueError
        If ``mode`` is unknown, or the velocity varies for ``analytic``.
    NotImplementedError
        If scikit-fmm is not installed for ``eikonal``, or tables are missing for ``dynamic``.

    Warns
    -----
    UserWarning
        If ``aperture`` is given in three dimensions, where it has no effect.

    See Also
    --------
    pylops.waveeqprocessing.Kirchhoff : the local operator.

    References
    ----------
    .. [1] Bleistein, N., J. K. Cohen, and J. W. Stockwell, 2000, Mathematics of multidimensional seismic imaging,
       migration, and inversion: Springer.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.waveeqprocessing.kirchhoff import Kirchhoff
    >>> z, x, t = np.arange(4.0), np.arange(5.0), np.arange(9) * 0.002
    >>> points = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    >>> K = Kirchhoff(z, x, t, points, points, 1000.0, np.ones(3), 1, mode="analytic")
    >>> (K @ da.ones((5, 4))).shape
    (3, 3, 9)
    """

    domain: Space
    narrow = (False, True)

    def __init__(
        self,
        z: ArrayLike,
        x: ArrayLike,
        t: ArrayLike,
        srcs: ArrayLike,
        recs: ArrayLike,
        vel: object,
        wav: ArrayLike,
        wavcenter: int,
        y: ArrayLike | None = None,
        mode: Literal["analytic", "eikonal", "byot"] = "eikonal",
        wavfilter: bool = False,
        dynamic: bool = False,
        trav: object = None,
        amp: object = None,
        aperture: float | tuple[float, float] | None = None,
        angleaperture: float | tuple[float, float] | None = 90.0,
        snell: tuple[float, float] | None = None,
        engine: Literal["numpy", "numba", "cuda"] = "numpy",
        dtype: DTypeLike = "float64",
        name: str | None = "K",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        if mode not in ("analytic", "eikonal", "byot"):
            raise ValueError(f"mode must be either 'analytic', 'eikonal' or 'byot', got {mode!r}")
        axes = tuple(np.asarray(a, float) for a in (y, x, z) if a is not None)
        points = np.asarray(srcs, float), np.asarray(recs, float)
        time = np.asarray(t, float)
        self.dt, self.nt = float(time[1] - time[0]), time.size
        self.dynamic, self.image = dynamic, tuple(map(len, axes))
        self.ndims, self.vel, self.travsrcrec = len(axes), vel, mode != "byot" or isinstance(trav, tuple)
        self.ns, self.nr = ns, nr = points[0].shape[1], points[1].shape[1]
        model = (int(np.prod(self.image[:-1])), self.image[-1])
        wavelet = reshaped(np.asarray(wav), self.dt, len(axes)) if wavfilter else wav
        self.wav = wavelet
        self.filter = Convolve1D((ns, nr, self.nt), wavelet, int(wavcenter), axis=2, dtype=dtype)
        domain = Space.of(model, dtype, model if chunks is None else chunks)
        super().__init__(
            domain=domain, codomain=Space.of((ns, nr, self.nt), dtype), compute=compute, name=name
        )
        work = tuning.count("waveeqprocessing.kirchhoff-samples")
        pieces = min(ns, ceil(np.prod(model) * ns * nr / work)), 1
        self._operands = self._times(mode, axes, points, vel, trav, pieces)
        if dynamic:
            steps = None if mode == "byot" else tuple(abs(a[1] - a[0]) for a in axes)
            self._operands += self._amplitudes(points, axes, vel, amp, steps, aperture, angleaperture)

    @property
    def nsnr(self) -> int:
        """Number of traces."""
        return int(self.ns * self.nr)

    @property
    def ni(self) -> int:
        """Number of samples of the image."""
        return int(np.prod(self.image))

    @property
    def ny(self) -> int:
        """Length of the image along y; 1 in two dimensions."""
        return self.image[0] if self.ndims == 3 else 1

    @property
    def nx(self) -> int:
        """Length of the image along x."""
        return int(self.image[-2])

    @property
    def nz(self) -> int:
        """Length of the image along z."""
        return self.image[-1]

    @property
    def cop(self) -> LinearOperator:
        """Convolution of the traces with the wavelet."""
        return self.filter

    def _times(
        self,
        mode: str,
        axes: tuple[Array, ...],
        points: Pair,
        vel: object,
        trav: object,
        pieces: tuple[int, int],
    ) -> list[tuple[da.Array, tuple[int, ...]]]:
        """Tables of times with the indices of their axes: image 0 and 1, sources 2 and receivers 3."""
        if mode != "byot":
            pairs = [tables(mode, axes, p, vel, n) for p, n in zip(points, pieces, strict=True)]
            self._raw, self._distances = [a for a, _ in pairs], [b for _, b in pairs]
        elif isinstance(trav, tuple):
            self._raw = [as_lazy_array(a).reshape((*self.image, -1)) for a in trav]
        elif self.dynamic:
            raise NotImplementedError("dynamic needs times of sources and of receivers, as a tuple")
        else:
            self.trav = as_lazy_array(trav)
            table = self.trav.reshape((*self.dims, *self.dimsd[:2]))
            return [(self._chunked_like_image(table), (0, 1, 2, 3))]
        self.trav_srcs, self.trav_recs = (
            self._chunked_like_image(a.reshape((*self.dims, -1))) for a in self._raw
        )
        return [(self.trav_srcs, (0, 1, 2)), (self.trav_recs, (0, 1, 3))]

    def _chunked_like_image(self, table: da.Array) -> da.Array:
        """A table with the chunks of the image."""
        return table.rechunk(dict(enumerate(self.domain.chunks or ())))

    def _amplitudes(
        self, points: Pair, axes: tuple[Array, ...], vel: object, amp: object, steps: tuple[float, ...] | None,
        aperture: object, angleaperture: object,
    ) -> list[tuple[da.Array, tuple[int, ...]]]:  # fmt: skip
        """Tables of weights and angles, and what the apertures need."""
        if steps is None:
            if not isinstance(amp, tuple):
                raise NotImplementedError("dynamic needs amplitudes of sources and of receivers, as a tuple")
            amplitudes = [self._chunked_like_image(as_lazy_array(a).reshape((*self.dims, -1))) for a in amp]
        else:
            amplitudes = [
                self._chunked_like_image(a.reshape((*self.dims, -1)))
                for a in spreading(self._distances, len(axes))
            ]
        self.amp_srcs, self.amp_recs = amplitudes
        rays = [self._chunked_like_image(angles(a, steps).reshape((*self.dims, -1))) for a in self._raw]
        self.limits = _limits(aperture, angleaperture, self.image)
        weights = [
            da.map_blocks(
                diffraction.weights, a, r, limits=self.limits[1], dtype=float, meta=np.empty((0, 0, 0))
            )
            for a, r in zip(amplitudes, rays, strict=True)
        ]
        columns = [((p[0] - axes[-2][0]) // (axes[-2][1] - axes[-2][0])).astype(int) for p in points]
        if len(axes) == 3:
            columns = [np.zeros(p.shape[1], int) for p in points]
        velocity = np.broadcast_to(np.asarray(vel, float), self.image).reshape(self.dims)
        return [
            *zip(weights, ((0, 1, 2), (0, 1, 3)), strict=True), *zip(rays, ((0, 1, 2), (0, 1, 3)), strict=True),
            (da.from_array(columns[0]), (2,)), (da.from_array(columns[1]), (3,)),
            (da.from_array(velocity), (0, 1)), (da.arange(self.dims[1]), (1,)),
        ]  # fmt: skip

    def _settings(self) -> Settings:
        settings: dict[str, Any] = {"dt": self.dt, "nt": self.nt, "total": len(self._operands) == 1}
        return settings | {"limits": self.limits[0] if self.dynamic else None}

    def _matvec(self, x: da.Array) -> da.Array:
        kernel = partial(diffraction.spread_image, **self._settings())
        dtype = np.result_type(self.dtype, x.dtype)
        traces = contract(kernel, [*self._operands, (x, (0, 1))], (2, 3, 4), dtype, {4: self.nt})
        return one_array(self.filter.apply(traces))

    def _rmatvec(self, y: da.Array) -> da.Array:
        traces = one_array(self.filter.apply_adjoint(y.rechunk({2: -1})))
        kernel = partial(diffraction.stack, **self._settings())
        dtype = np.result_type(self.dtype, y.dtype)
        return self.domain.fit(contract(kernel, [*self._operands, (traces, (2, 3, 4))], (0, 1), dtype))


def spreading(distances: list[da.Array], ndim: int) -> list[da.Array]:
    """Amplitudes from distances: the square root of their inverse in two dimensions, else the inverse."""
    least = 1e-2 * sum(d.max() for d in distances)  # no division by zero at the source
    return [(d + least) ** (-0.5 if ndim == 2 else -1.0) for d in distances]


def reshaped(wav: Array, dt: float, ndim: int) -> Array:
    """The wavelet with a half derivative in two dimensions, minus a whole one in three."""
    omega = 2j * np.pi * np.fft.rfftfreq(wav.size, dt)
    factor = np.sqrt(omega) if ndim == 2 else -omega
    return np.asarray(np.fft.irfft(np.fft.rfft(wav) * factor, wav.size))


def _limits(
    aperture: Any, angle: Any, image: tuple[int, ...]
) -> tuple[diffraction.Limits, diffraction.Limits]:
    """Where the tapers of the aperture and of the angle begin and end."""
    if aperture is not None and len(image) == 3:
        warn("aperture has no effect in three dimensions", stacklevel=4)
        aperture = None
    ends = np.atleast_1d(image[-2] + 1 if aperture is None else aperture).astype(float)
    slopes = np.deg2rad(np.atleast_1d([0.0, 1000.0] if angle is None else angle))
    values = taper(41, 20, "hanning")[20:]
    first, second = (
        diffraction.Limits(e[0] if e.size == 2 else 0.8 * e[0], e[-1], values) for e in (ends, slopes)
    )
    return first, second
