"""From time to frequencies and back, on NumPy blocks with time along the first axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import scipy.fft

from pylops_distributed.blockwise.arguments import complex_type, real_type
from pylops_distributed.blockwise.rechunk import rechunk_whole
from pylops_distributed.registry import import_on_use
from pylops_distributed.signalprocessing.fourier import ENGINES
from pylops_distributed.vectors.types import DType

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


@dataclass(frozen=True)
class Spectra:
    """The lowest frequencies of real traces.

    Attributes
    ----------
    nt, nf : int
        Number of time samples, and of frequencies that are kept.
    scale : float
        Factor of the transform to frequencies, which is not scaled otherwise.
    engine : str
        Which library transforms.
    options : mapping
        Keyword arguments of the library's functions.
    """

    nt: int
    nf: int
    scale: float = 1.0
    engine: str = "numpy"
    options: Mapping[str, Any] = field(default_factory=dict)


def to_frequencies(block: Array, spectra: Spectra, shift: bool, kind: DType) -> Array:
    """Spectra, scaled, of the real part of traces, whose middle is zero time if ``shift``."""
    fft = import_on_use(ENGINES[spectra.engine])
    x = block.real.astype(real_type(kind), copy=False)
    x = fft.ifftshift(x, axes=0) if shift else x
    y = fft.rfft(x, axis=0, **spectra.options)[: spectra.nf]
    if spectra.scale != 1:
        y *= spectra.scale
    return np.asarray(y, complex_type(kind))


def to_times(block: Array, spectra: Spectra, shift: bool, kind: DType) -> Array:
    """Traces of spectra, with the origin moved to the middle if ``shift``."""
    fft = import_on_use(ENGINES[spectra.engine])
    y = fft.irfft(block, n=spectra.nt, axis=0, **spectra.options)
    return np.asarray(fft.fftshift(y, axes=0) if shift else y).astype(real_type(kind), copy=False)


def kernel_of(traces: da.Array, nt: int, nf: int) -> da.Array:
    """The ``nf`` lowest frequencies of traces with time last, as a kernel: in front, and in chunks.

    Traces of fewer than ``nt`` samples are the end of a record that is zero before.
    """
    if isinstance(traces, np.ndarray):
        kernel: da.Array = np.ascontiguousarray(np.moveaxis(_spectra(traces, nt, nf), 2, 0))
        return kernel
    traces = rechunk_whole(traces, (2,))
    kind = complex_type(traces.dtype)
    spectra = traces.map_blocks(
        _spectra, nt=nt, nf=nf, chunks=(*traces.chunks[:2], (nf,)), dtype=kind, meta=np.empty((0, 0, 0), kind)
    )
    return rechunk_whole(da.moveaxis(spectra, 2, 0), (1, 2))


def _spectra(block: Array, nt: int, nf: int) -> Array:
    padded = np.pad(block, ((0, 0), (0, 0), (nt - block.shape[2], 0)))
    return np.ascontiguousarray(scipy.fft.rfft(padded, axis=2)[:, :, :nf])
