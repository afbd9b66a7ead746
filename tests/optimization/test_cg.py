"""The functions of pylops-distributed 0.x, and its arguments."""

import dask.array as da
import numpy as np

import pylops_distributed as pld
from pylops_distributed.optimization.cg import cg, cgls
from pylops_distributed.utils import dottest

A = np.random.default_rng(0).standard_normal((12, 6))
Y = A @ np.arange(6.0)


def test_cgls_damps_as_in_pylops_distributed_0():
    op = pld.MatrixMult(da.from_array(A, chunks=(6, 6)))
    expected = np.linalg.solve(A.T @ A + 0.5 * np.eye(6), A.T @ Y)
    x, iiter = cgls(op, da.from_array(Y, chunks=6), niter=50, damp=0.5, tol=1e-20)
    assert isinstance(x, da.Array)
    assert 0 < iiter <= 50
    np.testing.assert_allclose(x, expected, rtol=1e-6)
    x, _ = cgls(op, da.from_array(Y, chunks=6), niter=50, damp=0.5, tol=1e-20, compute=True)
    assert isinstance(x, np.ndarray)


B = A.T @ A
SQUARE, DATA = pld.MatrixMult(da.from_array(B, chunks=3)), da.from_array(B @ np.arange(6.0), chunks=3)


def test_cg():
    x, _ = cg(SQUARE, DATA, niter=50, tol=1e-20)
    np.testing.assert_allclose(x, np.arange(6.0), atol=1e-5)


def test_cg_on_a_client(cluster):
    x, _ = cg(SQUARE, DATA, niter=50, tol=1e-20, client=cluster)
    np.testing.assert_allclose(x, np.arange(6.0), atol=1e-5)


def test_chunks_of_the_dot_test():
    assert dottest(pld.FirstDerivative((4, 5)), 20, 20, chunks=(10, 4), tol=1e-6)
    assert dottest(pld.VStack([pld.Identity(4), pld.Identity(4)]), 8, 4, chunks=((5, 3), 2))
