"""Fourier transforms of chunked arrays, as PyLops scales, shifts, cuts and pads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from logging import getLogger
from math import prod, sqrt
from typing import Any, Literal, TypeAlias, TypeVar
from warnings import warn

import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise import Array, BlockwiseOperator
from pylops_distributed.blockwise.arguments import (
    axes_of,
    complex_type,
    engine_among,
    one_of,
    real_type,
    shape_of,
)
from pylops_distributed.blockwise.separable import SeparableRule
from pylops_distributed.registry import import_on_use
from pylops_distributed.vectors.types import ArrayLike, ChunksLike, DType, NDArray

T = TypeVar("T")
Norm: TypeAlias = Literal["ortho", "none", "1/n"]
Engine: TypeAlias = Literal["numpy", "scipy", "fftw", "mkl_fft"]

# What SciPy calls the scaling: (of the forward, of the inverse used as adjoint).
NORMS = {"ortho": ("ortho", "ortho"), "none": ("backward", "forward"), "1/n": ("forward", "backward")}
# NumPy's transforms are SciPy's, of the same precision as their input.
ENGINES = {
    "numpy": "scipy.fft",
    "scipy": "scipy.fft",
    "fftw": "pyfftw.interfaces.scipy_fft",
    "mkl_fft": "mkl_fft.interfaces.scipy_fft",
}
logger = getLogger(__name__)


@dataclass(frozen=True)
class Fourier:
    """A discrete Fourier transform of NumPy blocks along some axes.

    Attributes
    ----------
    axes : tuple of int
        Axes to transform, the real one last.
    lengths : tuple of int
        Number of model samples along each of the axes.
    nffts : tuple of int
        Number of samples that are transformed: zeros are added, or samples cut off, at the end.
    before, after : tuple of bool
        Whether to move the middle of the axis to its start before, or the reverse after the transform.
    norm : {"ortho", "none", "1/n"}
        Scaling of forward and adjoint.
    real : bool
        Keep only the frequencies from zero along the last of the axes, scaled by the square root of two but
        for zero and Nyquist, so that the adjoint is exact.
    realmodel : bool
        The model is real.
    engine : str
        Which library transforms.
    options : mapping
        Keyword arguments of the library's functions.
    """

    axes: tuple[int, ...]
    lengths: tuple[int, ...]
    nffts: tuple[int, ...]
    before: tuple[bool, ...]
    after: tuple[bool, ...]
    norm: str = "ortho"
    real: bool = False
    realmodel: bool = False
    engine: str = "numpy"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def anchor(self) -> int | None:
        """The axis to transform first, and last by the adjoint: the one along which real becomes complex."""
        return self.axes[-1] if self.real or self.realmodel else None

    def sizes(self, adjoint: bool = False) -> dict[int, int]:
        """Length of each of the axes after the transform or its adjoint."""
        ends = list(self.lengths if adjoint else self.nffts)
        if self.real and not adjoint:
            ends[-1] = ends[-1] // 2 + 1
        return dict(zip(self.axes, ends, strict=True))

    def inner(self, dtype: DType) -> DType:
        """Type between two factors of the transform, where the result has type ``dtype``."""
        return complex_type(dtype)

    def only(self, axes: tuple[int, ...]) -> Fourier:
        """The factor of the transform that acts along some of its axes."""
        kept = [i for i, a in enumerate(self.axes) if a in axes]
        last = self.axes[-1] in axes

        def pick(values: tuple[T, ...]) -> tuple[T, ...]:
            return tuple(values[i] for i in kept)

        return replace(
            self, axes=pick(self.axes), lengths=pick(self.lengths), nffts=pick(self.nffts),
            before=pick(self.before), after=pick(self.after), real=self.real and last,
            realmodel=self.realmodel and last,
        )  # fmt: skip

    def __call__(self, block: Array, adjoint: bool = False) -> Array:
        """The transform of a block, or the adjoint transform."""
        return self.adjoint(block) if adjoint else self.forward(block)

    def forward(self, block: Array) -> Array:
        """The transform of a block."""
        fft = import_on_use(ENGINES[self.engine])
        x = _shift(fft.ifftshift, block, self.axes, self.before)
        x = x.real if self.realmodel else x
        function = fft.rfftn if self.real else fft.fftn
        y: Array = function(x, s=self.nffts, axes=self.axes, norm=NORMS[self.norm][0], **self.options)
        if self.real:
            y[self._doubled(y.ndim)] *= sqrt(2)
        return _shift(fft.fftshift, y, self.axes, self.after)

    def adjoint(self, block: Array) -> Array:
        """The adjoint transform of a block."""
        fft = import_on_use(ENGINES[self.engine])
        y = _shift(fft.ifftshift, block, self.axes, self.after)
        if self.real:
            y = np.array(y, np.result_type(y.dtype, np.complex64))
            y[self._doubled(y.ndim)] /= sqrt(2)
        function = fft.irfftn if self.real else fft.ifftn
        x: Array = function(y, s=self.nffts, axes=self.axes, norm=NORMS[self.norm][1], **self.options)
        x = self._fit(x.real if self.realmodel else x)
        return np.ascontiguousarray(_shift(fft.fftshift, x, self.axes, self.before))

    def _doubled(self, ndim: int) -> tuple[slice, ...]:
        """The frequencies that stand for their negative ones too."""
        index = [slice(None)] * ndim
        index[self.axes[-1]] = slice(1, 1 + (self.nffts[-1] - 1) // 2)
        return tuple(index)

    def _fit(self, x: Array) -> Array:
        """Cut off, or add as zeros, what the model has less or more than the transform."""
        pads, index = [(0, 0)] * x.ndim, [slice(None)] * x.ndim
        for axis, n, nfft in zip(self.axes, self.lengths, self.nffts, strict=True):
            pads[axis], index[axis] = (0, max(0, n - nfft)), slice(n)
        x = x[tuple(index)]
        return np.pad(x, pads) if np.any(pads) else x


class FourierOperator(BlockwiseOperator):
    """Base of the Fourier transforms along one, two or more axes.

    Parameters
    ----------
    dims : tuple of int
        Shape of the model.
    axes : tuple of int
        Axes to transform, the real one last.
    nffts, before, after, sampling : sequence
        For each of the axes: number of samples of the transform (None for as many as the model has), whether
        to shift before and after it, and distance of model samples.
    norm, real, engine, options : optional
        See :class:`Fourier`.
    dtype : dtype, optional
        Type of the model.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    fs : tuple of numpy.ndarray
        Frequencies along each of the axes.
    sampling : tuple of float
        Distance of model samples along each of the axes.
    doifftpad : bool
        Whether the transform cuts samples off the model, which are zeros for the adjoint.
    naxes : int
        Number of axes that are transformed.
    rdtype, cdtype : dtype
        Types of model and data.
    """

    follows = (True, True)

    def __init__(
        self,
        dims: int | Iterable[int],
        axes: Iterable[int],
        nffts: object,
        sampling: object,
        norm: str,
        real: bool,
        before: object,
        after: object,
        engine: str,
        dtype: DTypeLike,
        name: str | None,
        chunks: ChunksLike,
        compute: tuple[bool, bool],
        options: Mapping[str, object],
    ) -> None:
        model = shape_of(dims)
        self.axes = axes_of(axes, model)
        lengths = tuple(model[a] for a in self.axes)
        lengths_asked = each("nffts", nffts, self.axes)
        self.nffts = tuple(int(n or m) for n, m in zip(lengths_asked, lengths, strict=True))
        self.ifftshift_before: Any = each("ifftshift_before", before, self.axes)
        self.fftshift_after: Any = each("fftshift_after", after, self.axes)
        self.norm, self.real, self.engine = (
            one_of("norm", norm.lower(), tuple(NORMS)),
            real,
            engine_of(engine),
        )
        _advise(self.axes, lengths, self.nffts, real, self.fftshift_after)
        self.rdtype = real_type(dtype) if real else np.dtype(dtype)
        self.cdtype = complex_type(dtype)
        realmodel = self.rdtype.kind == "f"
        self.transform = Fourier(
            self.axes, lengths, self.nffts, self.ifftshift_before, self.fftshift_after, self.norm, real, realmodel,
            self.engine, options,
        )  # fmt: skip
        self.sampling: Any = each("sampling", sampling, self.axes)
        self.naxes = len(self.axes)
        self.doifftpad = any(n < m for n, m in zip(self.nffts, lengths, strict=True))
        self.fs = frequencies(self.nffts, self.sampling, real, self.fftshift_after)
        dimsd = tuple(self.transform.sizes().get(a, n) for a, n in enumerate(model))
        super().__init__(
            SeparableRule(self.transform), SeparableRule(self.transform, adjoint=True), model, dimsd, dtype=self.cdtype,
            dtypes=(self.rdtype, self.cdtype), clinear=not realmodel, chunks=chunks, compute=compute, name=name,
        )  # fmt: skip

    def div(self, y: object, niter: int = 100, densesolver: str = "scipy") -> ArrayLike:
        """The inverse transform, the scaled adjoint, laid out as that; needs neither ``niter`` nor ``densesolver``."""
        n = prod(self.nffts)
        x: ArrayLike = (self.H @ y) * {"ortho": 1.0, "none": 1.0 / n, "1/n": float(n)}[self.norm]
        return x


def each(name: str, value: object, axes: tuple[int, ...]) -> tuple[Any, ...]:
    """One value for each of the axes, from one for all or as many.

    Raises
    ------
    ValueError
        If there are not as many values as axes.
    """
    values = tuple(value) if isinstance(value, Iterable) else (value,) * len(axes)
    if len(values) != len(axes):
        raise ValueError(f"{name} must be one value or {len(axes)}, one for each of the axes, got {value}")
    return values


def frequencies(
    nffts: tuple[int, ...], sampling: tuple[float, ...], real: bool, after: tuple[bool, ...]
) -> tuple[Array, ...]:
    """Frequencies along each axis of a transform, in cycles per unit of its sampling."""
    fs = []
    for i, (n, step, shift) in enumerate(zip(nffts, sampling, after, strict=True)):
        f = np.fft.rfftfreq(n, step) if real and i == len(nffts) - 1 else np.fft.fftfreq(n, step)
        fs.append(np.fft.fftshift(f) if shift else f)
    return tuple(fs)


def _advise(
    axes: tuple[int, ...],
    lengths: tuple[int, ...],
    nffts: tuple[int, ...],
    real: bool,
    after: tuple[bool, ...],
) -> None:
    """Warn of what PyLops warns of: samples that are cut off, frequencies out of order."""
    if len(set(axes)) < len(axes):
        raise ValueError(f"axes must be different, got {axes}")
    if any(nfft < n for nfft, n in zip(nffts, lengths, strict=True)):
        warn(
            f"nfft {nffts} is shorter than the model, {lengths}: the samples past it do not count",
            stacklevel=4,
        )
    if real and after[-1]:
        warn("fftshift_after moves the frequencies of a real transform, which are all positive", stacklevel=4)


def engine_of(engine: str) -> str:
    """The engine, or "numpy" for one that is not installed.

    Raises
    ------
    ValueError
        If the engine is unknown.
    """
    engine_among(engine, tuple(ENGINES))
    package = ENGINES[engine].split(".")[0]
    if find_spec(package) is None:
        logger.warning("%s is not installed: SciPy transforms instead", package)
        return "numpy"
    return engine


def _shift(
    function: Callable[..., NDArray], x: Array, axes: tuple[int, ...], flags: tuple[bool, ...]
) -> Array:
    along = [a for a, flag in zip(axes, flags, strict=True) if flag]
    return np.asarray(function(x, axes=along)) if along else x
