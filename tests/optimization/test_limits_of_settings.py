"""Settings of solvers and shapes that mean nothing are errors in words; limits of iterations are kept or named."""

import logging

import dask.array as da
import numpy as np
import pylops
import pytest

import pylops_distributed as pld
from pylops_distributed.optimization.leastsquares import normal_equations_inversion, regularized_inversion
from pylops_distributed.optimization.sparsity import fista

rng = np.random.default_rng(0)
MATRIX, Y = rng.normal(size=(12, 5)), rng.normal(size=12)
OP, REGS = pld.MatrixMult(MATRIX), [pld.Identity(5)]
LAZY = da.from_array(Y, chunks=4)
UNKNOWN = LAZY[LAZY > -9]

MEANINGLESS = {
    "half an iteration": (lambda y: pld.cgls(OP, y, niter=2.5), "whole number of iterations"),
    "sparse": (lambda y: fista(OP, y, niter=-1), "whole number of iterations"),
    "NaN": (lambda y: pld.cgls(OP, y, tol=np.nan), "tol=nan: expected a finite number"),
    "SciPy": (lambda y: regularized_inversion(OP, y, REGS, iter_lim=-3), "iter_lim must be a whole number"),
    "SciPy's NaN": (lambda y: regularized_inversion(OP, y, REGS, atol=np.nan), "atol=nan"),
    "conjugate gradients": (
        lambda y: normal_equations_inversion(OP, y, REGS, maxiter=0.5),
        "maxiter must be",
    ),
}


@pytest.mark.parametrize("y", [Y, LAZY], ids=["NumPy", "Dask"])
@pytest.mark.parametrize(("solve", "message"), MEANINGLESS.values(), ids=MEANINGLESS)
def test_settings_without_a_meaning_are_errors(solve, message, y):
    with pytest.raises(ValueError, match=message):
        solve(y)


@pytest.mark.parametrize(
    "apply", [OP.H.dot, OP.rmatvec, lambda y: pld.solve(OP, y), lambda y: pld.cgls(OP, y)]
)
def test_arrays_of_unknown_length_raise_an_error_with_the_cure(apply):
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        apply(UNKNOWN)


def test_an_array_in_place_of_an_operator_raises_an_error_with_the_cure():
    with pytest.raises(TypeError, match="Diagonal"):
        regularized_inversion(OP, Y, REGS, Weight=np.ones(12))


@pytest.mark.parametrize("op", [OP, pld.FirstDerivative(5)], ids=str)
def test_no_columns(op):
    assert (op @ np.ones((5, 0))).shape == (op.shape[0], 0)
    np.testing.assert_array_equal(op.apply_columns([]) @ np.ones(0), np.zeros(op.shape[0]))


@pytest.mark.parametrize("y", [Y, LAZY], ids=["NumPy", "Dask"])
def test_istop_at_the_limit_of_iterations_is_that_of_the_library_copied(y):
    local, names = pylops.MatrixMult(MATRIX), pylops.optimization.leastsquares
    assert pld.lsqr(OP, y, niter=2)[1] == pylops.optimization.basic.lsqr(local, Y, niter=2)[1]
    expected = names.regularized_inversion(local, Y, [pylops.Identity(5)], iter_lim=2)[1]
    assert regularized_inversion(OP, y, REGS, iter_lim=2)[1] == expected == 7
    assert pld.lsmr(OP, y, niter=2)[1] == 7


def test_fewer_iterations_than_a_checkpoint_has_are_named(tmp_path, caplog):
    first = pld.solve(OP, Y, niter=3, tol=0.0, checkpoint=tmp_path / "a")
    with caplog.at_level(logging.WARNING):
        same = pld.solve(OP, Y, niter=3, tol=0.0, checkpoint=tmp_path / "a")
        assert not caplog.records
        fewer = pld.solve(OP, Y, niter=2, tol=0.0, checkpoint=tmp_path / "a")
    assert first.iteration == same.iteration == fewer.iteration == 3
    assert "of iteration 3, after the limit of 2" in caplog.text
