"""``engine="scipy"`` is PyLops' default: the same call is the same problem, stopped by the same rules."""

import dask.array as da
import numpy as np
import pylops
import pytest
import scipy.sparse.linalg

import pylops_distributed as pld
from pylops_distributed.optimization.pylops_api import scipy_engine as scipysolvers

SCALES = (1e-12, 1e-6, 1.0, 1e12)


def error(found, expected):
    return np.linalg.norm(np.asarray(found) - expected) / np.linalg.norm(expected)


def test_damping_pulls_to_the_start():
    """Truth and start are the same: nothing may be pulled to zero."""
    matrix, x0 = np.eye(4)[:2], np.full(4, 8.0)
    x = pld.regularized_inversion(pld.MatrixMult(matrix), matrix @ x0, None, x0=x0, damp=0.1)[0]
    np.testing.assert_array_equal(x, x0)
    rng = np.random.default_rng(0)
    A, y, x0 = rng.standard_normal((9, 6)), rng.standard_normal(9), rng.standard_normal(6)
    expected = x0 + np.linalg.solve(A.T @ A + 0.49 * np.eye(6), A.T @ (y - A @ x0))
    x = pld.regularized_inversion(pld.MatrixMult(A), y, None, x0=x0, damp=0.7, atol=0, btol=0)[0]
    assert error(x, expected) < 1e-10
    x = pld.regularized_inversion(
        pld.MatrixMult(A), y, None, x0=x0, damp=0.7, engine="pylops", niter=50, tol=0
    )[0]
    assert error(x, np.linalg.solve(A.T @ A + 0.49 * np.eye(6), A.T @ y)) < 1e-10


@pytest.mark.parametrize("scale", SCALES)
def test_units_of_the_data_change_nothing(scale):
    rng = np.random.default_rng(0)
    h, truth = np.hanning(9), np.sin(np.arange(60) / 7)
    local, op = (p.signalprocessing.Convolve1D(60, h=h, offset=4) for p in (pylops, pld))
    local_reg, reg = ([p.SecondDerivative(60)] for p in (pylops, pld))
    y = scale * (local @ truth + 1e-3 * rng.standard_normal(60))
    data = da.from_array(y, chunks=25)
    for name in ("regularized_inversion", "normal_equations_inversion"):
        theirs = getattr(pylops, name)(local, y, local_reg, epsRs=[0.3])
        ours = getattr(pld, name)(op, data, reg, epsRs=[0.3])
        assert error(ours[0], theirs[0]) < 1e-6
        assert ours[1] == theirs[1]
    P = np.linspace(1, 3, 60)
    theirs = pylops.preconditioned_inversion(local, y, pylops.Diagonal(P), damp=0.5, atol=1e-10)
    ours = pld.preconditioned_inversion(op, data, pld.Diagonal(P), damp=0.5, atol=1e-10)
    assert ours[1] == theirs[1]
    assert error(ours[0], theirs[0]) < 1e-6


@pytest.mark.parametrize("kind", ["data", "model", "datamodel"])
@pytest.mark.parametrize("x0", [None, np.ones(6)])
def test_reweighted_least_squares_by_default(kind, x0):
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((12, 6)), rng.standard_normal(12)
    settings = {"kind": kind, "nouter": 4}
    if kind == "model":  # PyLops' default result changes in its third digit with the data's last
        settings |= {"epsI": 1e-2, "atol": 1e-14, "btol": 1e-14, "iter_lim": 60}
    theirs = pylops.irls(pylops.MatrixMult(A), y, x0=x0, **settings)
    ours = pld.irls(pld.MatrixMult(A), da.from_array(y, chunks=4), x0=x0, **settings)
    assert ours[1] == theirs[1]
    assert error(ours[0], theirs[0]) < 1e-6


def test_a_line_with_outliers_is_found_for_the_model_and_the_data():
    rng, t = np.random.default_rng(3), np.arange(30.0)
    d = np.c_[np.ones(30), t] @ [2.0, -0.1] + 0.05 * rng.standard_normal(30)
    d[[4, 17]] += 8
    op = pld.LinearRegression(t)
    for kind in ("data", "datamodel"):
        np.testing.assert_allclose(pld.irls(op, d, nouter=5, kind=kind)[0], [2, -0.1], rtol=0.05)
    A, y = np.random.default_rng(0).standard_normal((10, 6)), rng.standard_normal(10)
    norms = [abs(y - A @ np.asarray(pld.irls(pld.MatrixMult(A), y, nouter=n)[0])).sum() for n in (1, 3, 5)]
    assert norms == sorted(norms, reverse=True)


def test_matching_pursuit_stops_at_the_exact_model():
    rng = np.random.default_rng(0)
    A, x = rng.standard_normal((30, 60)), np.zeros(60)
    x[[3, 20, 40, 50]] = 1, -2, 3, 1.5
    found, outer, cost = pld.omp(pld.MatrixMult(A), A @ x, 6, 60, 1e-6)
    expected = pylops.omp(pylops.MatrixMult(A), A @ x, 6, 60, 1e-6)
    assert outer == expected[1] == 4
    np.testing.assert_allclose(found, x, atol=1e-10)
    np.testing.assert_allclose(cost, expected[2], atol=1e-8)
    columns = []
    pld.omp(pld.MatrixMult(A), A @ x, 6, 60, 1e-6, callback=lambda x, cols: columns.append(list(cols)))
    assert [len(c) for c in columns] == [1, 2, 3, 4]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("more", [False, True])
def test_split_bregman_by_default(restart, more):
    rng = np.random.default_rng(0)
    A, y, x0 = rng.standard_normal((30, 8)), rng.standard_normal(30), rng.standard_normal(8)

    def run(p):
        terms = {"RegsL2": [p.SecondDerivative(8)], "epsRL2s": [0.3], "dataregsL2": [x0]} if more else {}
        return p.splitbregman(
            p.MatrixMult(A), y, [p.FirstDerivative(8)], x0=x0.copy(), epsRL1s=[0.1], mu=1.5, restart=restart,
            niter_outer=2, niter_inner=2, atol=1e-12, btol=1e-12, **terms,
        )  # fmt: skip

    ours, theirs = run(pld), run(pylops)
    assert ours[1] == theirs[1]
    assert error(ours[0], theirs[0]) < 1e-8
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-8)


def test_numpy_and_pylops_operators_are_taken_everywhere():
    rng = np.random.default_rng(0)
    A, y, x0, d = rng.standard_normal((10, 6)), rng.standard_normal(10), np.ones(6), rng.standard_normal(6)
    op, reg, weight = pld.MatrixMult(A), pylops.SecondDerivative(6), pylops.Diagonal(rng.random(10) + 1)
    lazy = da.from_array(y, chunks=3)
    for name in ("regularized_inversion", "normal_equations_inversion"):
        for engine in ("scipy", "pylops"):
            invert = getattr(pld, name)
            local = getattr(pylops, name)
            settings = {"x0": x0, "dataregs": [d], "epsRs": [0.5], "engine": engine}
            if engine == "pylops":
                settings |= {"niter": 60, "tol": 0}
            ours = [invert(op, data, [reg], Weight=weight, **settings)[0] for data in (y, lazy, list(y))]
            theirs = local(pylops.MatrixMult(A), y, [reg], Weight=weight, **settings)[0]
            for model in ours:
                assert error(model, theirs) < 1e-5
    P = pylops.Diagonal(np.arange(1.0, 7))
    ours = pld.preconditioned_inversion(op, y, P, x0=x0)[0]
    assert error(ours, pylops.preconditioned_inversion(pylops.MatrixMult(A), y, P, x0=x0)[0]) < 1e-6


def test_keywords_of_scipys_solvers():
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((10, 6)), np.ones(10)
    op, local = pld.MatrixMult(A), pylops.MatrixMult(A)
    for settings in ({"atol": 1e-2}, {"btol": 0.5}, {"calc_var": True}, {"conlim": 2.0}, {"iter_lim": 3}):
        ours, theirs = (
            p.regularized_inversion(o, y, None, **settings) for p, o in ((pld, op), (pylops, local))
        )
        assert ours[1:3] == theirs[1:3]
        np.testing.assert_allclose(ours[3:], theirs[3:], rtol=1e-8)
        assert error(ours[0], theirs[0]) < 1e-8
    models = []
    ours = pld.normal_equations_inversion(op, y, None, maxiter=4, callback=lambda x: models.append(x))
    theirs = pylops.normal_equations_inversion(local, y, None, maxiter=4)
    assert ours[1] == theirs[1] == len(models) == 4
    assert error(ours[0], theirs[0]) < 1e-8
    for settings in ({"rtol": 1e-2}, {"tol": 0.1}, {"atol": 1.0}, {"M": np.linalg.inv(A.T @ A)}):
        ours = pld.normal_equations_inversion(op, y, None, **settings)
        theirs = pylops.normal_equations_inversion(local, y, None, **settings)
        assert error(ours[0], theirs[0]) < 1e-8
    with pytest.raises(TypeError, match=r"RegularizedInversion.*'tol'.*iter_lim"):
        pld.regularized_inversion(op, y, None, tol=0)
    with pytest.raises(NotImplementedError, match="engine"):
        pld.regularized_inversion(op, y, None, engine="numpy")


def test_a_start_far_away_and_data_of_zero():
    A = np.random.default_rng(0).standard_normal((8, 5))
    op, zero = pld.MatrixMult(A), np.zeros(8)
    x = pld.regularized_inversion(op, zero, None, x0=np.ones(5))[0]
    np.testing.assert_allclose(x, 0, atol=1e-5)
    np.testing.assert_array_equal(pld.normal_equations_inversion(op, zero, None, x0=np.ones(5))[0], 0)
    y, x0 = A @ np.ones(5), np.full(5, 1e6)
    ours, theirs = (
        p.regularized_inversion(p.MatrixMult(A), y, None, x0=x0, atol=1e-12, btol=1e-12)
        for p in (pld, pylops)
    )
    assert ours[1] == theirs[1]
    assert error(ours[0], np.ones(5)) < 1e-8


def test_variances_and_results_of_lsqr():
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((10, 6)), rng.standard_normal(10)
    ours = scipysolvers.lsqr(pld.MatrixMult(A), y, calc_var=True, iter_lim=6, atol=0)
    np.testing.assert_allclose(ours[-1], np.diag(np.linalg.inv(A.T @ A)), rtol=1e-8)
    assert len(ours) == 10
    np.testing.assert_array_equal(scipysolvers.lsqr(pld.MatrixMult(A), y)[-1], 0)


@pytest.mark.parametrize("scale", SCALES[::3])
def test_division_is_that_of_pylops(scale):
    rng = np.random.default_rng(0)
    y = scale * rng.standard_normal(20)
    local, op = (p.Identity(20) + 0.3 * p.SecondDerivative(20) for p in (pylops, pld))
    assert error(op / da.from_array(y, chunks=20), local / y) < 1e-7
    assert error(op.div(y, niter=3), local.div(y, niter=3)) < 1e-9
    sparse = scipy.sparse.diags([np.full(19, -1.0), np.arange(2.0, 22), np.full(19, 0.5)], [-1, 0, 1]).tocsc()
    assert error(pld.MatrixMult(sparse) / da.from_array(y, chunks=6), pylops.MatrixMult(sparse) / y) < 1e-12
    A = rng.standard_normal((20, 20))
    assert error(pld.MatrixMult(A) / y, pylops.MatrixMult(A) / y) < 1e-10


def test_division_by_a_sparse_singular_matrix_returns_the_least_norm_solution():
    matrix = np.outer(np.arange(1.0, 5), np.arange(1.0, 5))
    y = np.arange(4.0)
    x = pld.MatrixMult(scipy.sparse.csr_matrix(matrix)) / y
    np.testing.assert_allclose(x, np.linalg.lstsq(matrix, y, rcond=None)[0], rtol=1e-9)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_numbers_that_are_not_finite_come_out_as_nan(bad):
    y = np.ones(10)
    y[3] = bad
    op = pld.MatrixMult(np.random.default_rng(0).standard_normal((10, 6)))
    for found in (
        pld.regularized_inversion(op, y, [pld.FirstDerivative(6)]),
        pld.normal_equations_inversion(op, y, None),
        pld.omp(op, y),
        *(pld.irls(op, y, kind=kind) for kind in ("data", "model", "datamodel")),
        pld.splitbregman(op, y, [pld.FirstDerivative(6)], niter_outer=2, niter_inner=1),
        scipysolvers.lsqr(op, y),
    ):
        assert np.isnan(found[0]).all()
    assert pld.regularized_inversion(op, y, None)[1] == 7
    assert pld.normal_equations_inversion(op, y, None)[1] > 0


@pytest.mark.parametrize("damp", [0.0, 0.3])
@pytest.mark.parametrize("name", ["cgls", "cg", "irls", "splitbregman"])
def test_conjugate_gradients_rest_where_they_begin_next_to_the_solution(name, damp):
    """Where the first gradient is small already, noise is not small against it, and steps along noise would grow."""
    matrix = np.asarray(pylops.Smoothing1D(5, 6).todense())
    y, normal = matrix @ np.arange(1.0, 7), matrix.T @ matrix + damp**2 * np.eye(6)
    expected = np.linalg.solve(normal, matrix.T @ y)
    start, more = expected * (1 + 1e-8), {"niter": 200, "engine": "pylops"}
    op = pld.MatrixMult(matrix)
    found = {
        "cgls": lambda: pld.cgls(op, y, x0=start, damp=damp, niter=200, tol=0),
        "cg": lambda: pld.cg(pld.MatrixMult(normal), matrix.T @ y, x0=start, niter=200, tol=0),
        # A large epsR weighs all data alike.
        "irls": lambda: pld.irls(op, y, warm=True, nouter=3, epsR=1e9, epsI=damp, tolIRLS=0, tol=0, **more),
        "splitbregman": lambda: pld.splitbregman(
            op, y, [pld.Identity(6)], x0=start, epsRL1s=[1e-30], damp=damp, inner_tol=0, **more
        ),
    }[name]()[0]
    assert error(found, expected) < 1e-10


def test_scipys_solvers_reject_lazy_data_and_name_the_fix():
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((10, 6)), rng.standard_normal(10)
    op = pld.MatrixMult(A)
    for name in ("lsqr", "lsmr"):
        solver = getattr(scipy.sparse.linalg, name)
        with pytest.raises(TypeError, match=rf"{name} was given a Dask array.*topylops"):
            solver(op, da.from_array(y, chunks=3))
        expected = np.linalg.lstsq(A, y, rcond=None)[0]
        for operator in (op, op.topylops()):
            assert error(solver(operator, y, atol=1e-12, btol=1e-12)[0], expected) < 1e-8
