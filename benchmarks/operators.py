"""Operators applied to arrays of 200 MB and more, forward and adjoint, beside PyLops on NumPy.

    python benchmarks/operators.py
    python benchmarks/operators.py --case Laplacian FFT2D --repeat 5

Arrays lie in memory before and after. This library works with two threads; PyLops with one and with two BLAS
threads, and its faster median counts. Rounds go through all engines in turn, so that what else the machine does
falls on all of them. Prints one JSON line a case and, at the end, the median and the largest of the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")  # a bound; each engine sets its own below it
os.environ.setdefault("NUMBA_NUM_THREADS", "2")
import dask
import dask.array as da
import numpy as np
import pylops
from pylops.utils.wavelets import ricker
from threadpoolctl import threadpool_limits

import pylops_distributed as pld

VOLUME = (400, 400, 400)  # 256 MB of float32
TAPS = np.hanning(23)[1:-1].astype("f4")


@dataclass(frozen=True)
class Case:
    """An operator to time.

    ``make(library)`` builds it with either library; ``dtype`` is that of the model, ``chunks`` and ``chunksd``
    those of model and data.
    """

    make: Callable[[Any], Any]
    chunks: Any
    chunksd: Any
    dtype: str = "f4"


def volume(name: str, *args: Any, shape: tuple[int, ...] = VOLUME, **options: Any) -> Case:
    """A class of ``library`` for a volume cut along its first axis, of which one chunk has some 32 MB."""

    def make(library: Any) -> Any:
        for part in name.split("."):
            library = getattr(library, part)
        return library(*args, **{"dtype": "float32", **options})

    chunks = (-(-shape[0] // 8), *shape[1:])
    return Case(make, chunks, chunks)


def fft2d(chunks: Any) -> Case:
    """A transform along the last two axes of three."""
    options = {"axes": (1, 2), "dtype": "complex64", "engine": "scipy"}
    return Case(
        lambda library: library.signalprocessing.FFT2D((100, 520, 520), **options), chunks, chunks, "c8"
    )


def fredholm(nz: int) -> Case:
    """A kernel of 400 MB."""
    nf, n = 200, 500
    G = np.random.default_rng(0).standard_normal((nf, n, n, 2), dtype="f4").view("c8")[..., 0]
    cut = (nf // 8, n, n)

    def make(library: Any) -> Any:
        held = da.from_array(G, chunks=cut) if library is pld else G
        return library.signalprocessing.Fredholm1(held, nz=nz, dtype="complex64")

    chunks = (nf // 8, n, nz) if nz > 1 else (nf // 8, n)
    return Case(make, chunks, chunks, "c8")


def poststack(explicit: bool) -> Case:
    """Post-stack modelling of a volume, time first."""
    shape = (300, 420, 420)
    options = {"nt0": shape[0], "spatdims": shape[1:], "explicit": explicit}
    wavelet = ricker(np.arange(21) * 0.004, 20)[0].astype("f4")
    chunks = (shape[0], -(-shape[1] // 8), shape[2])
    return Case(
        lambda library: library.avo.poststack.PoststackLinearModelling(wavelet, **options), chunks, chunks
    )


def kirchhoff(engine: str) -> Case:
    """Demigration of an image into 100 x 100 traces of 5000 samples."""
    x, z, t = np.arange(50) * 10.0, np.arange(50) * 10.0, np.arange(5000) * 0.001
    points = np.stack([np.linspace(0, 490, 100), np.zeros(100)])
    wavelet, _, centre = ricker(t[:41], f0=20)
    chunks = (13, 100, 5000)

    def make(library: Any) -> Any:
        build = library.waveeqprocessing.Kirchhoff
        return build(
            z, x, t, points, points, 2000.0, wavelet, centre, mode="analytic", dtype="float32", engine=engine
        )

    return Case(make, (50, 50), chunks)


CASES = {
    "FirstDerivative, axis 0": lambda: volume("FirstDerivative", VOLUME, axis=0),
    "FirstDerivative, axis 2": lambda: volume("FirstDerivative", VOLUME, axis=2, order=5),
    "SecondDerivative, axis 0": lambda: volume("SecondDerivative", VOLUME, axis=0),
    "Gradient": lambda: volume("Gradient", (400, 400, 360)),
    "Laplacian": lambda: volume("Laplacian", VOLUME, axes=(0, 1, 2), weights=(1,) * 3, sampling=(1,) * 3),
    "Smoothing1D": lambda: volume("Smoothing1D", 11, VOLUME, axis=0),
    "Smoothing2D": lambda: volume("Smoothing2D", (11, 7), VOLUME, axes=(0, 2)),
    "Convolve1D": lambda: volume("signalprocessing.Convolve1D", VOLUME, TAPS, offset=10, axis=0),
    "Convolve1D, last axis": lambda: volume("signalprocessing.Convolve1D", VOLUME, TAPS, offset=10, axis=2),
    "Convolve2D": lambda: volume(
        "signalprocessing.Convolve2D", VOLUME, np.outer(TAPS[::3], TAPS[::3]), offset=(3, 3), axes=(0, 1)
    ),
    "FFT2D": lambda: fft2d((13, 520, 520)),
    "FFT2D, cut axis": lambda: fft2d((100, 65, 520)),
    "Fredholm1": lambda: fredholm(1),
    "Fredholm1, many": lambda: fredholm(50),
    "PoststackLinearModelling": lambda: poststack(False),
    "PoststackLinearModelling, matrix": lambda: poststack(True),
    "Kirchhoff": lambda: kirchhoff("numpy"),
    "Kirchhoff, numba": lambda: kirchhoff("numba"),
}  # fmt: skip


def seconds(work: Callable[[], Any]) -> float:
    """Seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def engines(case: Case) -> dict[str, Callable[[], float]]:
    """Each engine in each direction, as something that gives seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        local = case.make(pylops)
    ours = case.make(pld)
    rng = np.random.default_rng(1)
    found: dict[str, Callable[[], float]] = {}
    for way, f, g, chunks in (
        ("forward", local, ours, case.chunks),
        ("adjoint", local.H, ours.H, case.chunksd),
    ):
        x = rng.standard_normal(f.dims, dtype="f4").astype(case.dtype, copy=False)
        lazy = da.from_array(x, chunks=chunks).persist()

        def on_numpy(blas: int, f: Any = f, x: Any = x) -> float:
            with threadpool_limits(blas, user_api="blas"):
                return seconds(lambda: f @ x)

        def in_process(g: Any = g, lazy: Any = lazy) -> float:
            with dask.config.set(scheduler="threads", num_workers=2), threadpool_limits(1, user_api="blas"):
                return seconds(lambda: (g @ lazy).persist())

        found |= {
            f"{way}, pylops, 1 thread": lambda run=on_numpy: run(1),
            f"{way}, pylops, 2 threads": lambda run=on_numpy: run(2), f"{way}, ours": in_process,
        }  # fmt: skip
    return found


def measure(name: str, repeat: int) -> dict[str, float]:
    """Run one case and print its line; gives the ratio to PyLops in both directions."""
    ways = engines(CASES[name]())
    for run in ways.values():
        run()  # loads modules, compiles kernels, touches memory
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(repeat):
        for way, run in ways.items():
            times[way].append(run())
    result = {way: round(median(values), 4) for way, values in times.items()}
    ratios = {}
    for way in ("forward", "adjoint"):
        best = min(v for w, v in result.items() if w.startswith(f"{way}, pylops"))
        ratios[way] = round(result[f"{way}, ours"] / best, 3)
    print(
        json.dumps({"case": name, "load": round(os.getloadavg()[0], 1), **ratios, "seconds": result}),
        flush=True,
    )
    return ratios


def main() -> None:
    """Run the cases that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    ratios = [r for name in options.case for r in measure(name, options.repeat).values()]
    print(json.dumps({"median": median(ratios), "largest": max(ratios)}))


if __name__ == "__main__":
    main()
