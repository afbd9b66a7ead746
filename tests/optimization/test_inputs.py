"""What solvers and operators are given: sizes that do not fit, matrices, datasets."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr

import pylops_distributed as pld

A = np.random.default_rng(0).standard_normal((10, 6))
OP = pld.MatrixMult(A)
TALL = r"data y have 9 samples, shape \(9,\); expected the 10 .*<10x6 MatrixMult.*dimsd=\(10,\)"


@pytest.mark.parametrize("kind", [np.ones, da.ones])
@pytest.mark.parametrize("solver", [pld.cgls, pld.lsqr, pld.ista])
def test_data_and_models_of_other_sizes_are_named(solver, kind):
    with pytest.raises(ValueError, match=TALL):
        solver(OP, kind(9))
    with pytest.raises(ValueError, match=r"initial model have 5 samples.*expected the 6 .*dims=\(6,\)"):
        solver(OP, kind(10), x0=kind(5))


@pytest.mark.parametrize("kind", [np.ones, da.ones])
def test_vectors_of_other_sizes_are_named(kind):
    for call in (
        lambda: pld.omp(OP, kind(9)),
        lambda: pld.regularized_inversion(OP, kind(9), [pld.Identity(6)]),
    ):
        with pytest.raises(ValueError, match=r"10 samples, flat or of shape \(10,\), got one of 9"):
            call()


def test_matrices_are_operators():
    y, B = np.ones(10), A.T @ A
    np.testing.assert_allclose(pld.cgls(A, y)[0], pld.cgls(OP, y)[0])
    np.testing.assert_allclose(
        pld.cg(pld.MatrixMult(B), np.ones(6), M=np.eye(6))[0], np.linalg.solve(B, np.ones(6))
    )
    assert isinstance(pld.aslinearoperator(da.from_array(A)) @ np.ones(6), da.Array)


def test_a_negative_number_of_iterations():
    with pytest.raises(ValueError, match="niter must be a whole number of iterations, zero or more, got -1"):
        pld.cgls(OP, np.ones(10), niter=-1)


def test_memory_is_checked_for_data_in_second_place():
    pld.check_memory(OP, da.ones(10, chunks=5))
    pld.check_memory(OP, np.ones(10))


def test_datasets_are_named():
    dataset = xr.Dataset({"a": (("x", "t"), np.ones((3, 4)))})
    op = pld.FirstDerivative((3, 4)).labelled(("x", "t"))
    for call in (lambda: op @ dataset, lambda: op / dataset):
        with pytest.raises(TypeError, match=r"Dataset of a: write operator @ dataset\['a'\]"):
            call()


def test_normal_equations_end_with_zero_where_they_converged():
    assert pld.normal_equations_inversion(OP, np.ones(10), [pld.Identity(6)])[1] == 0
