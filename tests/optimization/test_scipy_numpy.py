"""NumPy data with engine="scipy": SciPy's own solvers run, and say what ours say."""

import dask.array as da
import numpy as np
import pytest
import scipy.sparse.linalg as sla

import pylops_distributed as pld
from pylops_distributed.optimization.pylops_api import scipy_engine

A = np.random.default_rng(0).standard_normal((30, 12))
X = np.arange(1.0, 13.0)


def test_least_squares_are_those_of_scipy_to_the_bit():
    y = A @ X + 0.1
    for options in (
        {},
        {"damp": 0.5, "x0": X / 2},
        {"iter_lim": 4, "calc_var": True},
        {"atol": 1e-12, "btol": 1e-12},
    ):
        ours = scipy_engine.lsqr(pld.MatrixMult(A), y, **options)
        theirs = sla.lsqr(A, y, **options)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)
        lazy = scipy_engine.lsqr(
            pld.MatrixMult(da.from_array(A, chunks=10)), da.from_array(y, chunks=10), **options
        )
        np.testing.assert_allclose(np.asarray(lazy[0]), theirs[0], rtol=1e-6)
        assert lazy[1:3] == theirs[1:3]


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("data", [1e-12, 1e12])
@pytest.mark.parametrize("matrix", [1e-12, 1e12])
def test_data_and_operators_of_any_scale(matrix, data, dtype):
    """SciPy itself stops at once where both are small, and in single precision where the model is large."""
    op, y = pld.MatrixMult((A * matrix).astype(dtype), dtype=dtype), (A @ X * data).astype(dtype)
    x, _, _, r1norm, *_, xnorm, var = scipy_engine.lsqr(op, y, conlim=0, calc_var=True)
    np.testing.assert_allclose(x.astype("f8") * (matrix / data), X, rtol=1e-4)
    np.testing.assert_allclose(xnorm * (matrix / data), np.linalg.norm(X), rtol=1e-4)
    assert 0 < r1norm < 1e-5 * np.linalg.norm(y)
    np.testing.assert_allclose(var * matrix**2, np.diag(np.linalg.inv(A.T @ A)), rtol=0.5)
    normal = (A.T @ A * matrix).astype(dtype)
    rows = {"x0": op.H @ np.zeros_like(y), "damp": 0.3 * matrix}  # the operator is scaled, and with it these
    x = scipy_engine.lsqr(op, y, conlim=0, atol=0.0, btol=0.0, **rows)[0]
    damped = np.linalg.solve(A.T @ A + 0.09 * np.eye(12), A.T @ (A @ X))
    np.testing.assert_allclose(x.astype("f8") * (matrix / data), damped, rtol=1e-3)
    x, info = scipy_engine.cg(pld.MatrixMult(normal, dtype=dtype), (A.T @ (A @ X) * data).astype(dtype))
    np.testing.assert_allclose(x.astype("f8") * (matrix / data), X, rtol=1e-3)
    assert info == 0


def test_long_vectors_are_no_small_operators():
    """No number of a long vector of norm 1 is large: the operator is not taken for one that is to be scaled."""
    op = pld.Diagonal(np.linspace(1, 2, 10**7, dtype="f4"), dtype="f4")
    scipy_engine.lsqr(op, np.ones(10**7, "f4"), iter_lim=1)
    assert (op.matvec_count, op.rmatvec_count) == (1, 2)  # one adjoint more if the solve begins anew


def test_conjugate_gradients_are_those_of_scipy():
    normal, y = A.T @ A, A.T @ (A @ X)
    x, info = scipy_engine.cg(pld.MatrixMult(normal), y)
    np.testing.assert_allclose(x, sla.cg(normal, y)[0], rtol=1e-12)
    assert info == 0
    assert scipy_engine.cg(pld.MatrixMult(normal), y, maxiter=2)[1] == 2


@pytest.mark.parametrize("broken", ["operator", "data"])
def test_numbers_that_are_not_finite_end_at_once(broken, caplog):
    matrix, y = A.copy(), A @ X
    (matrix if broken == "operator" else y).flat[3] = np.nan
    op = pld.MatrixMult(matrix)
    x, istop, steps, *_ = scipy_engine.lsqr(op, y)
    assert (np.isnan(x).all(), istop, steps <= 1) == (True, 7, True)
    assert op.matvec_count + op.rmatvec_count < 12
    assert "NaN" in caplog.text


def test_single_precision_stays():
    single = A.astype("f4")
    x = pld.optimization.leastsquares.regularized_inversion(
        pld.MatrixMult(single), single @ X.astype("f4"), None
    )[0]
    assert (type(x), x.dtype) == (np.ndarray, np.float32)
    np.testing.assert_allclose(x, X, rtol=1e-3)
