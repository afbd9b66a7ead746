"""Scalars of single-precision vectors are in double precision, and vectors stay as they are."""

import dask
import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.vectors.arithmetic import axpy, norm, vdot
from pylops_distributed.vectors.elementwise import distance, lincomb, norm1

SCALES = (1e-30, 1e-22, 1.0, 1e22, 1e30)


@pytest.fixture(autouse=True, params=["numpy", "dask"])
def array(request):
    """What makes vectors of one kind."""
    with dask.config.set(scheduler="sync"):
        yield np.asarray if request.param == "numpy" else lambda x: da.from_array(x, chunks=7)


def _sample(dtype, scale):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(20) + (1j * rng.standard_normal(20) if dtype == "c8" else 0)
    return (x * scale).astype(dtype)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("dtype", ["f4", "c8"])
def test_products_beyond_the_range_of_the_vectors(array, dtype, scale):
    x, y = _sample(dtype, scale), _sample(dtype, scale)[::-1].copy()
    wide, other = x.astype("c16"), y.astype("c16")
    for found, expected in (
        (vdot(array(x), array(y)), np.vdot(wide, other)),
        (norm(array(x)), np.linalg.norm(wide)),
        (norm1(array(x)), np.abs(wide).sum()),
        (distance(array(x), array(y)), np.linalg.norm(wide - other)),
    ):
        assert found.dtype.itemsize in (8, 16)
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5)


@pytest.mark.parametrize("scalar", [0.3, 1e-45, 1e45])
@pytest.mark.parametrize("dtype", ["f4", "c8"])
def test_vectors_keep_their_type_with_scalars_in_double(array, dtype, scalar):
    x = _sample(dtype, {0.3: 1.0, 1e-45: 1e37, 1e45: 1e-30}[scalar])
    zero, factor = np.zeros_like(x), array(np.float64(scalar)) if array is np.asarray else da.asarray(scalar)
    for found in (axpy(factor, array(x), array(zero)), lincomb(factor, array(x), np.float64(1), array(zero))):
        assert found.dtype == np.asarray(found).dtype == dtype
        np.testing.assert_allclose(np.asarray(found), scalar * x.astype("c16"), rtol=1e-6)


@pytest.mark.parametrize("data", [1e-12, 1e12])
@pytest.mark.parametrize("matrix", [1e-12, 1e12])
@pytest.mark.parametrize("solver", ["cgls", "lsqr", "lsmr", "cg"])
def test_solvers_at_any_scale(array, solver, matrix, data):
    if matrix * data > 1 and solver == "cgls":
        data = 1.0  # the operator's image of a gradient would not fit in single precision
    rng = np.random.default_rng(0)
    A = rng.standard_normal((30, 20))
    A = A.T @ A / 30 + np.eye(20) if solver == "cg" else A
    truth = rng.standard_normal(20)
    y = (A @ truth * data).astype("f4")
    op = pld.MatrixMult((A * matrix).astype("f4"), dtype="f4")
    exact = {"tol": 0.0} if solver in ("cgls", "cg") else {"atol": 0.0, "btol": 0.0}
    x = np.asarray(getattr(pld.optimization.basic, solver)(op, array(y), niter=60, **exact)[0])
    assert x.dtype == np.float32 or array is np.asarray
    np.testing.assert_allclose(x * (matrix / data), truth, rtol=1e-4, atol=1e-4)
