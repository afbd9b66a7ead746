"""NumPy in, NumPy out: every operator against PyLops', forward and adjoint, over sizes.

    python benchmarks/numpy_vectors.py
    python benchmarks/numpy_vectors.py --sizes 1kB 1MB --only Diagonal FFT --dtypes complex64

For each operator and each size of the vector: the same call with both libraries in turn, whole and from outside, the
shortest of several each (the machine may be shared: what disturbs only makes it longer), and the ratio. Bars: a pass
at most 1.05 times PyLops' plus 50 microseconds; those that miss are marked. Results must agree to 1e-6 (double) or
1e-3 (single) of their norm. Exits with 1 if one differs. ``small_solves.py`` has the solvers.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import dask
import numpy as np
import pylops

import pylops_distributed as pld

SIZES = {"1kB": 1e3, "30kB": 3e4, "1MB": 1e6, "10MB": 1e7, "100MB": 1e8}
PASS = 50e-6  # seconds that may be added


def _square(n: int) -> tuple[int, int]:
    side = max(8, math.isqrt(n))
    return side, max(8, n // side)


def _cube(n: int) -> tuple[int, int, int]:
    side = max(6, round(n ** (1 / 3)))
    return side, side, max(6, n // side**2)


def operators(n: int, dtype: str) -> dict[str, Callable[[Any], Any]]:
    """Functions that make an operator on about ``n`` samples with a library."""
    two, three = _square(n), _cube(n)
    real = np.zeros(1, dtype).real.dtype
    size, side = two[0] * two[1], max(8, math.isqrt(n))
    h = np.hanning(33).astype(real)
    options: dict[str, Any] = {"dtype": dtype}

    def fresh() -> np.random.Generator:
        return np.random.default_rng(0)  # both libraries get the same numbers

    def kernel() -> Any:
        rng = fresh()
        ns = max(4, round((n // 2) ** (1 / 3)))
        nf = max(4, n // (2 * ns))
        return (rng.standard_normal((nf, ns, ns)) + 1j * rng.standard_normal((nf, ns, ns))).astype(
            "complex64"
        )

    makers: dict[str, Callable[[Any], Any]] = {
        "Identity": lambda p: p.Identity(size, **options),
        "Diagonal": lambda p: p.Diagonal((1 + fresh().random(size)).astype(dtype), **options),
        "MatrixMult": lambda p: p.MatrixMult(fresh().standard_normal((side, side)).astype(dtype), **options),
        "Restriction": lambda p: p.Restriction(size, np.arange(0, size, 3), **options),
        "Zero": lambda p: p.Zero(size, **options),
        "Flip": lambda p: p.Flip(two, axis=0, **options),
        "Roll": lambda p: p.Roll(two, axis=1, shift=3, **options),
        "Pad": lambda p: p.Pad(two, ((2, 3), (4, 5)), **options),
        "Sum": lambda p: p.Sum(two, axis=0, **options),
        "Transpose": lambda p: p.Transpose(two, (1, 0), **options),
        "Symmetrize": lambda p: p.Symmetrize(two, axis=0, **options),
        "Conj": lambda p: p.Conj(two, **options),
        "Real": lambda p: p.Real(two, **options),
        "CausalIntegration": lambda p: p.CausalIntegration(two, axis=0, **options),
        "CausalIntegration half": lambda p: p.CausalIntegration(two, kind="half", **options),
        "FirstDerivative": lambda p: p.FirstDerivative(two, axis=0, **options),
        "FirstDerivative last": lambda p: p.FirstDerivative(two, axis=1, edge=True, **options),
        "SecondDerivative": lambda p: p.SecondDerivative(two, axis=0, **options),
        "Laplacian": lambda p: p.Laplacian(two, **options),
        "Gradient": lambda p: p.Gradient(two, **options),
        "FirstDirectional": lambda p: p.FirstDirectionalDerivative(two, np.array([0.6, 0.8], real), **options),
        "Smoothing1D": lambda p: p.Smoothing1D(5, two, axis=0, **options),
        "Smoothing2D": lambda p: p.Smoothing2D((5, 5), two, **options),
        "LinearRegression": lambda p: p.LinearRegression(np.linspace(0, 1, size).astype(real), **options),
        "VStack": lambda p: p.VStack([p.FirstDerivative(two, axis=a, **options) for a in (0, 1)]),
        "HStack": lambda p: p.HStack([p.Identity(size // 2, **options) for _ in range(2)]),
        "BlockDiag": lambda p: p.BlockDiag([p.Flip(size // 2, **options) for _ in range(2)]),
        "product": lambda p: p.FirstDerivative(two, axis=0, **options) @ p.Flip(two, axis=1, **options),
        "sum": lambda p: p.Identity(size, **options) + 2 * p.Flip(size, **options),
        "FFT": lambda p: p.signalprocessing.FFT(two, axis=1, dtype=dtype),
        "FFT real": lambda p: p.signalprocessing.FFT(two, axis=0, real=True, dtype=dtype),
        "FFT2D": lambda p: p.signalprocessing.FFT2D(two, dtype=dtype),
        "FFTND": lambda p: p.signalprocessing.FFTND(three, dtype=dtype),
        "DCT": lambda p: p.signalprocessing.DCT(two, **options),
        "DWT": lambda p: p.signalprocessing.DWT(two, axis=1, wavelet="db3", level=2, **options),
        "DWT2D": lambda p: p.signalprocessing.DWT2D(two, wavelet="haar", level=2, **options),
        "Convolve1D": lambda p: p.signalprocessing.Convolve1D(two, h, offset=16, axis=0, **options),
        "Convolve1D fft": lambda p: p.signalprocessing.Convolve1D(
            two, h[: min(33, two[1])], offset=3, axis=1, method="fft", **options
        ),
        "Convolve2D": lambda p: p.signalprocessing.Convolve2D(
            two, np.outer(h[:7], h[:7]), offset=(3, 3), **options
        ),
        "Interp": lambda p: p.signalprocessing.Interp(size, np.arange(0, size - 2, 2.5), **options)[0],
        "Shift": lambda p: p.signalprocessing.Shift(two, 1.7, axis=1, **options),
        "Fredholm1": lambda p: p.signalprocessing.Fredholm1(
            fresh().standard_normal((max(2, n // 256), 16, 16)).astype(dtype), nz=16, **options
        ),
        "Radon2D": lambda p: p.signalprocessing.Radon2D(
            np.arange(two[0]) * 1.0, np.arange(two[1]) * 1.0, np.linspace(-1, 1, min(21, two[1])), engine="numpy"
        ),
        "Poststack": lambda p: p.avo.poststack.PoststackLinearModelling(
            h[: min(33, two[0] // 2 * 2 - 1)], nt0=two[0], spatdims=two[1]
        ),
        "AVO": lambda p: p.avo.avo.AVOLinearModelling(np.linspace(0, 30, 8), 0.5, two[0], two[1], "akirich"),
        "MDC": lambda p: p.waveeqprocessing.MDC(kernel(), 2 * kernel().shape[0] - 1, nv=kernel().shape[1]),
    }  # fmt: skip
    return makers


CLOCK = [time.perf_counter]


def best(functions: list[Callable[[], Any]], seconds: float = 0.4) -> list[float]:
    """Shortest time of each function, called in turn."""
    clock = CLOCK[0]
    times = [math.inf] * len(functions)
    for f in functions:
        f()
    begun, rounds = time.perf_counter(), 0
    while rounds < 3 or (time.perf_counter() - begun < seconds and rounds < 400):
        rounds += 1
        for k, f in enumerate(functions):
            start = clock()
            f()
            times[k] = min(times[k], clock() - start)
    return times


def compare(name: str, ours: Callable[[], Any], theirs: Callable[[], Any], tolerance: float) -> Any:
    """One line of the table: times, ratio, and marks."""
    a, b = ours(), theirs()
    size = float(np.linalg.norm(b)) or 1.0
    error = float(np.linalg.norm(np.ravel(a) - np.ravel(b))) / size
    mine, peer = best([ours, theirs])
    marks = ("" if error <= tolerance else f" DIFFERS {error:.1e}") + (
        "" if mine <= 1.05 * peer + PASS else " SLOW"
    )
    marks += (
        "" if isinstance(a, np.ndarray) and a.dtype == np.asarray(b).dtype else f" TYPE {a.dtype}, {b.dtype}"
    )
    print(
        f"{name:44s} {mine * 1e3:9.3f} ms  PyLops {peer * 1e3:9.3f} ms  {mine / peer:6.2f}{marks}", flush=True
    )
    return mine / peer, error <= tolerance, "SLOW" in marks


def cases(options: argparse.Namespace) -> Iterator[tuple[str, Any, Any]]:
    """Name, our operator and PyLops' of each size, type and kind."""
    for size in options.sizes:
        for dtype in options.dtypes:
            for name, make in operators(max(64, int(SIZES[size] / np.dtype(dtype).itemsize)), dtype).items():
                if not options.only or name in options.only:
                    try:
                        yield f"{name} {dtype} {size}", make(pld), make(pylops)
                    except Exception as error:
                        print(
                            f"{name} {dtype} {size}: not made: {type(error).__name__}: {error}"[:160],
                            flush=True,
                        )


def main() -> int:
    """Run the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", nargs="*", default=list(SIZES)[:4], choices=list(SIZES))
    parser.add_argument("--dtypes", nargs="*", default=["float64", "float32"])
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--cpu", action="store_true", help="processor time, of one thread, on a busy machine")
    options = parser.parse_args()
    if options.cpu:
        CLOCK[0] = time.process_time
        dask.config.set(num_workers=1)
    warnings.simplefilter("ignore")
    ratios, right, slow = [], True, 0
    for name, ours, theirs in cases(options):
        single = any(word in name for word in ("float32", "complex64", "MDC"))
        tolerance = 1e-3 if single else 1e-6
        x = np.random.default_rng(1).standard_normal(theirs.shape[1]).astype(theirs.dtype)
        if "float32" in name:
            x = x.astype(np.float32 if x.dtype.kind == "f" else np.complex64)
        with np.errstate(all="ignore"):
            y = np.asarray(theirs @ x)
            runs = [("forward", lambda o=ours, v=x: o @ v, lambda o=theirs, v=x: o @ v),
                    ("adjoint", lambda o=ours, v=y: o.rmatvec(v.ravel()),
                     lambda o=theirs, v=y: o.rmatvec(v.ravel()))]  # fmt: skip
            for kind, mine, peer in runs:
                try:
                    ratio, agrees, late = compare(f"{name} {kind}", mine, peer, tolerance)
                except Exception as error:
                    print(f"{name} {kind}: {type(error).__name__}: {error}"[:200], flush=True)
                    continue
                ratios.append(ratio)
                right, slow = right and agrees, slow + late
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else math.nan
    print(f"{len(ratios)} calls, geometric mean of ratios {mean:.2f}, {slow} slower than the bar")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
