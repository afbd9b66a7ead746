"""What ``operators.py`` times: operators on arrays of 200 MB and more, and how the original makes the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import dask.array as da
import numpy as np
from pylops.utils.wavelets import ricker

import pylops_distributed as pld

VOLUME = (400, 400, 400)  # 256 MB of float32
TAPS = np.hanning(23)[1:-1].astype("f4")


@dataclass(frozen=True)
class Case:
    """An operator to time.

    ``make(library)`` builds it with either library; ``dtype`` is that of the model, ``chunks`` and ``chunksd``
    those of model and data. ``original`` is the recipe for ``peers/original_operators.py``.
    """

    make: Callable[[Any], Any]
    chunks: Any
    chunksd: Any
    dtype: str = "f4"
    original: dict[str, Any] | None = None


def found(library: Any, name: str) -> Any:
    """A class of a library by its dotted name."""
    for part in name.split("."):
        library = getattr(library, part)
    return library


def slabs(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks of a volume that is cut into eight along its first axis, of some 32 MB each."""
    return (-(-shape[0] // 8), *shape[1:])


def old(name: str, shape: tuple[int, ...] = VOLUME, /, **options: Any) -> dict[str, Any]:
    """How the original makes an operator of a number of samples and ``dims``."""
    return {"make": name, "options": {"N": prod(shape), "dims": shape, "dtype": "float32", **options}}


def volume(
    name: str,
    *args: Any,
    shape: tuple[int, ...] = VOLUME,
    chunksd: Any = None,
    original: dict[str, Any] | None = None,
    **options: Any,
) -> Case:
    """A class of ``library`` for a volume."""
    return Case(
        lambda library: found(library, name)(*args, **{"dtype": "float32", **options}),
        slabs(shape), chunksd or slabs(shape), original=original,
    )  # fmt: skip


def fourier(name: str, chunks: Any, cut: bool = False, **options: Any) -> Case:
    """A transform along the last axes of three; the original must gather them explicitly."""
    shape = (100, 520, 520)
    last = {"dir": 2} if name == "FFT" else {"dirs": (1, 2)}
    gathered = {"chunks": ((13, 520, 520),) * 2} if cut else {}
    spec = {
        "make": f"signalprocessing.{name}",
        "options": {"dims": shape, "dtype": "complex64", **last, **gathered},
    }
    options |= {"dtype": "complex64", "engine": "scipy"}
    return Case(
        lambda library: getattr(library.signalprocessing, name)(shape, **options), chunks, chunks, "c8", spec
    )


def random(shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
    """Normal samples."""
    x = np.random.default_rng(0).standard_normal((*shape, 2 if dtype == "c8" else 1), dtype="f4")
    return x.view(dtype)[..., 0]


def holding(
    name: str, shape: tuple[int, ...], cut: tuple[int, ...], chunks: Any, kind: str, **options: Any
) -> Case:
    """A class that holds an array of this shape, in memory."""
    A = random(shape, kind)

    def make(library: Any) -> Any:
        held = da.from_array(A, chunks=cut) if library is pld else A
        return found(library, name)(held, **options)

    spec = {"make": name, "options": options, "random": [[shape, cut, kind]]}
    return Case(make, *chunks, kind if name != "waveeqprocessing.MDC" else "f4", spec)


def fredholm(nz: int, nf: int) -> Case:
    """A kernel of 2 MB a frequency."""
    n = 500
    chunks = (nf // 4, n, nz)
    return holding(
        "signalprocessing.Fredholm1", (nf, n, n), (nf // 4, n, n), (chunks, chunks), "c8", nz=nz, dtype="complex64"
    )  # fmt: skip


def mdc() -> Case:
    """A kernel of 400 MB between transforms."""
    nf, n = 200, 500
    chunks = (2 * nf - 1, n // 4, 1)
    case = holding(
        "waveeqprocessing.MDC", (nf, n, n), (nf // 8, n, n), (chunks, chunks), "c8", nt=2 * nf - 1, nv=1
    )
    whole = [
        2 * nf - 1,
        n,
        1,
    ]  # the original transforms along times, which must be one chunk of its flat vector
    return replace(case, original={**(case.original or {}), "chunks": whole, "chunksd": whole})


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
    """Demigration of a small image into 100 x 100 traces of 5000 samples."""
    x, z, t = np.arange(20) * 10.0, np.arange(20) * 10.0, np.arange(5000) * 0.001
    points = np.stack([np.linspace(0, 190, 100), np.zeros(100)])
    wavelet, _, centre = ricker(t[:41], f0=20)
    chunks = (13, 100, 5000)

    def make(library: Any) -> Any:
        build = library.waveeqprocessing.Kirchhoff
        return build(
            z, x, t, points, points, 2000.0, wavelet, centre, mode="analytic", dtype="float32", engine=engine
        )

    return Case(make, (20, 20), chunks)


def stacked(name: str) -> Case:
    """Two derivatives, stacked one way or the other."""
    shape, slab = (200, 400, 400), (50, 400, 400)
    flat = (prod(slab),)
    kinds = ("FirstDerivative", "SecondDerivative")

    def make(library: Any) -> Any:
        return getattr(library, name)([getattr(library, k)(shape, axis=0, dtype="float32") for k in kinds])

    chunks = {"VStack": (slab, flat), "HStack": (flat, slab), "BlockDiag": ((1, *slab),) * 2}[name]
    spec = {"make": name, "options": {"chunks": flat * 2}, "ops": [old(k, shape) for k in kinds]}
    return Case(make, *chunks, original=spec)


# The operators of issue 4, bar 4.
CASES: dict[str, Callable[[], Case]] = {
    "FirstDerivative, axis 0": lambda: volume("FirstDerivative", VOLUME, axis=0, original=old("FirstDerivative")),
    "FirstDerivative, axis 2": lambda: volume("FirstDerivative", VOLUME, axis=2, order=5),
    "SecondDerivative, axis 0": lambda: volume("SecondDerivative", VOLUME, axis=0, original=old("SecondDerivative")),
    "Gradient": lambda: volume("Gradient", (400, 400, 360), shape=(400, 400, 360), chunksd=(3, 50, 400, 360)),
    "Laplacian": lambda: volume("Laplacian", VOLUME, axes=(0, 1, 2), weights=(1,) * 3, sampling=(1,) * 3),
    "Laplacian, two axes": lambda: volume(
        "Laplacian", VOLUME, axes=(0, 1),
        original={"make": "Laplacian", "options": {"dims": VOLUME, "dirs": (0, 1), "dtype": "float32"}},
    ),
    "Smoothing1D": lambda: volume(
        "Smoothing1D", 11, VOLUME, axis=0,
        original={"make": "Smoothing1D", "options": {"nsmooth": 11, "dims": VOLUME, "dir": 0, "dtype": "float32"}},
    ),
    "Smoothing2D": lambda: volume("Smoothing2D", (11, 7), VOLUME, axes=(0, 2)),
    "Convolve1D": lambda: volume(
        "signalprocessing.Convolve1D", VOLUME, TAPS, offset=10, axis=0,
        original=old("signalprocessing.Convolve1D", h=TAPS.tolist(), offset=10, dir=0),
    ),
    "Convolve1D, last axis": lambda: volume(
        "signalprocessing.Convolve1D", VOLUME, TAPS, offset=10, axis=2,
        original=old("signalprocessing.Convolve1D", h=TAPS.tolist(), offset=10, dir=2),
    ),
    "Convolve2D": lambda: volume(
        "signalprocessing.Convolve2D", VOLUME, np.outer(TAPS[::3], TAPS[::3]), offset=(3, 3), axes=(0, 1)
    ),
    "FFT2D": lambda: fourier("FFT2D", (13, 520, 520), axes=(1, 2)),
    "FFT2D, cut axis": lambda: fourier("FFT2D", (100, 65, 520), cut=True, axes=(1, 2)),
    "Fredholm1": lambda: fredholm(1, 400),
    "Fredholm1, many": lambda: fredholm(50, 200),
    "PoststackLinearModelling": lambda: poststack(False),
    "PoststackLinearModelling, matrix": lambda: poststack(True),
    "Kirchhoff": lambda: kirchhoff("numpy"),
    "Kirchhoff, numba": lambda: kirchhoff("numba"),
}  # fmt: skip

# Others that the original has too, and that run there: its Spread and Demigration do not on the Dask of today.
MORE: dict[str, Callable[[], Case]] = {
    "MatrixMult": lambda: holding("MatrixMult", (8000, 8000), (1000, 8000), ((8000,), (8000,)), "f4", dtype="float32"),
    "Diagonal": lambda: holding("Diagonal", (64_000_000,), (8_000_000,), ((8_000_000,),) * 2, "f4", dtype="float32"),
    "Transpose": lambda: volume(
        "Transpose", VOLUME, (1, 2, 0), chunksd=(400, 400, 50),
        original={"make": "Transpose", "options": {"dims": VOLUME, "axes": (1, 2, 0), "dtype": "float32"}},
    ),
    "Roll": lambda: volume("Roll", VOLUME, axis=0, shift=70, original=old("Roll", shift=70)),
    "Restriction": lambda: volume(
        "Restriction", VOLUME, list(range(0, 400, 2)), axis=0, chunksd=(25, 400, 400),
        original={
            "make": "Restriction",
            "options": {"M": prod(VOLUME), "iava": list(range(0, 400, 2)), "dims": VOLUME, "dtype": "float32"},
        },
    ),
    "VStack": lambda: stacked("VStack"),
    "HStack": lambda: stacked("HStack"),
    "BlockDiag": lambda: stacked("BlockDiag"),
    "FFT": lambda: fourier("FFT", (13, 520, 520), axis=2),
    "MDC": mdc,
}  # fmt: skip
