"""Generated calls of PyLops' inversions of seismic data, for ``parity.py``, and the choice between all calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pylops.utils.wavelets import ricker

from benchmarks.parity_cases import COMMON, EXACT, SCALES, Call, Draw, chunks_of, flat_of

WAVELET = ricker(np.arange(5) * 0.004, f0=30)[0]


def poststack(draw: Draw, dtype: str, scale: float) -> Call:
    """`PoststackInversion` by each of its ways."""
    shape = draw.of([(14, 4), (12, 3, 2)])
    d, m0 = (scale * draw.samples(shape, "f8") for _ in range(2))
    m0 = m0 if draw.chance(0.5) else None
    options = draw.of([
        {}, {"explicit": True}, {"explicit": True, "simultaneous": True}, {"epsR": 0.5}, {"epsR": 0.5, "damp": 0.1},
        # PyLops' split Bregman compares its model with itself plus 1.1 tol: where that rounds away, it takes no step.
        {"epsR": [0.5 * scale], "epsRL1": [0.1 * scale], "mu": scale, "niter_outer": 2, "niter_inner": 2,
         "tol": 1e-10 * scale},
    ])  # fmt: skip
    free = {} if options == {"explicit": True} else EXACT

    def run(p: Any, array: Any, **settings: Any) -> Any:
        background = None if m0 is None else array(m0)
        return flat_of(p.avo.poststack.PoststackInversion(
            array(d), WAVELET, m0=background, **options, **settings
        )[0])  # fmt: skip

    return Call("PoststackInversion", "f8", scale, run, free)


def prestack(draw: Draw, dtype: str, scale: float) -> Call:
    """`PrestackInversion` with roughness, damping and a start."""
    shape = (12, 4, 3)
    d = scale * draw.samples(shape, "f8")
    m0 = scale * draw.samples((12, 3, 3), "f8") if draw.chance(0.5) else None
    options = draw.of([{"epsR": 0.5, "damp": 0.2}, {"epsR": 1.0, "epsI": 0.3}, {"explicit": True}])
    free = {} if options == {"explicit": True} else EXACT

    def run(p: Any, array: Any, **settings: Any) -> Any:
        background = None if m0 is None else array(m0)
        return flat_of(p.avo.prestack.PrestackInversion(
            array(d), np.arange(0.0, 40, 10), WAVELET, m0=background, **options, **settings
        ))  # fmt: skip

    return Call("PrestackInversion", "f8", scale, run, free)


def deconvolution(draw: Draw, dtype: str, scale: float) -> Call:
    """`MDD`."""
    G, d = draw.samples((4, 2, 6), "f8"), scale * draw.samples((4, 6), "f8")
    options: dict[str, Any] = {"causality_precond": draw.chance(0.5), "damp": draw.of([0.5, 2.0])}

    def run(p: Any, array: Any, **settings: Any) -> Any:
        return flat_of(p.waveeqprocessing.MDD(array(G), array(d), nfmax=6, **options, **settings))

    return Call("MDD", "f8", scale, run)


def redatuming(draw: Draw, dtype: str, scale: float) -> Call:
    """`Marchenko` of one point."""
    R, G0 = 0.02 * draw.samples((3, 3, 8), "f8"), scale * draw.samples((3, 8), "f8")
    trav = 0.016 + 0.002 * np.arange(3)

    def run(p: Any, array: Any, **settings: Any) -> Any:
        driver = p.waveeqprocessing.Marchenko(array(R), dt=0.004, dr=1.0, nfmax=8, toff=0.0, nsmooth=0)
        return np.concatenate([flat_of(f) for f in driver.apply_onepoint(trav, G0, **settings)])

    return Call("Marchenko", "f8", scale, run)


def migration(draw: Draw, dtype: str, scale: float) -> Call:
    """`LSM.solve`."""
    z, x, t = np.arange(4.0) * 10, np.arange(3.0) * 10, np.arange(24) * 0.004
    points = np.array([[0.0, 20.0], [0.0, 0.0]])
    d, damp = scale * draw.samples((2, 2, 24), "f8"), draw.of([0.3, 1.0])

    def run(p: Any, array: Any, **settings: Any) -> Any:
        lsm = p.waveeqprocessing.LSM(
            z, x, t, points, points, 1000.0, np.hanning(7)[1:-1], 2, mode="analytic", engine="numpy"
        )
        return flat_of(lsm.solve(array(d), damp=damp, **settings))

    return Call("LSM", "f8", scale, run)


def deghosting(draw: Draw, dtype: str, scale: float) -> Call:
    """`Deghosting` of two-dimensional data."""
    p0 = scale * draw.samples((12, 8), "f8")
    win, kind = np.ones_like(p0), draw.of(["p", "vz"])
    damp = draw.of([0.3, 1.0])

    def run(p: Any, array: Any, **settings: Any) -> Any:
        return flat_of(p.waveeqprocessing.Deghosting(
            array(p0), 12, 8, 0.004, 10.0, 1500.0, 12.0, kind=kind, win=win, npad=2, ntaper=(3, 3), dtype="float64",
            damp=damp, **settings,
        )[0])  # fmt: skip

    return Call("Deghosting", "f8", scale, run)


def decomposition(draw: Draw, dtype: str, scale: float) -> Call:
    """`WavefieldDecomposition` of two-dimensional data."""
    d, damp = scale * draw.samples((2, 9, 8), "f8"), draw.of([0.3, 1.0])

    def run(p: Any, array: Any, **settings: Any) -> Any:
        return flat_of(p.waveeqprocessing.WavefieldDecomposition(
            array(d[0]), array(d[1]), 8, 9, 0.004, 10.0, 1.0, 1500.0, nffts=(16, 16), critical=90.0, ntaper=3,
            damp=damp, **settings,
        )[0])  # fmt: skip

    return Call("WavefieldDecomposition", "f8", scale, run)


def interpolation(draw: Draw, dtype: str, scale: float) -> Call:
    """`SeismicInterpolation` by smoothness."""
    d, iava = scale * draw.samples((5, 6), "f8"), np.array([0, 2, 3, 5, 7])

    def run(p: Any, array: Any, **settings: Any) -> Any:
        return flat_of(
            p.waveeqprocessing.SeismicInterpolation(array(d), 8, iava, kind="spatial", **settings)[0]
        )

    return Call("SeismicInterpolation", "f8", scale, run)


DRIVERS = [
    poststack,
    prestack,
    deconvolution,
    redatuming,
    migration,
    deghosting,
    decomposition,
    interpolation,
]


def generated(seed: int, index: int) -> tuple[Call, Callable[[Any], Any]]:
    """Call number ``index``, and what makes its arrays for this library: chunks, or NumPy arrays as they are."""
    draw = Draw(seed, index)
    dtype, scale = draw.of(["f4", "f8", "f8", "c8", "c16", "c16"]), draw.of(SCALES)
    family = draw.of(DRIVERS) if draw.chance(0.2) else draw.of(COMMON)
    return family(draw, dtype, scale), chunks_of(draw)
