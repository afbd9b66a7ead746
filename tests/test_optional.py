"""Operators whose engines are large: the same numbers as PyLops, on workers too.

Run with ``pytest -m engines`` where the extra ``all-engines`` and what CONTRIBUTING.md names are installed.
"""

import sys
import warnings
from importlib import import_module
from types import SimpleNamespace

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
from case import close, samples
from pylops.utils.wavelets import ricker

import pylops_distributed as pld
from pylops_distributed.compat.dask import meta_of

engines = pytest.mark.engines
F = np.float32


def both(ours, theirs, x, y, exact=True):
    """Check forward and adjoint of chunked arrays against PyLops, and the dot test if it holds."""
    forward, adjoint = ours @ da.from_array(x, chunks=2), ours.H @ da.from_array(y, chunks=3)
    assert (
        (forward.shape, adjoint.shape) == (ours.dimsd, ours.dims) == (tuple(theirs.dimsd), tuple(theirs.dims))
    )
    Ax, Ay = dask.compute(forward, adjoint)
    for image, chunked in ((ours @ x, Ax), (ours.H @ y, Ay)):  # NumPy in, NumPy out
        assert (type(image), image.dtype) == (np.ndarray, chunked.dtype)
        close(image, chunked)
    assert Ax.dtype == Ay.dtype == ours.dtype
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        close(Ax, np.asarray(theirs @ x))
        close(Ay, np.asarray(theirs.H @ y))
    if exact:
        assert abs(np.vdot(Ax, y) - np.vdot(x, Ay)) <= 1e-5 * np.linalg.norm(Ax) * np.linalg.norm(y)


def projections(library, **options):
    return library.medical.CT2D((9, 8), 1.0, 10, np.linspace(0, 3, 7), "cpu", **options)


def waves(library, nsrc=3, **options):
    shape, places = (20, 15), np.linspace(20, 150, nsrc)
    vp = np.full(shape, 1500, F)
    receivers, depth = np.linspace(0, 190, 5), np.full(5, 10.0)
    return library.waveeqprocessing.AcousticWave2D(
        shape, (0.0, 0.0), (10.0, 10.0), vp, places, np.full(nsrc, 10.0), receivers, depth, 0.0, 100.0,
        space_order=4, nbl=10, f0=15.0, **options,
    )  # fmt: skip


FAN = {"proj_geom_type": "fanflat", "source_origin_dist": 20.0, "origin_detector_dist": 9.0}


@engines
@pytest.mark.parametrize("options", [{}, FAN], ids=["parallel", "fan"])
def test_projections_are_those_of_pylops(options):
    ours = projections(pld, **options, angles=3)
    assert ours.parts.sizes == (3, 2, 2)
    theirs = projections(pylops, **options)
    both(ours, theirs, samples((9, 8), F), samples((7, 10), F, 1))
    for name in ("det_width", "det_count", "engine", "proj_geom_type", *options):
        assert getattr(ours, name) == getattr(theirs, name)
    np.testing.assert_array_equal(ours.thetas, theirs.thetas)


@engines
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Devito about Devito
def test_waves_are_those_of_pylops():
    ours, theirs = waves(pld, shots=2), waves(pylops)
    x, y = samples(ours.dims, F), samples(ours.dimsd, F, 1)
    both(ours, theirs, x, y)
    ours.srcillumination_allshots()
    theirs.srcillumination_allshots()
    close(ours.src_illumination, theirs.src_illumination)
    wavelet = ricker(np.arange(9) * 0.003, 20)[0].astype(F)
    ours.updatesrc(wavelet)
    theirs.updatesrc(wavelet)
    both(ours, theirs, x, y)
    z, lateral, t = np.arange(15) * 10.0, np.arange(20) * 10.0, np.arange(100.0)
    places = np.array([[50.0], [10.0]])
    settings = (z, lateral, t, places, places, np.full((20, 15), 1500, F), wavelet, 4)
    lsm = pld.waveeqprocessing.LSM(*settings, kind="twowayac", nbl=10, space_order=4)
    assert lsm.solve(lsm.Demop @ x, niter=1).shape == (20, 15)


@engines
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Devito about Devito
def test_engines_are_made_on_workers(cluster):
    image = samples((9, 8), F)
    assert cluster.run(lambda: __import__("sys").modules.get("astra")) is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        close(projections(pld, angles=2) @ da.from_array(image, chunks=4), projections(pylops) @ image)
        model = samples((20, 15), F)
        close(waves(pld, 2) @ da.from_array(model, chunks=9), waves(pylops, 2) @ model)


@engines
@pytest.mark.parametrize(("dims", "axis"), [((16,), 0), ((3, 16), -1), ((20, 2, 3), 0)])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_dual_trees_are_those_of_pylops(dims, axis, dtype):
    ours = pld.signalprocessing.DTCWT(dims, level=2, axis=axis, dtype=dtype)
    theirs = pylops.signalprocessing.DTCWT(dims, level=2, axis=axis, dtype=dtype)
    both(ours, theirs, samples(dims, dtype), samples(ours.dimsd, dtype, 1), exact=False)


@engines
@pytest.mark.parametrize("batch", [False, True])
def test_gradients_of_torch_are_adjoints(batch):
    torch = import_module("torch")
    op = pld.FirstDerivative((4, 3), axis=0, dtype="f4")
    x = torch.from_numpy(samples((2, 12) if batch else 12, F)).requires_grad_()
    y = samples(tuple(x.shape), F, 1)
    (pld.TorchOperator(op, batch=batch)(x) * torch.from_numpy(y)).sum().backward()
    expected = np.asarray(op.H.matmat(y.T)).T if batch else np.asarray(op.H @ y)
    close(x.grad.numpy(), expected)


@engines
@pytest.mark.parametrize("dtype", ["f4", "c8"])
def test_jax_sees_a_linear_function(dtype):
    jax = import_module("jax")
    A = samples((4, 3), dtype)
    op = pld.JaxOperator(pld.MatrixMult(da.from_array(A, chunks=2), dtype=dtype))
    x, y = jax.numpy.asarray(samples(3, dtype)), jax.numpy.asarray(samples(4, dtype, 1))
    assert isinstance(op @ x, jax.Array)
    close(op @ x, A @ np.asarray(x))
    close(op.H @ y, A.conj().T @ np.asarray(y))
    close(op.rmatvecad(x, y), A.T @ np.asarray(y))
    close(
        jax.jit(jax.grad(lambda v: abs(op(v)).sum()))(x), np.asarray(jax.grad(lambda v: abs(A @ v).sum())(x))
    )
    close(jax.vmap(op)(jax.numpy.stack([x, 2 * x])), np.stack([A @ np.asarray(x), 2 * A @ np.asarray(x)]))


@engines
def test_pytensor_knows_the_gradient():
    pt, function = import_module("pytensor.tensor"), import_module("pytensor").function
    gradient = import_module("pytensor.gradient").grad
    op = pld.FirstDerivative(6)
    x, weights = pt.vector("x", dtype="float64", shape=(6,)), samples(6, "f8", 1)
    y = pld.PyTensorOperator(op)(x)
    values, slope = function([x], [y, gradient((y * weights).sum(), x)], mode="FAST_COMPILE")(
        samples(6, "f8")
    )
    close(values, np.asarray(op @ samples(6, "f8")))
    close(slope, np.asarray(op.H @ weights))


class OnDevice(np.ndarray):
    """What stands for CuPy's arrays where there is no processor for them."""


def test_chunks_go_to_a_device_and_back(monkeypatch):
    cupy = SimpleNamespace(asarray=lambda a: a.view(OnDevice), asnumpy=lambda a: a.view(np.ndarray))
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr("pylops_distributed.basicoperators.tocupy.find_spec", lambda name: name)
    op = pld.ToCupy((4, 3))
    x = da.from_array(samples((4, 3), "f8"), chunks=2)
    there = op @ x
    assert isinstance(meta_of(there), OnDevice)
    assert isinstance(there.blocks[0, 0].compute(), OnDevice)
    back = (op.H @ there).compute()
    assert type(back) is np.ndarray
    np.testing.assert_array_equal(back, x)


def test_chunks_stay_where_there_is_no_device(monkeypatch):
    monkeypatch.setattr("pylops_distributed.basicoperators.tocupy.find_spec", lambda name: None)
    op, x = pld.ToCupy((4, 3)), samples((4, 3), "f8")
    for f in (op, op.H):
        y = (f @ da.from_array(x, chunks=2)).compute()
        assert type(y) is np.ndarray
        np.testing.assert_array_equal(y, x)


REFUSALS = {
    "astra": (projections, (pld,)),
    "devito": (waves, (pld,)),
    "dtcwt": (pld.signalprocessing.DTCWT, (16,)),
    "torch": (pld.TorchOperator, (pld.Identity(3),)),
    "jax": (pld.JaxOperator, (pld.Identity(3),)),
    "pytensor": (pld.PyTensorOperator, (pld.Identity(3),)),
}
MODULES = {
    "astra": "medical.ct",
    "devito": "waveeqprocessing.twoway",
    "dtcwt": "signalprocessing.dtcwt",
    **{name: f"{name}operator" for name in ("torch", "jax", "pytensor")},
}


@pytest.mark.parametrize("name", REFUSALS)
def test_missing_engines_are_named(name, monkeypatch):
    monkeypatch.setattr(f"pylops_distributed.{MODULES[name]}.find_spec", lambda name: None)
    build, args = REFUSALS[name]
    with pytest.raises(NotImplementedError, match=f"needs the package {name}"):
        build(*args)
