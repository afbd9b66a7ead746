"""The registry of operators: each public one in a few settings, beside its twin in PyLops."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import dask.array as da
import numpy as np
import pylops
import scipy.sparse as sp
from pylops.utils.wavelets import ricker

import pylops_distributed as pld

DTYPES = ("f4", "f8", "c8", "c16")


@dataclass(frozen=True)
class Case:
    """An operator to test.

    ``make(library, dtype)`` builds it with either library, for each of ``dtypes``. ``tasks`` are the most tasks
    that forward and adjoint may take for each chunk of the side that has more of them. A ``constant`` operator
    does not look at its input.
    """

    name: str
    make: Callable
    tasks: tuple[int, int] = (4, 4)
    constant: bool = False
    dtypes: tuple[str, ...] = DTYPES

    @property
    def usual(self):
        """The type for tests that take one."""
        return "f8" if "f8" in self.dtypes else self.dtypes[-1]

    def ours(self, dtype):
        return self.make(pld, np.dtype(dtype))

    def twin(self, dtype):
        with warnings.catch_warnings():  # PyLops warns about PyLops
            warnings.simplefilter("ignore")
            return self.make(pylops, np.dtype(dtype))


def samples(shape, dtype, seed=0):
    """Normal samples, complex if ``dtype`` is."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def precision(dtype):
    """Tolerance relative to norms."""
    return 1e-6 if np.finfo(dtype).bits == 32 else 1e-12


def given(name, operator, *args, **options):
    """Case of a class of ``library`` that takes the same arguments in both."""
    tasks = options.pop("tasks", (4, 4))
    constant = options.pop("constant", False)
    dtypes = options.pop("dtypes", DTYPES)

    def make(library, dtype):
        cls = library
        for part in operator.split("."):
            cls = getattr(cls, part)
        return cls(*args, dtype=dtype, **options)

    return Case(f"{operator}-{name}", make, tasks, constant, dtypes)


def held(name, build, tasks=(4, 4), dtypes=DTYPES):
    """Case of an operator that holds arrays: ``build(library, dtype, chunked)``."""

    def make(library, dtype):
        def chunked(array, chunks):
            return da.from_array(array, chunks=chunks) if library is pld else array

        return build(library, dtype, chunked)

    return Case(name, make, tasks, dtypes=dtypes)


def _matrix(library, dtype, chunked, shape=(9, 7), chunks=(4, 3), **options):
    return library.MatrixMult(chunked(samples(shape, dtype), chunks), dtype=dtype, **options)


def _sparse(library, dtype, chunked):
    A = samples((9, 7), dtype) * (np.random.default_rng(1).random((9, 7)) < 0.3)
    return library.MatrixMult(sp.csr_matrix(A), otherdims=(4,), dtype=dtype)


def _derivatives(library, dtype):
    return [library.FirstDerivative((8, 6), axis=0, dtype=dtype), library.Identity((8, 6), dtype=dtype)]


def _stack(kind, library, dtype, chunked):
    if kind == "mixed dims":
        return library.VStack([library.Identity(48, dtype=dtype), *_derivatives(library, dtype)])
    if kind == "local member":
        local = pylops.SecondDerivative((8, 6), axis=1, dtype=dtype)
        return library.VStack([*_derivatives(library, dtype), local, samples((3, 48), dtype)])
    return getattr(library, kind)([*_derivatives(library, dtype), library.Zero((8, 6), dtype=dtype)])


def _block(library, dtype, chunked):
    D, identity = _derivatives(library, dtype)
    return library.Block([[D, identity], [library.Zero((8, 6), dtype=dtype), 2 * D]])


def _blockdiag(library, dtype, chunked, last=True):
    return library.BlockDiag(
        [*_derivatives(library, dtype), library.Flip((8, 6) if last else 5, dtype=dtype)]
    )


def _convolve(library, dtype, chunked, n=5, offset=1, **options):
    h = samples(n, "f8", seed=3)
    return library.signalprocessing.Convolve1D((13, 6), h, offset=offset, axis=0, dtype=dtype, **options)


def _long_filter(library, dtype, chunked):
    return library.signalprocessing.Convolve1D(7, samples(12, "f8", seed=3), offset=2, dtype=dtype)


def _poststack(library, dtype, chunked, many=False, **options):
    wavelet = ricker(np.arange(5) * 0.004, f0=30)[0]
    if many:  # one wavelet for each time sample
        wavelet = wavelet * np.linspace(1, 2, 20)[:, None]
    modelling = library.avo.poststack.PoststackLinearModelling
    return modelling(wavelet.astype(dtype), nt0=20, spatdims=(3, 4), **options)


def _avo(library, dtype, chunked, vsvp=0.5, **options):
    return library.avo.avo.AVOLinearModelling(np.arange(0.0, 20, 5), vsvp, 8, 3, dtype=dtype, **options)


def _fredholm(library, dtype, chunked, nz=1, chunks=(2, 4, 3), **options):
    G = chunked(samples((5, 4, 3), dtype), chunks)
    return library.signalprocessing.Fredholm1(G, nz, dtype=dtype, **options)


def _real_kernel(library, dtype, chunked):
    G = chunked(samples((5, 4, 3), dtype).real, (2, 4, 2))
    return library.signalprocessing.Fredholm1(G, 2, dtype=dtype)


def _mdc(library, dtype, chunked, nt=13, nf=5, nv=2, chunks=(2, 4, 3), **options):
    G = chunked(samples((nf, 4, 3), np.result_type(dtype, "c8"), seed=4), chunks)
    return library.waveeqprocessing.MDC(G, nt, nv, **options)


def _interp(library, dtype, chunked, kind, axis=0, **options):
    iava = [0.5, 3.25, 9.75, 4.0, 11.1, 2.2] if axis == 0 else [4.5, 0.0, 1.25]
    return library.signalprocessing.Interp(DIMS, np.array(iava), axis, kind, dtype=dtype, **options)[0]


def _kronecker(library, dtype, chunked, kind="matrix"):
    A = library.MatrixMult(chunked(samples((3, 4), dtype), 2), dtype=dtype)
    if kind == "matrix":
        return library.Kronecker(A, library.MatrixMult(samples((5, 2), dtype), dtype=dtype), dtype=dtype)
    local = pylops.FirstDerivative(6, dtype=dtype)
    if kind == "local":
        return library.Kronecker(local, A, dtype=dtype)
    return library.Kronecker(A, library.FirstDerivative(6, dtype=dtype), dtype=dtype)


def _function(library, dtype, chunked):
    return library.FunctionOperator(np.negative, np.negative, 7, dtype=dtype)


def _curve(ix0, it0, nx=4):
    return ((it0 + np.arange(nx) + ix0) // 2).astype(float)


def _spread(library, dtype, chunked, fractions=False, fh=False):
    table = np.array([[_curve(i, t) for t in range(6)] for i in range(5)])
    table[2, 3, 1] = np.nan
    tables = [chunked(t, (2, 6, 2)) for t in (table, samples(table.shape, "f8") ** 2 % 1)[: 1 + fractions]]
    kwargs = {"fh": _curve} if fh else dict(zip(("table", "dtable"), tables, strict=False))
    return library.Spread((5, 6), (4, 8), **kwargs, dtype=dtype)


def _taps(shape):
    return samples(shape, "f8", seed=3)


def _directional(library, dtype, chunked, name="First", each=False, **options):
    shape = (2, *DIMS) if each else (2,)
    v = samples(shape, "f8", seed=5).astype(
        np.dtype(dtype).char.lower() if np.dtype(dtype).kind == "f" else "f8"
    )
    cls = getattr(library, f"{name}DirectionalDerivative")
    return cls(DIMS, chunked(v, (2, 3, 3)) if each else v, dtype=dtype, **options)


def _shifts(library, dtype, chunked, axis=0, **options):
    shift = samples(tuple(n for a, n in enumerate((7, 3, 4)) if a != axis), "f8", seed=6)
    return library.signalprocessing.Shift((7, 3, 4), chunked(shift, 2), axis=axis, dtype=dtype, **options)


TIME, OFFSETS, SLOWNESSES = np.arange(7) * 0.1, np.arange(5) * 10.0, np.linspace(-0.02, 0.03, 4)


def _radon(library, dtype, chunked, n=2, **options):
    axes = (TIME, OFFSETS, SLOWNESSES) if n == 2 else (TIME, OFFSETS, OFFSETS[:3], SLOWNESSES[:2], SLOWNESSES)
    return getattr(library.signalprocessing, f"Radon{n}D")(*axes, dtype=dtype, **options)


def _nonstationary(library, dtype, chunked, axis=0):
    return library.signalprocessing.NonStationaryConvolve1D(DIMS, _taps((2, 5)), (2, 9), axis, dtype=dtype)


DIMS = (13, 6)
PANEL = {"tasks": (6, 6), "dtypes": DTYPES[:2]}
TRANSFORM = {"engine": "scipy", "tasks": (6, 6)}

CASES = [
    held("Diagonal-same shape", lambda lib, t, chunked: lib.Diagonal(chunked(samples(DIMS, t), (4, 3)), dtype=t)),
    held("Diagonal-axis", lambda lib, t, chunked: lib.Diagonal(samples(13, t), dims=DIMS, axis=0, dtype=t)),
    held("Diagonal-chunked axis", lambda lib, t, chunked: lib.Diagonal(chunked(samples(6, t), 4), DIMS, dtype=t)),
    held("MatrixMult-1-D", _matrix),
    held("MatrixMult-otherdims", partial(_matrix, otherdims=(3, 2))),
    held("MatrixMult-sparse", _sparse),
    given("same", "Identity", DIMS, tasks=(1, 1)),
    given("longer data", "Identity", (15, 9), DIMS, tasks=(1, 1)),
    given("longer model", "Identity", 7, 13, tasks=(1, 1)),
    given("same", "Zero", DIMS, constant=True, tasks=(1, 1)),
    given("other", "Zero", (3, 4), DIMS, constant=True, tasks=(1, 1)),
    given("3-D", "Transpose", (5, 4, 7), (2, 0, 1), tasks=(1, 1)),
    given("1-D", "Flip", 13, tasks=(1, 1)),
    given("first", "Flip", DIMS, axis=0, tasks=(1, 1)),
    given("forward", "Roll", DIMS, axis=0, shift=5, tasks=(3, 3)),
    given("backward", "Roll", DIMS, shift=-1, tasks=(3, 3)),
    given("first", "Sum", DIMS, axis=0, tasks=(2, 1)),
    given("middle", "Sum", (5, 4, 7), axis=1, tasks=(2, 1)),
    given("1-D", "Pad", 13, (2, 5), tasks=(1, 1)),
    given("2-D", "Pad", DIMS, ((2, 0), (0, 3)), tasks=(1, 1)),
    given("sorted", "Restriction", DIMS, [0, 3, 4, 9, 12], axis=0, tasks=(2, 3)),
    given("any order", "Restriction", DIMS, [5, -1, 0, 5, 5, 7], axis=0, tasks=(2, 3)),
    given("all and some twice", "Restriction", DIMS, [*range(13), 1, 1, 0], axis=0, tasks=(2, 4)),
    given("last of three", "Restriction", (3, 4, 7), np.array([6, 1]), axis=-1, tasks=(2, 3)),
    *(held(f"VStack-{kind}", partial(_stack, kind)) for kind in ("mixed dims", "local member")),
    *(held(f"{kind}-N-D", partial(_stack, kind)) for kind in ("VStack", "HStack")),
    held("Block-2 by 2", _block, tasks=(6, 6)),
    held("BlockDiag-equal dims", _blockdiag),
    held("BlockDiag-other dims", partial(_blockdiag, last=False)),
    given("centered", "FirstDerivative", DIMS, axis=0, sampling=0.5),
    given("5 points", "FirstDerivative", DIMS, axis=0, order=5, edge=True),
    given("forward", "FirstDerivative", DIMS, kind="forward"),
    given("edge", "SecondDerivative", DIMS, axis=0, edge=True),
    given("backward", "SecondDerivative", 13, kind="backward"),
    given("two of three", "Laplacian", (5, 7, 6), axes=(0, 2), weights=(1.0, 2.0), edge=True),
    given("2-D", "Gradient", DIMS, sampling=(1.0, 0.5), edge=True),
    given("3-D", "Gradient", (5, 4, 7), kind="backward"),
    given("first", "Smoothing1D", 5, DIMS, axis=0),
    given("2-D", "Smoothing2D", (3, 5), DIMS),
    given("first and last", "Smoothing2D", (3, 3), (5, 4, 7), axes=(0, 2)),
    held("Convolve1D-short", _convolve),
    held("Convolve1D-long", partial(_convolve, n=11, offset=4)),
    held("Convolve1D-longer than the model", _long_filter),
    held("Convolve1D-fft", partial(_convolve, method="fft")),
    given("3-D", "SmoothingND", (3, 1, 5), (6, 4, 7), axes=(0, 1, 2)),
    held("FirstDirectionalDerivative-one", partial(_directional, edge=True)),
    held("FirstDirectionalDerivative-each", partial(_directional, each=True, kind="forward", sampling=0.5)),
    held("SecondDirectionalDerivative-one", partial(_directional, name="Second"), tasks=(7, 7)),
    held("SecondDirectionalDerivative-each", partial(_directional, name="Second", each=True), tasks=(7, 7)),
    *(given("2-D", name, DIMS, tasks=(1, 1), dtypes=DTYPES[2:]) for name in ("Real", "Imag")),
    given("2-D", "Conj", DIMS, tasks=(1, 1)),
    given("first", "Symmetrize", DIMS, axis=0, tasks=(3, 4)),
    given("1-D", "Symmetrize", 7, tasks=(3, 4)),
    given("first", "CausalIntegration", DIMS, axis=0, sampling=0.5, tasks=(2, 2)),
    given("half", "CausalIntegration", DIMS, kind="half", tasks=(2, 2)),
    given("trapezoidal", "CausalIntegration", (3, 7, 2), 1, kind="trapezoidal", tasks=(2, 2)),
    given("first left out", "CausalIntegration", 7, kind="trapezoidal", removefirst=True, tasks=(4, 4)),
    given("cubic", "Regression", np.linspace(-1, 1, 13), 3, dtypes=DTYPES[:2]),
    given("line", "LinearRegression", np.linspace(-1, 1, 13), dtypes=DTYPES[:2]),
    given("last", "signalprocessing.FFT", DIMS, **TRANSFORM),
    given("real", "signalprocessing.FFT", DIMS, axis=0, real=True, sampling=0.004, **TRANSFORM),
    given("even real", "signalprocessing.FFT", DIMS, real=True, norm="none", ifftshift_before=True, **TRANSFORM),
    given("longer", "signalprocessing.FFT", (3, 5, 7), axis=1, nfft=8, norm="1/n", fftshift_after=True, **TRANSFORM),
    given("longer real", "signalprocessing.FFT", 13, nfft=16, real=True, **TRANSFORM),
    given("last two", "signalprocessing.FFT2D", (3, 7, 6), **TRANSFORM),
    given("real", "signalprocessing.FFT2D", DIMS, axes=(1, 0), real=True, ifftshift_before=(True, False), **TRANSFORM),
    given("longer", "signalprocessing.FFT2D", DIMS, nffts=(16, None), norm="1/n", fftshift_after=True, tasks=(6, 6)),
    given("all", "signalprocessing.FFTND", (4, 5, 6), norm="none", fftshift_after=(True, False, False), **TRANSFORM),
    given("real", "signalprocessing.FFTND", (4, 5, 6), axes=(2, 0), nffts=(7, 8), real=True, **TRANSFORM),
    held("Fredholm1-slices", _fredholm, tasks=(6, 6)),
    held("Fredholm1-all cut", partial(_fredholm, nz=3, chunks=(2, 3, 2)), tasks=(6, 6)),
    held("Fredholm1-real", _real_kernel, tasks=(6, 6)),
    held("MDC-twosided", partial(_mdc, dt=0.004, dr=10.0), tasks=(6, 6), dtypes=DTYPES[:2]),
    held("MDC-onesided", partial(_mdc, nt=8, twosided=False, conj=True, prescaled=True), dtypes=DTYPES[:2]),
    held("MDC-all cut", partial(_mdc, chunks=(3, 3, 2), conj=True), tasks=(9, 9), dtypes=DTYPES[:2]),
    given("all", "signalprocessing.DCT", DIMS, tasks=(6, 6)),
    given("first of type 1", "signalprocessing.DCT", (5, 4, 7), type=1, axes=(0,), tasks=(3, 3)),
    held("Shift-each", _shifts, tasks=(6, 6)),
    held("Shift-real", partial(_shifts, axis=1, real=True, nfft=8, sampling=0.5), tasks=(6, 6), dtypes=DTYPES[:2]),
    given("one", "signalprocessing.Shift", DIMS, 1.5, axis=0, engine="scipy", tasks=(6, 6)),
    given("odd", "signalprocessing.Convolve2D", DIMS, _taps((3, 5)), offset=(1, 2)),
    given("even", "signalprocessing.Convolve2D", DIMS, _taps((4, 2)), offset=(3, 0), method="direct"),
    given("first and last", "signalprocessing.ConvolveND", (6, 4, 7), _taps((2, 3)), offset=(0, 1), axes=(0, 2)),
    given("all", "signalprocessing.ConvolveND", (6, 4, 7), _taps((3, 2, 3)), axes=None, method="auto"),
    held("Interp-nearest", partial(_interp, kind="nearest")),
    held("Interp-linear", partial(_interp, kind="linear", axis=1)),
    held("Interp-sinc", partial(_interp, kind="sinc"), tasks=(5, 5)),
    held("Interp-sparse sinc", partial(_interp, kind="sinc", tol=1e-2)),
    held("Interp-cubic_spline", partial(_interp, kind="cubic_spline"), tasks=(5, 5), dtypes=("f8", "c16")),
    *(
        given("last", f"signalprocessing.{name}", DIMS, [0.5, 3.25, 2.0], tasks=(5, 5), dtypes=("f8", "c16"))
        for name in ("InterpCubicSpline",)
    ),
    given("2-D", "signalprocessing.Bilinear", [[0.5, 11.2, 3.0], [4.75, 1.0, 2.5]], DIMS, tasks=(5, 5)),
    given("3-D", "signalprocessing.Bilinear", [[0.5, 5.2, 3.0], [2.75, 1.0, 2.5]], (7, 4, 3), tasks=(5, 5)),
    *(
        held(f"Kronecker-{kind}", partial(_kronecker, kind=kind), tasks=(40, 40))
        for kind in ("matrix", "local", "columns")
    ),
    held("FunctionOperator-negative", _function),
    held("Spread-table", _spread, tasks=(5, 5)),
    held("Spread-fractions", partial(_spread, fractions=True), tasks=(5, 5)),
    held("Spread-function", partial(_spread, fh=True), tasks=(5, 5)),
    held("Radon2D-linear", _radon, tasks=(5, 5)),
    held("Radon2D-whole samples", partial(_radon, interp=False, centeredh=False), tasks=(5, 5)),
    held("Radon2D-hyperbolic", partial(_radon, kind="hyperbolic"), tasks=(5, 5)),
    held("Radon3D-parabolic", partial(_radon, n=3, kind="parabolic"), tasks=(5, 5)),
    given("2-D", "signalprocessing.ChirpRadon2D", TIME, OFFSETS, 0.01, **PANEL),
    given("3-D", "signalprocessing.ChirpRadon3D", TIME, OFFSETS, OFFSETS[:3], (0.01, 0.02), **PANEL),
    given("2-D", "signalprocessing.FourierRadon2D", TIME, OFFSETS, SLOWNESSES, 8, flims=(1, 4), **PANEL),
    given("3-D", "signalprocessing.FourierRadon3D", TIME, *(OFFSETS[:3], SLOWNESSES[:2]) * 2, 8, **PANEL),
    given("8 traces", "signalprocessing.Seislet", samples((8, 6), "f8"), (1.0, 1.0), **PANEL),
    given("7 traces", "signalprocessing.Seislet", samples((7, 6), "f8"), (1.0, 0.5), kind="linear", level=2, **PANEL),
    held("NonStationaryConvolve1D-first", _nonstationary),
    *(
        held(f"PoststackLinearModelling-{name}", partial(_poststack, **options), dtypes=DTYPES[:2])
        for name, options in {
            "steps": {}, "matrix": {"explicit": True}, "forward": {"kind": "forward"}, "many": {"many": True},
            "sparse": {"explicit": True, "sparse": True},
        }.items()
    ),
    held("AVOLinearModelling-2-D", _avo),
    held("AVOLinearModelling-ratios", partial(_avo, vsvp=np.linspace(0.4, 0.6, 8), linearization="fatti")),
]  # fmt: skip
