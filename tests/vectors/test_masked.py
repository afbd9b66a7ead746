"""Masked arrays are rejected in words wherever a vector enters: NumPy's products ignore masks."""

import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.execution import unroll
from pylops_distributed.optimization import basic, leastsquares, primal, sparsity
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.proximal import L1, L2
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.vectors.space import BlockVector

WORDS = r"got a masked array of shape .*fill it"
masked = np.ma.masked_array(np.arange(6.0), mask=[0, 1, 0, 0, 0, 1])
kinds = pytest.mark.parametrize("x", [masked, da.from_array(masked, chunks=3)], ids=["numpy", "dask"])
square = np.ma.masked_array(np.ones((6, 6)), mask=np.eye(6))
op, y = pld.Identity(6), da.ones(6, chunks=3)


def rejected(function):
    with pytest.raises(ValueError, match=WORDS):
        function()


@kinds
@pytest.mark.parametrize(
    "applied",
    [
        lambda x: op @ x,
        lambda x: op * x,
        lambda x: op.H @ x,
        lambda x: op.matvec(x),
        lambda x: op.rmatvec(x),
        lambda x: op.apply(da.asarray(x)),
        lambda x: op.apply_adjoint(da.asarray(x)),
        lambda x: pld.FirstDerivative(6) @ x,
        lambda x: pld.MatrixMult(np.ones((2, 6))) @ x,
        lambda x: pld.FirstDerivative((2, 3)) @ x.reshape(2, 3),
        lambda x: op @ x.reshape(6, 1),
        lambda x: op.matmat(x.reshape(6, 1)),
        lambda x: op.rmatmat(x.reshape(6, 1)),
        lambda x: op / x,
        lambda x: BlockVector((da.asarray(x), y)),
    ],
)
def test_operators(applied, x):
    rejected(lambda: applied(x))


@kinds
@pytest.mark.parametrize(
    "solved",
    [
        lambda a, b: run_solver(CGLS(), op, da.asarray(a), None if b is None else da.asarray(b)),
        lambda a, b: unroll(CGLS(), op, da.asarray(a), 3, None if b is None else da.asarray(b)),
        lambda a, b: basic.cg(op, a, b),
        lambda a, b: basic.cgls(op, a, b),
        lambda a, b: basic.lsqr(op, a, b),
        lambda a, b: basic.lsmr(op, a, b),
        lambda a, b: leastsquares.regularized_inversion(op, da.asarray(a), [op], b),
        lambda a, b: leastsquares.normal_equations_inversion(op, da.asarray(a), [op], b),
        lambda a, b: leastsquares.preconditioned_inversion(op, da.asarray(a), op, b),
        lambda a, b: sparsity.irls(op, a, b, warm=True),
        lambda a, b: sparsity.ista(op, a, b),
        lambda a, b: sparsity.fista(op, a, b),
        lambda a, b: sparsity.spgl1(op, a, b),
        lambda a, b: sparsity.splitbregman(op, a, [op], x0=b),
        lambda a, b: primal.ProximalGradient(
            L2(b=da.asarray(a)), L1(), y if b is None else da.asarray(b), tau=0.1
        ),
    ],
)
def test_data_and_initial_models_of_solvers(solved, x):
    rejected(lambda: solved(x, None))
    rejected(lambda: solved(np.ones(6), x))


@kinds
@pytest.mark.parametrize(
    "built",
    [
        lambda x: pld.Diagonal(x),
        lambda x: pld.MatrixMult(x.reshape(2, 3)),
        lambda x: pld.signalprocessing.Convolve1D(6, x),
        lambda x: pld.signalprocessing.Convolve2D((6, 6), x.reshape(2, 3)),
        lambda x: pld.basicoperators.Regression(x, 2),
        lambda x: pld.basicoperators.LinearRegression(x),
        lambda x: pld.signalprocessing.Fredholm1(x.reshape(1, 2, 3), 1),
        lambda x: pld.signalprocessing.Shift(6, x),
        lambda x: pld.Diagonal(y * da.asarray(x)),
        lambda x: leastsquares.regularized_inversion(op, y, [op], dataregs=[x]),
        lambda x: sparsity.splitbregman(op, y, [op], RegsL2=[op], dataregsL2=[x]),
        lambda x: sparsity.omp(pld.Diagonal(x), y),
    ],
)
def test_weights_filters_and_matrices(built, x):
    rejected(lambda: built(x))


def test_blocks_that_turn_out_to_be_masked():
    hidden = y.map_blocks(lambda b: np.ma.masked_less(b, 2), dtype=float, meta=np.empty(0))
    with pytest.raises(ValueError, match=WORDS):
        run_solver(CGLS(), op, hidden)
