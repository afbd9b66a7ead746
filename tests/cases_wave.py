"""Cases of operators for seismic data."""

from functools import partial

import numpy as np
from case import DTYPES, given, held, samples
from pylops.utils.wavelets import ricker


def _poststack(library, dtype, chunked, many=False, **options):
    wavelet = ricker(np.arange(5) * 0.004, f0=30)[0]
    if many:  # one wavelet for each time sample
        wavelet = wavelet * np.linspace(1, 2, 20)[:, None]
    modelling = library.avo.poststack.PoststackLinearModelling
    return modelling(wavelet.astype(dtype), nt0=20, spatdims=(3, 4), **options)


def _avo(library, dtype, chunked, vsvp=0.5, **options):
    return library.avo.avo.AVOLinearModelling(np.arange(0.0, 20, 5), vsvp, 8, 3, dtype=dtype, **options)


def _mdc(library, dtype, chunked, nt=13, nf=5, nv=2, chunks=(2, 4, 3), **options):
    G = chunked(samples((nf, 4, 3), np.result_type(dtype, "c8"), seed=4), chunks)
    return library.waveeqprocessing.MDC(G, nt, nv, **options)


def _prestack(library, dtype, chunked, vsvp=0.5, spatdims=(3, 2), **options):
    wavelet = ricker(np.arange(5) * 0.004, f0=30)[0].astype(dtype)
    theta = np.arange(0.0, 20, 5).astype(dtype)
    modelling = library.avo.prestack.PrestackLinearModelling
    return modelling(wavelet, theta, vsvp, nt0=9, spatdims=spatdims, **options)


def _wavelet(library, dtype, chunked):
    m, theta = samples((9, 3), dtype), np.arange(0.0, 20, 5).astype(dtype)
    return library.avo.prestack.PrestackWaveletModelling(m, theta, nwav=5, linearization="fatti")


def _phaseshift(library, dtype, chunked, space=(6,)):
    kx, *ky = (np.fft.fftshift(np.fft.fftfreq(n, 10.0)) for n in space)
    f = np.fft.rfftfreq(7, 0.004)
    return library.waveeqprocessing.PhaseShift(1500.0, 12.0, 7, f, kx, *ky, dtype=dtype)


def _updown(library, dtype, chunked, name="UpDownComposition2D", nr=7, dr=10.0, **options):
    build = getattr(library.waveeqprocessing, name)
    with np.errstate(all="ignore"):
        return build(7, nr, 0.004, dr, 1.5, 1500.0, ntaper=2, critical=90, dtype=dtype, **options)


def _blending(library, dtype, chunked, name="Group"):
    if name == "Continuous":
        times = np.array([0.0, 0.0095, 0.016, 0.0241])
        return library.waveeqprocessing.BlendingContinuous(7, 3, 4, 0.004, times, dtype=dtype)
    times = np.array([[0.0, 0.001, 0.002], [0.004, 0.0061, 0.003]])
    return getattr(library.waveeqprocessing, f"Blending{name}")(7, 2, 6, 0.004, times, 2, 3, dtype=dtype)


def _kirchhoff(library, dtype, chunked, dims=2, mode="analytic", **options):
    t = np.arange(19) * 0.004
    axes = [np.arange(3) * 8.0, np.arange(5) * 8.0, np.arange(4) * 6.0][3 - dims :]
    srcs = np.stack([np.linspace(0, 30, 3)] * (dims - 1) + [np.zeros(3)])
    recs = np.stack([np.linspace(4, 32, 4)] * (dims - 1) + [np.full(4, 2.0)])
    if mode == "byot":
        n = int(np.prod([len(a) for a in axes]))
        tables = [0.02 + 0.04 * np.random.default_rng(i).random((n, m)) for i, m in enumerate((3, 4))]
        options["trav"] = tuple(chunked(a, (n, 2)) for a in tables)
        if options.get("dynamic"):
            options["amp"] = tuple(tables)
        if options.pop("total", False):
            options["trav"] = (tables[0][:, :, None] + tables[1][:, None, :]).reshape(n, -1)
    build = library.waveeqprocessing.Kirchhoff
    y = {"y": axes[0]} if dims == 3 else {}
    wavelet = ricker(np.arange(3) * 0.004, f0=40)[0]
    kirchhoff = build(
        axes[-1], axes[-2], t, srcs, recs, 1000.0, wavelet, 2, mode=mode, dtype=dtype, **y, **options
    )
    return kirchhoff


WAVE = [
    *(  # a transform along both axes after samples are put in their places
        given(mask, "medical.MRI2D", (9, 8), mask, fft_engine="scipy", **options, tasks=(4, 11), dtypes=DTYPES[2:])
        for mask, options in (
            ("vertical-reg", {"nlines": 3, "perc_center": 0.0}), ("radial-reg", {"nlines": 4}),
        )
    ),
    given("weights", "medical.MRI2D", (9, 8), np.arange(72.0).reshape(9, 8), dtypes=DTYPES[3:]),
    held("Kirchhoff-2-D", _kirchhoff),
    held("Kirchhoff-3-D", partial(_kirchhoff, dims=3, wavfilter=True), dtypes=DTYPES[:2]),
    held("Kirchhoff-dynamic", partial(_kirchhoff, dynamic=True, aperture=2.0, angleaperture=60), (13, 2), DTYPES[:2]),
    # Tables and weights are made, too.
    held("Kirchhoff-dynamic 3-D", partial(_kirchhoff, dims=3, dynamic=True), (17, 2), DTYPES[:2]),
    held("Kirchhoff-tables", partial(_kirchhoff, mode="byot"), dtypes=DTYPES[:2]),
    held("Kirchhoff-one table", partial(_kirchhoff, mode="byot", total=True), dtypes=DTYPES[:2]),
    held("MDC-twosided", partial(_mdc, dt=0.004, dr=10.0), dtypes=DTYPES[:2]),
    held("MDC-onesided", partial(_mdc, nt=8, twosided=False, conj=True, prescaled=True), dtypes=DTYPES[:2]),
    # Transforms before and after products.
    held("MDC-all cut", partial(_mdc, chunks=(3, 3, 2), conj=True), tasks=(8, 6), dtypes=DTYPES[:2]),
    held("PrestackLinearModelling-steps", _prestack, dtypes=DTYPES[:2]),
    held("PrestackLinearModelling-one", partial(_prestack, spatdims=None, kind="forward"), dtypes=DTYPES[:2]),
    held("PrestackLinearModelling-matrix", partial(_prestack, explicit=True), dtypes=DTYPES[:2]),
    held("PrestackWaveletModelling-fatti", _wavelet, dtypes=DTYPES[:2]),
    held("PhaseShift-2-D", _phaseshift, dtypes=DTYPES[:2]),
    held("PhaseShift-3-D", partial(_phaseshift, space=(5, 4)), dtypes=DTYPES[:2]),
    *(
        held(f"PressureToVelocity-{n}", partial(_updown, name="PressureToVelocity", **options), (4, 4), DTYPES[3:])
        for n, options in {
            "2-D": {}, "to pressure": {"topressure": True, "nffts": (8, 8)}, "3-D": {"nr": (7, 8), "dr": (9.0, 8.0)},
        }.items()
    ),
    # Four operators of two transforms each.
    held("UpDownComposition2D-scaled", partial(_updown, scaling=2.0), tasks=(10, 10), dtypes=DTYPES[3:]),
    held(
        "UpDownComposition3D-scaled",
        partial(_updown, name="UpDownComposition3D", nr=(7, 8), dr=(9.0, 8.0), scaling=2.0), (6, 6), DTYPES[3:],
    ),
    *(
        held(f"Blending{name}-shots", partial(_blending, name=name), dtypes=DTYPES[:2])
        for name in ("Continuous", "Group", "Half")
    ),
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
