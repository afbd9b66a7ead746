"""Cases of operators for signal processing."""

from functools import partial

import numpy as np
import pylops
from case import DIMS, DTYPES, given, held, samples

PANEL = {"tasks": (2, 2), "dtypes": DTYPES[:2]}
BUDGET = {"tasks": (3, 3), "rechunks": False}  # of Fourier transforms along chunked axes
TRANSFORM = {"engine": "scipy", **BUDGET}


def _convolve(library, dtype, chunked, n=5, offset=1, **options):
    h = samples(n, "f8", seed=3)
    return library.signalprocessing.Convolve1D((13, 6), h, offset=offset, axis=0, dtype=dtype, **options)


def _long_filter(library, dtype, chunked):
    return library.signalprocessing.Convolve1D(7, samples(12, "f8", seed=3), offset=2, dtype=dtype)


def _fredholm(library, dtype, chunked, nz=1, chunks=(2, 4, 3), **options):
    G = chunked(samples((5, 4, 3), dtype), chunks)
    return library.signalprocessing.Fredholm1(G, nz, dtype=dtype, **options)


def _real_kernel(library, dtype, chunked):
    G = chunked(samples((5, 4, 3), dtype).real, (2, 4, 2))
    return library.signalprocessing.Fredholm1(G, 2, dtype=dtype)


def _interp(library, dtype, chunked, kind, axis=0, **options):
    iava = [0.5, 3.25, 9.75, 4.0, 11.1, 2.2] if axis == 0 else [4.5, 0.0, 1.25]
    return library.signalprocessing.Interp(DIMS, np.array(iava), axis, kind, dtype=dtype, **options)[0]


def _taps(shape):
    return samples(shape, "f8", seed=3)


def _shifts(library, dtype, chunked, axis=0, **options):
    shift = samples(tuple(n for a, n in enumerate((7, 3, 4)) if a != axis), "f8", seed=6)
    return library.signalprocessing.Shift((7, 3, 4), chunked(shift, 2), axis=axis, dtype=dtype, **options)


TIME, OFFSETS, SLOWNESSES = np.arange(7) * 0.1, np.arange(5) * 10.0, np.linspace(-0.02, 0.03, 4)


def _radon(library, dtype, chunked, n=2, **options):
    axes = (TIME, OFFSETS, SLOWNESSES) if n == 2 else (TIME, OFFSETS, OFFSETS[:3], SLOWNESSES[:2], SLOWNESSES)
    return getattr(library.signalprocessing, f"Radon{n}D")(*axes, dtype=dtype, **options)


def _nonstationary(library, dtype, chunked, axis=0):
    return library.signalprocessing.NonStationaryConvolve1D(DIMS, _taps((2, 5)), (2, 9), axis, dtype=dtype)


def _windows(library, dtype, chunked, name, shape, inner="local", **options):
    """Windows of 4 samples that overlap by 2 along the first axes, of models of 3 samples."""
    k = {"Sliding1D": 1, "Sliding2D": 1, "Sliding3D": 2}.get(name, len(shape))
    counts = [(n - 4) // 2 + 1 for n in shape[:k]]
    rest = shape[k:]
    rows, columns = 4**k * int(np.prod(rest)), 3**k * int(np.prod(rest))
    lib = pylops if inner == "local" else library
    Op = lib.MatrixMult(samples((rows, columns), dtype, seed=7), dtype=dtype)
    if inner == "all":
        Op = library.BlockDiag([Op] * int(np.prod(counts)))
    dims = tuple(3 * c for c in counts) + rest
    one = {"dim": dims, "dimd": shape} if name == "Sliding1D" else {"dims": dims, "dimsd": shape}
    n, over = (4, 2) if k == 1 and name != "Patch1D" else ((4,) * k, (2,) * k)
    nop = {"nop": (3,) * k + rest} if k > 1 else {}
    build = getattr(library.signalprocessing, name)
    return build(Op, **one, nwin=n, nover=over, **nop, **options)


def _filters(library, dtype, chunked, n=1):
    inp = chunked(samples(DIMS[:n] if n == 2 else 13, dtype, seed=8), (4, 3)[:n])
    if n == 1:
        return library.signalprocessing.NonStationaryFilters1D(inp, 5, (2, 7), dtype=dtype)
    return library.signalprocessing.NonStationaryFilters2D(inp, (3, 5), (2, 7, 12), (1, 4), dtype=dtype)


SIGNAL = [
    given("last", "signalprocessing.DWT", DIMS, wavelet="db2", tasks=(2, 2)),
    given("first", "signalprocessing.DWT", DIMS, axis=0, level=2, tasks=(2, 2)),
    given("first and last", "signalprocessing.DWT2D", (5, 3, 7), axes=(0, 2), level=2),
    given("all", "signalprocessing.DWTND", (5, 3, 7), tasks=(1, 1)),
    given("complex", "signalprocessing.UDCT", (16, 16), transform_kind="complex", tasks=(1, 1), dtypes=DTYPES[3:]),
    given("real", "signalprocessing.UDCT", (16, 16), tasks=(1, 1), dtypes=DTYPES[3:]),
    given("slopes", "signalprocessing.PWSprayer2D", (6, 7), samples((6, 7), "f8"), 2, **PANEL),
    given("slopes", "signalprocessing.PWSmoother2D", (6, 7), samples((6, 7), "f8"), 2, **PANEL),
    given("2-D", "signalprocessing.NonStationaryConvolve2D", DIMS, _taps((2, 3, 3, 5)), (2, 7), (0, 2, 4)),
    given("3-D", "signalprocessing.NonStationaryConvolve3D", (7, 4, 5), _taps((2, 2, 2, 3, 1, 3)), *[(1, 3)] * 3),
    held("NonStationaryFilters1D-chunked", _filters, dtypes=DTYPES[:2]),
    held("NonStationaryFilters2D-chunked", partial(_filters, n=2), dtypes=DTYPES[:2]),
    held("Sliding1D-local", partial(_windows, name="Sliding1D", shape=(12,))),
    held("Sliding1D-ours", partial(_windows, name="Sliding1D", shape=(13,), inner="ours"), dtypes=DTYPES[1:2]),
    # What the windows hold, too.
    held("Sliding1D-all", partial(_windows, name="Sliding1D", shape=(12,), inner="all"), (6, 6), DTYPES[1:2]),
    held("Sliding2D-cosine", partial(_windows, name="Sliding2D", shape=(12, 2), tapertype="cosine")),
    held("Sliding3D-local", partial(_windows, name="Sliding3D", shape=(8, 10, 2)), dtypes=DTYPES[1:2]),
    held("Patch2D-local", partial(_windows, name="Patch2D", shape=(8, 11))),
    held("Patch2D-no taper", partial(_windows, name="Patch2D", shape=(8, 8), tapertype=None), dtypes=DTYPES[:1]),
    # Three axes, one by one.
    held("Patch3D-local", partial(_windows, name="Patch3D", shape=(8, 8, 6)), (5, 5), DTYPES[1:2]),
    held("Convolve1D-short", _convolve),
    held("Convolve1D-long", partial(_convolve, n=11, offset=4)),
    held("Convolve1D-longer than the model", _long_filter),
    held("Convolve1D-fft", partial(_convolve, method="fft")),
    given("a filter a trace", "signalprocessing.Convolve1D", DIMS, _taps((DIMS[0], 5)), offset=3),
    given("one filter on an axis", "signalprocessing.Convolve1D", (4, 5, 6), _taps((4, 1, 6)), 2),
    given("longer filters", "signalprocessing.Convolve1D", DIMS, _taps((13, 9)), 2, reference=False),
    given("last", "signalprocessing.FFT", DIMS, **TRANSFORM),
    given("real", "signalprocessing.FFT", DIMS, axis=0, real=True, sampling=0.004, **TRANSFORM),
    given("even real", "signalprocessing.FFT", DIMS, real=True, norm="none", ifftshift_before=True, **TRANSFORM),
    given("longer", "signalprocessing.FFT", (3, 5, 7), axis=1, nfft=8, norm="1/n", fftshift_after=True, **TRANSFORM),
    given("longer real", "signalprocessing.FFT", 13, nfft=16, real=True, **TRANSFORM),
    given("last two", "signalprocessing.FFT2D", (3, 7, 6), **TRANSFORM),
    given("real", "signalprocessing.FFT2D", DIMS, axes=(1, 0), real=True, ifftshift_before=(True, False), **TRANSFORM),
    given("longer", "signalprocessing.FFT2D", DIMS, nffts=(16, None), norm="1/n", fftshift_after=True, **BUDGET),
    given("all", "signalprocessing.FFTND", (4, 5, 6), norm="none", fftshift_after=(True, False, False), **TRANSFORM),
    given("real", "signalprocessing.FFTND", (4, 5, 6), axes=(2, 0), nffts=(7, 8), real=True, **TRANSFORM),
    held("Fredholm1-slices", _fredholm),
    held("Fredholm1-all cut", partial(_fredholm, nz=3, chunks=(2, 3, 2))),
    held("Fredholm1-real", _real_kernel),
    given("all", "signalprocessing.DCT", DIMS, **BUDGET),
    given("first of type 1", "signalprocessing.DCT", (5, 4, 7), type=1, axes=(0,), tasks=(3, 3)),
    held("Shift-each", _shifts, **BUDGET),
    held("Shift-real", partial(_shifts, axis=1, real=True, nfft=8, sampling=0.5), **BUDGET, dtypes=DTYPES[:2]),
    given("one", "signalprocessing.Shift", DIMS, 1.5, axis=0, engine="scipy", **BUDGET),
    given("odd", "signalprocessing.Convolve2D", DIMS, _taps((3, 5)), offset=(1, 2)),
    given("even", "signalprocessing.Convolve2D", DIMS, _taps((4, 2)), offset=(3, 0), method="direct"),
    given("first and last", "signalprocessing.ConvolveND", (6, 4, 7), _taps((2, 3)), offset=(0, 1), axes=(0, 2)),
    given("all", "signalprocessing.ConvolveND", (6, 4, 7), _taps((3, 2, 3)), axes=None, method="auto"),
    held("Interp-nearest", partial(_interp, kind="nearest")),
    held("Interp-linear", partial(_interp, kind="linear", axis=1)),
    held("Interp-sinc", partial(_interp, kind="sinc")),
    held("Interp-sparse sinc", partial(_interp, kind="sinc", tol=1e-2)),
    held("Interp-cubic_spline", partial(_interp, kind="cubic_spline"), dtypes=("f8", "c16")),
    *(
        given("last", f"signalprocessing.{name}", DIMS, [0.5, 3.25, 2.0], dtypes=("f8", "c16"))
        for name in ("InterpCubicSpline",)
    ),
    given("2-D", "signalprocessing.Bilinear", [[0.5, 11.2, -3.4], [4.75, -0.5, 2.5]], DIMS),
    given("3-D", "signalprocessing.Bilinear", [[0.5, 5.2, 3.0], [2.75, 1.0, 2.5]], (7, 4, 3)),
    held("Radon2D-linear", _radon),
    held("Radon2D-whole samples", partial(_radon, interp=False, centeredh=False)),
    held("Radon2D-hyperbolic", partial(_radon, kind="hyperbolic")),
    held("Radon3D-parabolic", partial(_radon, n=3, kind="parabolic")),
    given("2-D", "signalprocessing.ChirpRadon2D", TIME, OFFSETS, 0.01, **PANEL),
    given("3-D", "signalprocessing.ChirpRadon3D", TIME, OFFSETS, OFFSETS[:3], (0.01, 0.02), **PANEL),
    given("2-D", "signalprocessing.FourierRadon2D", TIME, OFFSETS, SLOWNESSES, 8, flims=(1, 4), **PANEL),
    given("3-D", "signalprocessing.FourierRadon3D", TIME, *(OFFSETS[:3], SLOWNESSES[:2]) * 2, 8, **PANEL),
    given("8 traces", "signalprocessing.Seislet", samples((8, 6), "f8"), (1.0, 1.0), **PANEL),
    given("7 traces", "signalprocessing.Seislet", samples((7, 6), "f8"), (1.0, 0.5), kind="linear", level=2, **PANEL),
    held("NonStationaryConvolve1D-first", _nonstationary),
]  # fmt: skip
