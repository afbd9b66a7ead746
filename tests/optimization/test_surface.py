"""PyLops' functions and classes over the algorithms: arguments, results, callbacks in their order."""

import inspect

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
from pylops.optimization import callback as local_callback
from pylops.optimization import cls_basic as local_basic
from pylops.optimization import cls_sparsity as local_sparsity

import pylops_distributed as pld
from pylops_distributed.execution import unroll
from pylops_distributed.optimization import (
    basic,
    callback,
    cls_basic,
    cls_leastsquares,
    cls_sparsity,
    eigs,
    leastsquares,
    sparsity,
)
from pylops_distributed.optimization.numerics.systems import regularized_system
from pylops_distributed.vectors.space import BlockVector

DIMS = (6, 4)
N = 24
LOCAL = pylops.optimization


@pytest.fixture(autouse=True)
def _threads():
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def problem(dtype="f8"):
    rng = np.random.default_rng(0)
    matrix = np.linalg.qr(rng.standard_normal((2 * N, N)))[0] * np.r_[np.linspace(2, 3, N - 1), 4]
    if np.dtype(dtype).kind == "c":
        matrix = matrix * np.exp(1j * rng.random((2 * N, 1)))
    matrix = matrix.astype(dtype)
    y = (matrix @ np.where(rng.random(N) > 0.7, 2, 0) + 0.01 * rng.standard_normal(2 * N)).astype(dtype)
    op = pld.MatrixMult(da.from_array(matrix, chunks=7), dtype=dtype)
    return pylops.MatrixMult(matrix, dtype=dtype), y, op, da.from_array(y, chunks=7)


def assert_equal(ours, theirs):
    """What two functions return is the same."""
    for a, b in zip(ours, theirs, strict=True):
        if b is not None:
            np.testing.assert_allclose(np.asarray(a), b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        *((getattr(basic, n), getattr(LOCAL.basic, n)) for n in ("cg", "cgls", "lsqr")),
        *((getattr(sparsity, n), getattr(LOCAL.sparsity, n)) for n in sparsity.__all__),
        *((getattr(leastsquares, n), getattr(LOCAL.leastsquares, n)) for n in LOCAL.leastsquares.__all__),
    ],
    ids=lambda f: f.__name__,
)
def test_arguments_are_those_of_pylops(ours, theirs):
    mine, given = (list(inspect.signature(f).parameters) for f in (ours, theirs))
    assert set(given) <= set(mine)
    positional = [name for name in given if not name.startswith("kwargs")]
    assert [name for name in mine if name in positional] == positional


@pytest.mark.parametrize("dtype", ["f8", "c16"])
def test_functions_of_basic(dtype):
    local, y, op, data = problem(dtype)
    x0 = np.linspace(0, 1, N).astype(dtype)
    start = da.from_array(x0, chunks=5)
    assert_equal(basic.cgls(op, data, start, niter=8, tol=0), LOCAL.basic.cgls(local, y, x0, niter=8, tol=0))
    assert_equal(basic.cgls(op, data, rtol=0.1), LOCAL.basic.cgls(local, y, rtol=0.1))
    assert_equal(basic.cgls(op, data, rtol1=0.1), LOCAL.basic.cgls(local, y, rtol1=0.1))
    ours = basic.lsqr(op, data, start, damp=0.1, niter=40, atol=1e-5)
    theirs = LOCAL.basic.lsqr(local, y, x0, damp=0.1, niter=40, atol=1e-5)
    assert_equal(ours[:9], theirs[:9])
    assert_equal(ours[10:], theirs[10:])
    if dtype == "f8":  # PyLops squares complex numbers without taking their magnitude
        assert_equal([ours[9]], [theirs[9]])
    assert basic.lsqr(op, data, niter=3)[1] == LOCAL.basic.lsqr(local, y, niter=3)[1]
    normal, right = op.H @ op, op.H @ data
    assert_equal(basic.cg(normal, right, niter=8), LOCAL.basic.cg(local.H @ local, local.H @ y, niter=8))
    assert basic.lsmr(op, data, niter=50)[1] in (1, 2)
    with pytest.raises(ValueError, match="square"):
        basic.cg(op, data)


def test_preconditioners_keep_the_solution_and_take_fewer_steps():
    rng = np.random.default_rng(1)
    scale = 10.0 ** rng.uniform(-2, 0, N)
    matrix = np.linalg.qr(rng.standard_normal((2 * N, N)))[0] * scale
    y = da.from_array(rng.standard_normal(2 * N), chunks=7)
    op = pld.MatrixMult(da.from_array(matrix, chunks=7))
    M = pld.Diagonal(da.from_array(scale**-2.0, chunks=5))
    expected = np.linalg.lstsq(matrix, y.compute(), rcond=None)[0]
    for found in (
        basic.cg(op.H @ op, op.H @ y, niter=3, tol=1e-16, M=M),
        basic.cgls(op, y, niter=3, tol=1e-16, M=M),
        basic.lsqr(op, y, niter=3, M=M),
    ):
        np.testing.assert_allclose(found[0].compute(), expected, rtol=1e-8)
    plain = basic.cgls(op, y, niter=3, tol=0)[0].compute()
    assert np.abs(plain - expected).max() > 0.1 * np.abs(expected).max()
    with pytest.raises(ValueError, match="damp"):
        basic.lsqr(op, y, x0=plain, damp=1.0, M=M)


@pytest.mark.parametrize("dtype", ["f8", "c16"])
def test_functions_of_leastsquares(dtype):
    local, y, op, data = problem(dtype)
    rng = np.random.default_rng(2)
    weights, targets = rng.random(2 * N) + 0.5, [rng.standard_normal(N) for _ in range(2)]
    regs = [pld.FirstDerivative(DIMS, axis=k, dtype=dtype) for k in (0, 1)]
    local_regs = [pylops.FirstDerivative(DIMS, axis=k, dtype=dtype) for k in (0, 1)]
    weight, local_weight = (d(weights.astype(dtype), dtype=dtype) for d in (pld.Diagonal, pylops.Diagonal))
    scale, local_scale = (d(weights[:N].astype(dtype), dtype=dtype) for d in (pld.Diagonal, pylops.Diagonal))
    ours = {
        "dataregs": [da.from_array(t, chunks=9) for t in targets],
        "epsRs": [2.0, 3.0],
        "engine": "pylops",
        "niter": 8,
        "tol": 0,
    }
    theirs = {**ours, "dataregs": targets, "x0": np.zeros(N, dtype)}
    assert_equal(
        leastsquares.regularized_inversion(op, data, regs, Weight=weight, **ours),
        LOCAL.leastsquares.regularized_inversion(local, y, local_regs, Weight=local_weight, **theirs),
    )
    by_name = {("iter_lim" if name == "niter" else name): value for name, value in ours.items()}
    assert_equal(
        leastsquares.regularized_inversion(op, data, regs, **by_name),
        leastsquares.regularized_inversion(op, data, regs, **ours),
    )
    more = {"epsI": 0.3, "epsNRs": [0.7]}
    assert_equal(
        leastsquares.normal_equations_inversion(op, data, regs, Weight=weight, NRegs=[scale], **more, **ours),
        LOCAL.leastsquares.normal_equations_inversion(
            local, y, local_regs, Weight=local_weight, NRegs=[local_scale], **more, **theirs
        ),
    )
    assert_equal(
        leastsquares.preconditioned_inversion(op, data, scale, engine="pylops", niter=8, tol=0),
        LOCAL.leastsquares.preconditioned_inversion(
            local, y, local_scale, x0=np.zeros(N, dtype), engine="pylops", niter=8, tol=0
        ),
    )


def test_equal_blocks_of_a_state_stay_apart():
    """The residual's regularisation blocks start as equal zeros, and must not be taken for one array."""
    op = pld.Diagonal(da.ones(DIMS, chunks=3))
    regs = [pld.FirstDerivative(DIMS, axis=0), pld.FirstDerivative(DIMS, axis=1)]
    local = [pylops.FirstDerivative(DIMS, axis=axis) for axis in (0, 1)]
    y = np.random.default_rng(0).standard_normal(DIMS)
    x, *_ = leastsquares.regularized_inversion(
        op, da.from_array(y, chunks=3), regs, epsRs=[2.0, 3.0], engine="pylops", niter=9, tol=0
    )
    expected, *_ = LOCAL.leastsquares.regularized_inversion(
        pylops.Diagonal(np.ones(DIMS)), y.ravel(), local, epsRs=[2.0, 3.0],
        engine="pylops", x0=np.zeros(N), niter=9, tol=0.0,
    )  # fmt: skip
    assert x.shape == DIMS
    np.testing.assert_allclose(x.compute().ravel(), expected, rtol=1e-10, atol=1e-12)


def test_regularisation_is_blocks_and_lazy():
    def forbid_compute(*_args, **_kwargs):
        raise AssertionError("something was computed")

    with dask.config.set(scheduler=forbid_compute):
        op = pld.Diagonal(da.ones(DIMS, chunks=3))
        regs = [pld.FirstDerivative(DIMS), pld.Gradient(DIMS)]
        system, data = regularized_system(op, da.ones(DIMS, chunks=3), regs)
        assert isinstance(data, BlockVector)
        assert [a.shape for a in data.arrays] == [DIMS, DIMS, (2, *DIMS)]
        unroll(pld.optimization.CGLS(5), system, data, 5)
        op / da.ones(DIMS, chunks=3)


@pytest.mark.parametrize("dtype", ["f8", "c16"])
def test_functions_of_sparsity(dtype):
    local, y, op, data = problem(dtype)
    theirs = LOCAL.sparsity
    x0 = np.linspace(0, 1, N).astype(dtype)
    for kind in ("data", "datamodel", "model"):
        kwargs = {"kind": kind, "nouter": 3, "niter": 4, "epsR": 1.0, "epsI": 0.3, "engine": "pylops"}
        assert_equal(
            sparsity.irls(op, data, da.from_array(x0, chunks=5), **kwargs),
            theirs.irls(local, y, x0, **kwargs),
        )
    turned, local_turned = (
        m(np.eye(N)[::-1].astype(dtype), dtype=dtype) for m in (pld.MatrixMult, pylops.MatrixMult)
    )
    kwargs = {"niter": 6, "eps": 0.5, "alpha": 0.05, "tol": 0}
    assert_equal(
        sparsity.fista(op, data, SOp=turned, **kwargs), theirs.fista(local, y, SOp=local_turned, **kwargs)
    )
    assert_equal(
        sparsity.omp(op, data, 4, 3, rtol=1e-9, normalizecols=True, engine="pylops"),
        theirs.omp(local, y, 4, 3, rtol=1e-9, normalizecols=True, engine="pylops"),
    )
    regs, local_regs = ([r(DIMS, dtype=dtype)] for r in (pld.FirstDerivative, pylops.FirstDerivative))
    more, local_more = ([r(DIMS, dtype=dtype)] for r in (pld.SecondDerivative, pylops.SecondDerivative))
    for restart in (False, True):
        kwargs = {
            "epsRL1s": [0.2],
            "epsRL2s": [0.1],
            "mu": 1.5,
            "niter_inner": 2,
            "niter": 4,
            "restart": restart,
            "engine": "pylops",
        }
        assert_equal(
            sparsity.splitbregman(op, data, regs, da.from_array(x0, chunks=5), RegsL2=more, **kwargs),
            theirs.splitbregman(local, y, local_regs, x0.copy(), RegsL2=local_more, **kwargs),
        )


def test_spgl1_meets_its_constraint():
    """The smallest L1 norm for a residual norm: the residual has it, and its gradient is flat on the support."""
    local, y, op, data = problem()
    x, p, info = sparsity.spgl1(op, data, sigma=0.5, opt_tol=1e-8)
    np.testing.assert_array_equal(x.compute(), p.compute())
    found = x.compute()
    gradient = np.abs(local.rmatvec(y - local.matvec(found)))
    assert info["stat"] == 1
    np.testing.assert_allclose(np.linalg.norm(y - local.matvec(found)), 0.5, rtol=1e-6)
    np.testing.assert_allclose(gradient[np.abs(found) > 1e-6], gradient.max(), rtol=1e-3)
    np.testing.assert_allclose(np.abs(found).sum(), info["tau"], rtol=1e-8)
    assert len(info["rnorm2"]) == info["niters"]
    turned = pld.MatrixMult(np.eye(N)[::-1])
    again, coefficients, _ = sparsity.spgl1(op, data, SOp=turned, sigma=0.5, opt_tol=1e-8)
    np.testing.assert_allclose(again.compute(), found, atol=1e-4)
    np.testing.assert_allclose(coefficients.compute()[::-1], again.compute())


@pytest.mark.parametrize("chunks", [None, 5])
def test_spgl1_takes_transforms_with_more_coefficients_than_samples(chunks):
    y = np.random.default_rng(0).standard_normal(12)
    op, transform = (
        pld.Restriction(20, [*range(0, 20, 2), 1, 3]),
        pld.signalprocessing.FFT(20, nfft=64, real=True),
    )
    data = y if chunks is None else da.from_array(y, chunks=chunks)
    x, p, _ = sparsity.spgl1(op, data, SOp=transform, tau=3, iter_lim=50)
    assert x.shape == (20,)
    assert p.shape == (33,)
    assert np.abs(np.asarray(p)).sum() <= 3 * (1 + 1e-6)
    np.testing.assert_allclose(np.asarray(x), np.asarray(transform.H @ p), atol=1e-12)


@pytest.mark.parametrize("kind", ["float32", "complex64", "float64"])
def test_an_eigenvalue_is_of_the_operators_type(kind):
    op = pld.MatrixMult(np.diag(np.arange(1.0, 6)), dtype=kind)
    assert eigs.power_iteration(op, niter=3)[0].dtype == kind


def test_step_length_is_found_by_power_iteration():
    local, y, op, data = problem()
    largest, vector, steps = eigs.power_iteration(op.H @ op, niter=60, tol=1e-10)
    assert largest == pytest.approx(16, rel=1e-6)
    assert steps < 60
    np.testing.assert_allclose((op.H @ op @ vector).compute(), 16 * vector.compute(), atol=1e-2)
    for function in ("ista", "fista"):
        mine = getattr(sparsity, function)(op, data, niter=50, eps=0.5, eigsdict={"tol": 1e-10})
        theirs = getattr(LOCAL.sparsity, function)(local, y, niter=50, eps=0.5)
        np.testing.assert_allclose(mine[0].compute(), theirs[0], atol=1e-4)
    lazy = unroll(pld.optimization.FISTA(5, eigsdict={"niter": 30}), op, data, 5)
    assert 1 / lazy.alpha.compute() == pytest.approx(16, rel=1e-2)
    with pytest.raises(ValueError, match="residual increasing"):
        sparsity.ista(op, data, alpha=1.0, monitorres=True)
    with pytest.raises(ValueError, match="perc"):
        sparsity.ista(op, data, threshkind="soft-percentile")


@pytest.mark.parametrize(
    "settings",
    [
        {"decay": [3.0, 2.0, *[1.0] * 6]},
        {"decay": np.linspace(2, 1, 8)},
        {"threshkind": "hard"},
        {"threshkind": "half"},
        {"threshkind": "soft-percentile", "perc": 60},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["ista", "fista"])
def test_settings_of_shrinking_reach_the_solver(name, settings):
    local, y, op, data = problem()
    arguments = {"niter": 8, "eps": 0.5, "alpha": 0.05, **settings}
    mine, theirs = (
        getattr(sparsity, name)(op, data, **arguments),
        getattr(LOCAL.sparsity, name)(local, y, **arguments),
    )
    assert_equal(mine, theirs)
    plain = getattr(sparsity, name)(op, data, niter=8, eps=0.5, alpha=0.05, tol=0.0)
    assert not np.allclose(mine[0], plain[0], rtol=1e-9)


def recorder(base, log):
    """A callback that writes down which method was called, when and with which model."""

    def record(name):
        def method(self, solver, x):
            log.append((name, solver.iiter, None if x is None else round(float(np.asarray(x).sum()), 8)))

        return method

    names = [f"on_{part}_{end}" for part in ("setup", "step", "run") for end in ("begin", "end")]
    return type("Recorder", (base,), {name: record(name) for name in names})()


@pytest.mark.parametrize(
    ("ours", "theirs", "kwargs"),
    [
        (cls_basic.CG, local_basic.CG, {"niter": 4}),
        (cls_basic.CGLS, local_basic.CGLS, {"niter": 4}),
        (cls_sparsity.FISTA, local_sparsity.FISTA, {"niter": 4, "alpha": 0.05}),
    ],
    ids=lambda c: getattr(c, "__name__", ""),
)
def test_callbacks_come_in_the_order_of_pylops(ours, theirs, kwargs):
    local, y, op, data = problem()
    if ours is cls_basic.CG:
        local, y, op, data = local.H @ local, local.H @ y, op.H @ op, op.H @ data
    log, local_log = [], []
    ours(op, [recorder(callback.Callbacks, log)]).solve(data, **kwargs)
    theirs(local, callbacks=[recorder(local_callback.Callbacks, local_log)]).solve(y, **kwargs)
    assert log == local_log
    assert len(log) == 12


def test_callbacks_measure_and_stop():
    local, y, op, data = problem()
    metrics, local_metrics = callback.MetricsCallback(np.ones(N)), local_callback.MetricsCallback(np.ones(N))
    solver = cls_basic.CGLS(op, [metrics, callback.CostToDataCallback(0.2), callback.CostNanInfCallback()])
    *_, istop, iiter, _, _, _ = solver.solve(data, niter=30)
    local_cgls = local_basic.CGLS(local, callbacks=[local_metrics, local_callback.CostToDataCallback(0.2)])
    assert (istop, iiter) == local_cgls.solve(y, niter=30)[1:3]
    assert istop == 3
    for name, values in local_metrics.metrics.items():
        np.testing.assert_allclose(metrics.metrics[name], values, rtol=1e-10)
    seen = []
    sparsity.omp(op, data, 3, 4, engine="pylops", callback=lambda x, cols: seen.append((x, cols)))
    expected = []
    LOCAL.sparsity.omp(
        local, y, 3, 4, engine="pylops", callback=lambda x, cols: expected.append((x, list(cols)))
    )
    for (x, cols), (local_x, local_cols) in zip(seen, expected, strict=True):
        assert cols == local_cols
        np.testing.assert_allclose(x, local_x, rtol=1e-10)


def test_steps_by_hand(capsys):
    _, _, op, data = problem()
    solver = cls_basic.LSQR(op)
    x = solver.setup(data, niter=5, show=True)
    for _ in range(3):
        x = solver.step(x, show=True)
    solver.finalize(show=True)
    np.testing.assert_array_equal(x.compute(), basic.lsqr(op, data, niter=3)[0].compute())
    assert len(solver.cost) == 4
    assert "Norm A" in capsys.readouterr().out
    fista = cls_sparsity.FISTA(op)
    x = z = fista.setup(data, alpha=0.05)
    for _ in range(2):
        x, z, _ = fista.step(x, z)
    assert fista.iiter == len(fista.cost) == 2
    with pytest.raises(ValueError, match="niter"):
        fista.run(x)
    other = cls_basic.CG(op.H @ op)
    other.setup(op.H @ data)
    assert float(other.step(da.ones(N, chunks=7)).sum().compute()) != float(x.sum().compute())
    with pytest.raises(NotImplementedError, match="step"):
        cls_leastsquares.RegularizedInversion(op).step()
    assert cls_basic.CGLS(op).memory_usage(unit="KB") > 0
