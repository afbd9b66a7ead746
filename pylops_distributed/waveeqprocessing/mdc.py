"""Multi-dimensional convolution."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from logging import getLogger
from math import prod, sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.typing import Key

from pylops_distributed import tuning
from pylops_distributed.blockwise.arguments import complex_type, real_type
from pylops_distributed.blockwise.contraction import contract
from pylops_distributed.blockwise.rechunk import split_longest_axis
from pylops_distributed.compat.dask import Task, TaskRef
from pylops_distributed.linearoperator.held_arrays import as_chunked, as_held
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.signalprocessing.fourier import Engine, engine_of
from pylops_distributed.signalprocessing.fredholm1 import multiply_slices
from pylops_distributed.vectors.pieces import pieces_of, share_out
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ArrayLike, ChunksLike, DType, NDArray
from pylops_distributed.waveeqprocessing.spectra import Spectra, to_frequencies, to_times

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array

logger = getLogger(__name__)


class MDC(LinearOperator):
    r"""Convolution in time, and sum over receivers, with a kernel given in the frequency domain.

    With the Fourier transform :math:`\mathcal F` in time, of :math:`n_t` samples,

    .. math::
        y(t, s, v) = \sqrt{n_t}\,\Delta t\,\Delta r\; \mathcal F^{-1}
            \sum_r G(f, s, r)\, \mathcal F x(t, r, v), \qquad
        x(t, r, v) = \sqrt{n_t}\,\Delta t\,\Delta r\; \mathcal F^{-1}
            \sum_s G^*(f, s, r)\, \mathcal F y(t, s, v)

    Frequencies from ``nfmax`` on count as zero. One task a chunk of the model transforms it, one a chunk of
    the kernel multiplies, one a chunk of the data transforms back. The kernel is neither copied, scaled,
    transposed nor conjugated; single precision stays single.

    Parameters
    ----------
    G : array
        Kernel of shape ``(nfmax, ns, nr)``, frequencies from zero in steps of ``1 / (nt * dt)``. NumPy, Dask
        and Zarr arrays are read only when computing. Chunks of frequencies are fastest.
    nt : int
        Number of time samples of model and data; for ``twosided`` an odd number, zero time in the middle.
    nv : int
        Number of virtual sources.
    dt, dr : float, optional
        Sampling of time and of receivers.
    twosided : bool, optional
        The model has negative and positive times.
    fftengine : {"numpy", "scipy", "fftw", "mkl_fft"}, optional
        Library that transforms; see :class:`~pylops_distributed.signalprocessing.FFT`.
    saveGt, usematmul : bool, optional
        Taken for compatibility; see :class:`~pylops_distributed.signalprocessing.Fredholm1`.
    conj : bool, optional
        Use the complex conjugate of the kernel.
    prescaled : bool, optional
        The kernel includes the factor :math:`\sqrt{n_t}\,\Delta t\,\Delta r` already.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, of shape ``(nt, nr, nv)``, as Dask takes them; default time whole, receivers in
        as many chunks as the kernel has along frequency. Time is never cut.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    **kwargs_fft
        Keyword arguments of the library's functions, such as ``workers``.

    Attributes
    ----------
    G : dask.array.Array
        The kernel, of that shape.

    Raises
    ------
    ValueError
        If ``nt`` is even and the model is ``twosided``, or ``G`` does not have three axes.

    See Also
    --------
    pylops.waveeqprocessing.MDC : the local operator.

    References
    ----------
    .. [1] Wapenaar, K., et al., 2011, Seismic interferometry by crosscorrelation and by multidimensional
       deconvolution: a systematic comparison: Geophysical Journal International, 185, 1335-1364,
       doi:10.1111/j.1365-246X.2011.05007.x.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.waveeqprocessing.mdc import MDC
    >>> M = MDC(da.ones((4, 5, 6), chunks=(2, 5, 6), dtype="complex64"), nt=9, nv=1)
    >>> y = M @ da.ones((9, 6, 1), dtype="float32")
    >>> y.dtype, y.chunks
    (dtype('float32'), ((9,), (3, 2), (1,)))
    """

    workspace = 2.0
    narrow = (True, True)
    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        G: ArrayLike,
        nt: int,
        nv: int,
        dt: float = 1.0,
        dr: float = 1.0,
        twosided: bool = True,
        fftengine: Engine = "numpy",
        saveGt: bool = True,
        conj: bool = False,
        usematmul: bool = False,
        prescaled: bool = False,
        name: str | None = "M",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
        **kwargs_fft: Any,
    ) -> None:
        self.G, nt, nv = _kernel(G, nt), int(nt), int(nv)
        if twosided and nt % 2 == 0:
            raise ValueError(f"nt must be odd with twosided, zero time being in the middle, got {nt}")
        self.conjugate, self.twosided = conj, twosided
        scale = 1.0 if prescaled else float(dr) * float(dt) * sqrt(nt)
        engine = engine_of(kwargs_fft.pop("engine", fftengine))
        self.spectra = Spectra(nt, self.G.shape[0], scale, engine, kwargs_fft)
        _, ns, nr = self.G.shape
        pieces, kind = self.chunked.numblocks[0], real_type(self.G.dtype)
        domain = Space.of(
            (nt, nr, nv), kind, (nt, split_longest_axis(nr, pieces), nv) if chunks is None else chunks
        )
        assert domain.chunks is not None
        _, receivers, sources = domain.chunks
        domain = Space(domain.shape, kind, ((nt,), receivers, sources))
        codomain = Space((nt, ns, nv), kind, ((nt,), split_longest_axis(ns, len(receivers)), sources))
        super().__init__(domain=domain, codomain=codomain, clinear=False, compute=compute, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        return self._convolve(x, adjoint=False)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._convolve(y, adjoint=True)

    @property
    def chunked(self) -> da.Array:
        """The kernel as a Dask array, of shape ``(nfmax, ns, nr)``."""
        return as_chunked(self, self.G)

    def _on_numpy(self, x: NDArray, adjoint: bool, kind: DType) -> NDArray:
        """The convolution of a NumPy array, frequencies shared out to threads."""
        held: Any = self.G
        ckind = complex_type(kind)
        spectra = to_frequencies(x, self.spectra, self.twosided and not adjoint, kind)
        images = np.empty((self.spectra.nf, self.G.shape[2 if adjoint else 1], x.shape[2]), ckind)

        def multiply(rows: slice) -> None:
            images[rows] = multiply_slices(held[rows], spectra[rows], adjoint, self.conjugate)

        share_out(multiply, pieces_of(self.spectra.nf, self.G.nbytes))
        return to_times(images, self.spectra, self.twosided and adjoint, kind)

    def _convolve(self, x: da.Array, adjoint: bool) -> da.Array:
        space = self.domain if adjoint else self.codomain
        assert isinstance(space, Space)
        kind = np.result_type(space.dtype, real_type(x.dtype))
        if isinstance(x, np.ndarray):
            return self._on_numpy(x, adjoint, kind)
        spectrum = self.spectra.nf * prod(max(c) for c in x.chunks[1:]) * complex_type(kind).itemsize
        G = self.chunked
        whole = G.numblocks[1:] == (1, 1)
        small = spectrum <= tuning.nbytes("waveeqprocessing.whole-spectrum")
        if whole and (small or G.numblocks[0] == 1):
            return self._fused(x, space, adjoint, kind)
        return self._rechunked(x, space, adjoint, kind)

    def _fused(self, x: da.Array, space: Space, adjoint: bool, kind: DType) -> da.Array:
        """Tasks that pick what they need of all chunks before them."""
        assert space.chunks is not None
        G = self.chunked
        grid = [tuple(range(len(c))) for c in (G.chunks[0], x.chunks[1], space.chunks[1], x.chunks[2])]
        token = tokenize(self, x.name, adjoint)
        spec, part, name = f"spectrum-{token}", f"product-{token}", f"convolve-{token}"
        flags = {"adjoint": adjoint, "conj": self.conjugate}
        lows, firsts = (np.cumsum([0, *c]).tolist() for c in (G.chunks[0], space.chunks[1]))
        tasks: dict[Any, Any] = {}

        def add(key: Key, function: Callable[..., NDArray], *keys: Key, **options: Any) -> None:
            tasks[key] = Task(key, function, *map(TaskRef, keys), **options)

        for v in grid[3]:
            for r in grid[1]:
                add((spec, r, v), to_frequencies, (x.name, 0, r, v), spectra=self.spectra,
                    shift=self.twosided and not adjoint, kind=kind)  # fmt: skip
            for f in grid[0]:
                add((part, f, v), _multiply, (G.name, f, 0, 0), *((spec, r, v) for r in grid[1]),
                    rows=slice(lows[f], lows[f + 1]), **flags)  # fmt: skip
            for s in grid[2]:
                add((name, 0, s, v), _to_times, *((part, f, v) for f in grid[0]), spectra=self.spectra,
                    columns=slice(firsts[s], firsts[s + 1]), shift=self.twosided and adjoint, kind=kind)  # fmt: skip
        graph = HighLevelGraph.from_collections(name, tasks, dependencies=[x, G])
        return da.Array(graph, name, space.chunks, meta=np.empty((0,) * 3, kind))

    def _rechunked(self, x: da.Array, space: Space, adjoint: bool, kind: DType) -> da.Array:
        """Spectra cut in pieces, so that each chunk of the kernel gets only what it needs."""
        assert space.chunks is not None
        inner, outer = ((0, 1, 3), (0, 2, 3)) if adjoint else ((0, 2, 3), (0, 1, 3))
        kernel = partial(multiply_slices, adjoint=adjoint, conj=self.conjugate)
        nf, shift, ckind = self.spectra.nf, self.twosided, complex_type(kind)
        spectra = x.map_blocks(
            to_frequencies, spectra=self.spectra, shift=shift and not adjoint, kind=ckind, dtype=ckind,
            chunks=((nf,), *x.chunks[1:]), meta=np.empty((0,) * 3, ckind),
        )  # fmt: skip
        y = contract(kernel, [(self.chunked, (0, 1, 2)), (spectra, inner)], outer, ckind).rechunk(
            (nf, *space.chunks[1:])
        )
        return y.map_blocks(
            to_times, spectra=self.spectra, shift=shift and adjoint, kind=kind, dtype=kind,
            chunks=space.chunks, meta=np.empty((0,) * 3, kind),
        )  # fmt: skip


def _kernel(G: object, nt: int) -> da.Array:
    """The kernel without frequencies that traces of ``nt`` samples do not have."""
    kernel = as_held(G)
    if kernel.ndim != 3:
        raise ValueError(f"G must have three axes, got an array of shape {kernel.shape}")
    most = nt // 2 + 1
    if kernel.shape[0] > most:
        logger.warning("G has %d frequencies: only the first %d count for nt=%d", len(kernel), most, nt)
    return kernel[:most]


def _multiply(g: Array, *spectra: Array, rows: slice, adjoint: bool, conj: bool) -> Array:
    """Product of a chunk of the kernel with its frequencies of all chunks of receivers, or of sources."""
    pieces = [s[rows] for s in spectra]
    return multiply_slices(
        g, pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1), adjoint, conj
    )


def _to_times(*parts: Array, columns: slice, spectra: Spectra, shift: bool, kind: DType) -> Array:
    """Traces of a chunk of sources, or of receivers, from all chunks of frequencies."""
    pieces = [p[:, columns] for p in parts]
    return to_times(pieces[0] if len(pieces) == 1 else np.concatenate(pieces), spectra, shift, kind)
