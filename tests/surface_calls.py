"""Tiny calls of PyLops' functions, which both libraries must take and answer alike; see test_pylops_surface.py."""

import warnings
from importlib import import_module

import numpy as np
import pylops
import scipy.sparse.linalg as spla

rng = np.random.default_rng(0)
A, SQUARE = rng.standard_normal((8, 5)), np.diag(np.arange(1.0, 6))
X, Y = rng.standard_normal(5), rng.standard_normal(8)
WAV, THETA = np.hanning(5), np.linspace(0, 30, 3)
TRACES = rng.standard_normal((16, 5))
T, OFFSETS, P = np.arange(9.0), np.arange(5.0), np.linspace(0, 1, 3)
KERNEL = rng.standard_normal((3, 4, 5)) + 1j * rng.standard_normal((3, 4, 5))
GATHER, GEOMETRY = rng.standard_normal((6, 64)), {"nt": 64, "nr": 6, "dt": 0.1, "dr": 10.0}
UPDOWN = {**GEOMETRY, "rho": 1000.0, "vel": 1500.0, "nffts": (8, 64), "ntaper": 2}
VOLUME = {
    **GEOMETRY,
    "nr": (7, 8),
    "dr": (10.0, 10.0),
    "rho": 1000.0,
    "vel": 1500.0,
    "nffts": (8, 8, 64),
    "ntaper": 2,
}
DELAYS = np.linspace(0, 0.3, 4)


def _matrix(library):
    return library.MatrixMult(A)


def _wavelet_modelling(library):
    m = np.log(np.full((6, 3), 2.0) + 0.1 * rng.random((6, 3)))
    return library.avo.prestack.PrestackWaveletModelling(m, THETA, 5)


def _prestack(library):
    data = rng.standard_normal((6, 3))
    return library.avo.prestack.PrestackInversion(data, THETA, WAV, np.zeros((6, 3)), iter_lim=2)


def _mdd(library):
    d = rng.standard_normal((4, 3, 8))
    G = rng.standard_normal((4, 5, 8))
    return library.waveeqprocessing.MDD(
        G, d, nfmax=3, twosided=False, adjoint=True, psf=True, add_negative=False, iter_lim=2
    )


def _least_squares(name):
    def call(library):
        regs = [library.Identity(5)]
        second = regs[0] if name == "preconditioned_inversion" else regs
        return getattr(library, name)(_matrix(library), Y, second)

    return call


def _deghosting(library):
    return library.waveeqprocessing.Deghosting(
        GATHER.T, **GEOMETRY, vel=1500.0, zrec=5.0, win=np.ones(GATHER.T.shape), npad=2, ntaper=3,
        iter_lim=2,
    )  # fmt: skip


def _decomposition(library):
    return library.waveeqprocessing.WavefieldDecomposition(GATHER, GATHER, **UPDOWN, iter_lim=2)


def _interpolation(library):
    return library.waveeqprocessing.SeismicInterpolation(
        GATHER[:3], 6, np.array([0, 2, 5]), kind="spatial", iter_lim=2
    )


CALLS = {
    "avo.poststack.PoststackLinearModelling": lambda lib: lib.avo.poststack.PoststackLinearModelling(WAV, 8),
    "avo.poststack.PoststackInversion": lambda lib: lib.avo.poststack.PoststackInversion(
        TRACES, WAV, epsI=0.1
    ),
    "avo.prestack.PrestackLinearModelling": lambda lib: lib.avo.prestack.PrestackLinearModelling(
        WAV, THETA, nt0=6
    ),
    "avo.prestack.PrestackWaveletModelling": _wavelet_modelling,
    "avo.prestack.PrestackInversion": _prestack,
    "linearoperator.aslinearoperator": lambda lib: lib.aslinearoperator(spla.aslinearoperator(A)),
    "optimization.basic.cg": lambda lib: lib.cg(lib.MatrixMult(SQUARE), X),
    "optimization.basic.cgls": lambda lib: lib.cgls(_matrix(lib), Y),
    "optimization.basic.lsqr": lambda lib: lib.lsqr(_matrix(lib), Y, calc_var=True),
    "optimization.cls_leastsquares.RegularizedOperator": lambda lib: (
        lib.optimization.cls_leastsquares.RegularizedOperator(_matrix(lib), [lib.Identity(5)])
    ),
    "optimization.eigs.power_iteration": lambda lib: lib.optimization.eigs.power_iteration(
        lib.MatrixMult(SQUARE), niter=3
    ),
    **{
        f"optimization.leastsquares.{name}": _least_squares(name)
        for name in ("normal_equations_inversion", "regularized_inversion", "preconditioned_inversion")
    },
    "optimization.sparsity.irls": lambda lib: lib.irls(_matrix(lib), Y, nouter=2),
    "optimization.sparsity.omp": lambda lib: lib.omp(_matrix(lib), Y, niter_outer=2),
    "optimization.sparsity.ista": lambda lib: lib.ista(_matrix(lib), Y, niter=2),
    "optimization.sparsity.fista": lambda lib: lib.fista(_matrix(lib), Y, niter=2),
    "optimization.sparsity.splitbregman": lambda lib: lib.splitbregman(
        _matrix(lib), Y, [lib.Identity(5)], epsRL1s=[0.1], niter_outer=2
    ),
    "signalprocessing.fft.FFT": lambda lib: lib.signalprocessing.FFT(8),
    "signalprocessing.fft2d.FFT2D": lambda lib: lib.signalprocessing.FFT2D((6, 8)),
    "signalprocessing.fftnd.FFTND": lambda lib: lib.signalprocessing.FFTND((4, 6, 8)),
    "signalprocessing.interp.Interp": lambda lib: lib.signalprocessing.Interp(8, np.array([0.5, 3.2])),
    "signalprocessing.radon2d.Radon2D": lambda lib: lib.signalprocessing.Radon2D(
        T, OFFSETS, P, engine="numpy"
    ),
    "signalprocessing.radon3d.Radon3D": lambda lib: lib.signalprocessing.Radon3D(
        T, OFFSETS, OFFSETS, P, P, engine="numpy"
    ),
    "signalprocessing.shift.Shift": lambda lib: lib.signalprocessing.Shift((5, 16), 1.5),
    "utils.describe.describe": lambda lib: import_module(f"{lib.__name__}.utils.describe").describe(
        lib.Identity(3)
    ),
    "utils.dottest.dottest": lambda lib: lib.utils.dottest(_matrix(lib), 8, 5),
    **{
        f"utils.estimators.{name}": lambda lib, name=name: getattr(lib.utils.estimators, name)(
            lib.MatrixMult(SQUARE), neval=6
        )
        for name in ("trace_hutchinson", "trace_hutchpp", "trace_nahutchpp")
    },
    "utils.multiproc.scalability_test": lambda lib: lib.utils.scalability_test(
        lib.BlockDiag([_matrix(lib)]), X
    ),
    "waveeqprocessing.blending.BlendingGroup": lambda lib: lib.waveeqprocessing.BlendingGroup(
        16, 3, 4, 0.1, DELAYS.reshape(2, 2), group_size=2, n_groups=2
    ),
    "waveeqprocessing.blending.BlendingHalf": lambda lib: lib.waveeqprocessing.BlendingHalf(
        16, 3, 4, 0.1, DELAYS.reshape(2, 2), group_size=2, n_groups=2
    ),
    "waveeqprocessing.mdd.MDC": lambda lib: lib.waveeqprocessing.MDC(KERNEL, nt=7, nv=2),
    "waveeqprocessing.mdd.MDD": _mdd,
    "waveeqprocessing.oneway.PhaseShift": lambda lib: lib.waveeqprocessing.PhaseShift(
        1500.0, 10.0, 16, np.arange(9) / 1.6, np.fft.fftfreq(6, 10.0)
    ),
    "waveeqprocessing.oneway.Deghosting": _deghosting,
    "waveeqprocessing.seismicinterpolation.SeismicInterpolation": _interpolation,
    "waveeqprocessing.wavedecomposition.PressureToVelocity": lambda lib: (
        lib.waveeqprocessing.PressureToVelocity(**UPDOWN)
    ),
    "waveeqprocessing.wavedecomposition.UpDownComposition2D": lambda lib: (
        lib.waveeqprocessing.UpDownComposition2D(**UPDOWN)
    ),
    "waveeqprocessing.wavedecomposition.UpDownComposition3D": lambda lib: (
        lib.waveeqprocessing.UpDownComposition3D(**VOLUME)
    ),
    "waveeqprocessing.wavedecomposition.WavefieldDecomposition": _decomposition,
}


def kind(value):
    """What a result is: an operator of a shape, an array of a shape, a number, or several of these."""
    if isinstance(value, tuple | list):
        return type(value), [kind(v) for v in value]
    if hasattr(value, "matvec"):
        return "operator", value.shape
    if isinstance(value, np.ndarray) and value.ndim:
        return "array", value.shape
    return "number" if np.isscalar(value) or (np.ndim(value) == 0 and value is not None) else value


def answer(name, library):
    """What a call returns; PyLops warns about itself."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return kind(CALLS[name](library))


if __name__ == "__main__":
    import pylops_distributed

    for each in CALLS:
        for library in (pylops, pylops_distributed):
            try:
                print(each, library.__name__, answer(each, library))
            except Exception as error:
                print(each, library.__name__, "ERROR", repr(error)[:300])
