"""Blending of seismic shots that overlap in time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.contraction import contract
from pylops_distributed.blockwise.rechunk import rechunk_whole
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.signalprocessing.fourier import Fourier, engine_of, frequencies
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike, DType, NDArray, Settings

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


class BlendingContinuous(LinearOperator):
    r"""One long recording of all shots, each starting at its own time.

    Forward :math:`d(r, t) = \sum_s m(s, r, t - t_s)`, adjoint :math:`m(s, r, t) = d(r, t + t_s)`, with the parts
    of :math:`t_s` less than a sample as phase shifts. Chunks of sources are summed; chunks of receivers are
    independent; time is in one.

    Parameters
    ----------
    nt, nr, ns : int
        Number of time samples of a shot, of receivers and of sources; the model is ``(ns, nr, nt)``.
    dt : float
        Time sampling.
    times : array_like
        Firing time of each source, of shape ``(ns,)``.
    shiftall : bool, optional
        Taken for compatibility: all sources of a chunk are shifted together.
    nttot : int, optional
        Number of samples of the recording; default until the end of the last shot.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    **kwargs_fft
        Engine and keyword arguments of :class:`~pylops_distributed.signalprocessing.Shift`.

    Raises
    ------
    ValueError
        If there are not ``ns`` times.

    See Also
    --------
    pylops.waveeqprocessing.BlendingContinuous : the local operator.

    References
    ----------
    .. [1] Berkhout, A. J., 2008, Changing the mindset in seismic data acquisition: The Leading Edge, 27,
       924-938, doi:10.1190/1.2954035.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.waveeqprocessing.blending import BlendingContinuous
    >>> B = BlendingContinuous(nt=4, nr=1, ns=2, dt=1.0, times=[0.0, 2.0])
    >>> (B @ da.ones((2, 1, 4), chunks=(1, 1, 4))).compute().round(12)
    array([[1., 1., 2., 2., 1., 1., 0.]])
    """

    domain: Space
    narrow = (True, True)

    def __init__(
        self,
        nt: int,
        nr: int,
        ns: int,
        dt: float,
        times: ArrayLike,
        shiftall: bool = False,
        nttot: int | None = None,
        dtype: DTypeLike = "float64",
        name: str | None = "B",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
        engine: str = "numpy",
        **kwargs_fft: object,
    ) -> None:
        self.times = np.asarray(times, float)
        if self.times.shape != (ns,):
            raise ValueError(f"times must have shape ({ns},), got {self.times.shape}")
        self.nt, self.nr, self.ns, self.dt, self.shiftall = nt, nr, ns, float(dt), shiftall
        self.nttot = int(self.times.max() / dt + nt + 1) if nttot is None else int(nttot)
        nfft = (nt + 1,)
        self.transform = Fourier(
            (2,), nfft, nfft, (False,), (False,), real=True, realmodel=True, engine=engine_of(engine),
            options=kwargs_fft,
        )  # fmt: skip
        super().__init__(
            domain=Space.of((ns, nr, nt), dtype, chunks), codomain=Space.of((nr, self.nttot), dtype), clinear=False,
            compute=compute, name=name,
        )  # fmt: skip

    def _kernel(self, function: Callable[..., NDArray]) -> partial[NDArray]:
        (f,) = frequencies((self.nt + 1,), (self.dt,), True, (False,))
        return partial(function, transform=self.transform, f=f, dt=self.dt)

    def _matvec(self, x: da.Array) -> da.Array:
        x = x.rechunk({2: -1})
        times = da.from_array(self.times, chunks=(x.chunks[0],))
        kernel = partial(self._kernel(_blend), nttot=self.nttot)
        dtype = np.result_type(self.dtype, x.real.dtype)
        return contract(kernel, [(x, (0, 1, 2)), (times, (0,))], (1, 3), dtype, {3: self.nttot})

    def _rmatvec(self, y: da.Array) -> da.Array:
        chunks = self.domain.chunks
        times = da.from_array(self.times, chunks=(chunks[0] if chunks else "auto",))
        kernel = self._kernel(_deblend)
        dtype = np.result_type(self.dtype, y.real.dtype)
        operands = [(times, (0,)), (y.rechunk({1: -1}), (1, 3))]
        return self.domain.fit(contract(kernel, operands, (0, 1, 2), dtype, {2: self.nt}))


def shifted(traces: Array, late: Array, transform: Fourier, f: Array, dt: float, sign: int) -> Array:
    """Traces of each source shifted by that source's time, in the frequency domain."""
    y = transform(traces)
    y *= np.exp(sign * 2j * np.pi * late[:, None, None] * f).astype(y.dtype)
    return transform(y, adjoint=True)


def _past(times: Array, dt: float) -> Array:
    """Remainders of times past whole samples."""
    return np.asarray((times / dt - times // dt) * dt)


def _blend(x: Array, times: Array, transform: Fourier, f: Array, dt: float, nttot: int) -> Array:
    padded = np.pad(x.real, ((0, 0), (0, 0), (0, 1)))
    late = shifted(padded, _past(times, dt), transform, f, dt, -1)
    # Room at the end for the sample that only shots between samples use.
    y = np.zeros((x.shape[1], nttot + 1), late.dtype)
    for traces, start in zip(late, (times // dt).astype(int), strict=True):
        y[:, start : start + traces.shape[1]] += traces
    return y[:, :nttot]


def _deblend(times: Array, y: Array, transform: Fourier, f: Array, dt: float) -> Array:
    (n,) = transform.lengths
    y = np.pad(y.real, ((0, 0), (0, 1)))
    parts = np.stack([y[:, start : start + n] for start in (times // dt).astype(int)])
    return shifted(parts, _past(times, dt), transform, f, dt, 1)[:, :, :-1]


class _Groups(LinearOperator):
    """Sums of shots of a group, each shifted by its own time."""

    domain: Space
    axis = 1  # of the members in the model, of shape (groups, members) or (members, groups)

    narrow = (True, True)

    def __init__(
        self,
        nt: int,
        nr: int,
        ns: int,
        dt: float,
        times: ArrayLike,
        group_size: int,
        n_groups: int,
        nproc: int = 1,
        dtype: DTypeLike = "float64",
        name: str | None = "B",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
        engine: str = "numpy",
        **kwargs_fft: object,
    ) -> None:
        self.times = np.asarray(times, float)
        if self.times.shape != (group_size, n_groups) or ns != group_size * n_groups:
            raise ValueError(
                f"times must have shape (group_size, n_groups) = {(group_size, n_groups)} of {ns} sources, "
                f"got {self.times.shape}"
            )
        self.members, self.groups = group_size, n_groups
        realmodel = np.dtype(dtype).kind == "f"
        self.transform = Fourier(
            (2,), (nt,), (nt,), (False,), (False,), realmodel=realmodel, engine=engine_of(engine),
            options=kwargs_fft,
        )  # fmt: skip
        self.dt, self.nt = float(dt), nt
        super().__init__(
            domain=Space.of((ns, nr, nt), dtype, chunks), codomain=Space.of((n_groups, nr, nt), dtype),
            clinear=not realmodel, compute=compute, name=name,
        )  # fmt: skip

    def _matvec(self, x: da.Array) -> da.Array:
        if self.axis:
            sizes = multiples(x.chunks[0], self.members)
            x = x.rechunk({0: sizes, 2: -1})
            return self._map(x, _gathered, tuple(n // self.members for n in sizes))
        return self._map(rechunk_whole(x, (0, 2)), _gathered, (self.groups,))

    def _rmatvec(self, y: da.Array) -> da.Array:
        y = y.rechunk({2: -1}) if self.axis else rechunk_whole(y, (0, 2))
        return self.domain.fit(self._map(y, _scattered, tuple(n * self.members for n in y.chunks[0])))

    def _map(self, x: da.Array, function: Callable[..., NDArray], sizes: tuple[int, ...]) -> da.Array:
        """One task a chunk of whole groups."""
        kind = np.result_type(self.dtype, x.dtype if self.clinear else x.real.dtype)
        groups = sizes if function is _gathered else x.chunks[0]
        (f,) = frequencies((self.nt,), (self.dt,), False, (False,))
        settings = {"transform": self.transform, "f": f, "dt": self.dt}
        kernel = partial(
            function,
            settings=settings,
            times=self.times,
            starts=np.cumsum([0, *groups]).tolist(),
            axis=self.axis,
        )
        return x.map_blocks(
            _cast, kernel=kernel, kind=kind, chunks=(sizes, *x.chunks[1:]), dtype=kind,
            meta=np.empty((0, 0, 0), kind),
        )  # fmt: skip


def multiples(sizes: tuple[int, ...], n: int) -> tuple[int, ...]:
    """Chunks like ``sizes``, each a multiple of ``n``, as their sum is."""
    ends = np.unique(np.round(np.cumsum(sizes) / n).astype(int) * n)
    return tuple(np.diff([0, *ends[ends > 0]]).tolist())


def _cast(block: Array, kernel: Callable[..., NDArray], kind: DType, block_id: tuple[int, ...]) -> Array:
    return np.asarray(kernel(block, index=block_id[0])).astype(kind, copy=False)


def _gathered(x: Array, index: int, settings: Settings, times: Array, starts: list[int], axis: int) -> Array:
    """Sums of the shots of each group of a chunk."""
    part = times[:, starts[index] : starts[index + 1]]
    late = part.T if axis else part
    y = shifted(x, late.ravel(), **settings, sign=-1)
    return np.asarray(y.reshape((*late.shape, *x.shape[1:])).sum(axis=axis))


def _scattered(y: Array, index: int, settings: Settings, times: Array, starts: list[int], axis: int) -> Array:
    """The recording of each group for all its shots."""
    part = times[:, starts[index] : starts[index + 1]]
    late = part.T if axis else part
    x = np.stack([y] * len(times), axis=axis).reshape(-1, *y.shape[1:])
    return shifted(x, late.ravel(), **settings, sign=1)


class BlendingGroup(_Groups):
    r"""Recordings of groups of shots that follow each other in the model.

    Forward :math:`d(g, r, t) = \sum_j m(g n + j, r, t - t_{jg})` with :math:`n` shots in a group, adjoint
    :math:`m(g n + j, r, t) = d(g, r, t + t_{jg})`; what leaves a trace at its end comes in at its start.

    Parameters
    ----------
    nt, nr, ns : int
        Number of time samples, receivers and sources; the model is ``(ns, nr, nt)``.
    dt : float
        Time sampling.
    times : array_like
        Firing times within the group, of shape ``(group_size, n_groups)``.
    group_size, n_groups : int
        Number of sources of a group, and of groups; the data are ``(n_groups, nr, nt)``.
    nproc : int, optional
        Taken for compatibility: Dask's scheduler runs groups in parallel.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    **kwargs_fft
        Engine and keyword arguments of :class:`~pylops_distributed.signalprocessing.Shift`.

    Raises
    ------
    ValueError
        If ``times`` or ``ns`` does not fit the groups.

    See Also
    --------
    pylops.waveeqprocessing.BlendingGroup : the local operator.

    References
    ----------
    .. [1] Berkhout, A. J., 2008, Changing the mindset in seismic data acquisition: The Leading Edge, 27,
       924-938, doi:10.1190/1.2954035.

    Examples
    --------
    >>> from pylops_distributed.waveeqprocessing.blending import BlendingGroup
    >>> BlendingGroup(4, 3, 6, 0.004, [[0.0] * 3, [0.008] * 3], 2, 3).dimsd
    (3, 3, 4)
    """

    axis = 1


class BlendingHalf(_Groups):
    r"""Recordings of groups of shots that lie one after every ``n_groups`` in the model.

    Forward :math:`d(g, r, t) = \sum_j m(j N + g, r, t - t_{jg})` with :math:`N` groups, adjoint
    :math:`m(j N + g, r, t) = d(g, r, t + t_{jg})`; what leaves a trace at its end comes in at its start.

    Parameters
    ----------
    nt, nr, ns : int
        Number of time samples, receivers and sources; the model is ``(ns, nr, nt)``.
    dt : float
        Time sampling.
    times : array_like
        Firing times within the group, of shape ``(group_size, n_groups)``.
    group_size, n_groups : int
        Number of sources of a group, and of groups; the data are ``(n_groups, nr, nt)``.
    nproc, dtype, name, chunks, compute, **kwargs_fft : optional
        As of :class:`BlendingGroup`.

    Raises
    ------
    ValueError
        If ``times`` or ``ns`` does not fit the groups.

    See Also
    --------
    pylops.waveeqprocessing.BlendingHalf : the local operator.

    References
    ----------
    .. [1] Berkhout, A. J., 2008, Changing the mindset in seismic data acquisition: The Leading Edge, 27,
       924-938, doi:10.1190/1.2954035.

    Examples
    --------
    >>> from pylops_distributed.waveeqprocessing.blending import BlendingHalf
    >>> BlendingHalf(4, 3, 6, 0.004, [[0.0] * 3, [0.008] * 3], 2, 3).dimsd
    (3, 3, 4)
    """

    axis = 0
