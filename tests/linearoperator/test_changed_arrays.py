"""Arrays that users change in place: those that operators hold, and results that share memory with vectors."""

import dask.array as da
import numpy as np
import pytest
import scipy.sparse as sp

import pylops_distributed as pld
from pylops_distributed.avo.poststack import PoststackLinearModelling
from pylops_distributed.avo.prestack import PrestackLinearModelling
from pylops_distributed.optimization.leastsquares import regularized_inversion
from pylops_distributed.optimization.sparsity import fista
from pylops_distributed.signalprocessing import (
    Convolve1D,
    Convolve2D,
    Fredholm1,
    NonStationaryConvolve2D,
    PWSprayer2D,
    Seislet,
)

rng = np.random.default_rng(0)
OPERATORS = {
    "Diagonal": ((6,), lambda a: pld.Diagonal(a)),
    "MatrixMult": ((4, 6), lambda a: pld.MatrixMult(a)),
    "MatrixMult otherdims": ((4, 6), lambda a: pld.MatrixMult(a, otherdims=2)),
    "transposed": ((4, 6), lambda a: pld.MatrixMult(a).T),
    "columns": ((4, 6), lambda a: pld.VStack([pld.MatrixMult(a), pld.Identity(6)])),
    "Convolve1D": ((3,), lambda a: Convolve1D(6, a, offset=1)),
    "Convolve2D": ((3, 3), lambda a: Convolve2D((6, 5), a, offset=(1, 1))),
    "poststack": ((5,), lambda a: PoststackLinearModelling(a, 20, (3,))),
    "prestack": ((5,), lambda a: PrestackLinearModelling(a, np.array([0.0, 20.0]), nt0=20)),
    "Fredholm1": ((2, 3, 4), lambda a: Fredholm1(a, nz=1)),
    "NonStationaryConvolve2D": (
        (2, 2, 3, 3),
        lambda a: NonStationaryConvolve2D((8, 9), a, ihx=(2, 5), ihz=(1, 6), engine="numpy"),
    ),
    "Kronecker": ((2, 2), lambda a: pld.Kronecker(pld.MatrixMult(a), pld.Identity(3))),
}


@pytest.mark.parametrize("change", [lambda a: a * 2, np.flip], ids=["scaled", "flipped"])
@pytest.mark.parametrize(("shape", "make"), OPERATORS.values(), ids=OPERATORS)
def test_changes_of_an_array_in_place_are_seen(shape, make, change):
    held = rng.standard_normal(shape)
    op = make(held)
    x, y = (rng.standard_normal(n) for n in op.shape[::-1])

    def results(op):
        images = [op @ x, op.H @ y, op @ da.from_array(x, chunks=3), op.H @ da.from_array(y, chunks=3)]
        images += [pld.cgls(op, data, niter=2)[0] for data in (y, da.from_array(y))]
        return np.concatenate([np.ravel(image) for image in images])

    before = results(op)
    held[...] = change(held).copy()
    after = results(op)
    np.testing.assert_allclose(after, results(make(held.copy())))
    assert not np.allclose(after, before)


def test_one_changed_element_of_a_large_or_sparse_matrix_is_seen():
    for dense in (np.zeros((300, 400)), sp.csr_array(np.eye(30))):
        op, x = pld.MatrixMult(dense), np.ones(dense.shape[1])
        before = np.asarray(op @ da.from_array(x))
        (dense if isinstance(dense, np.ndarray) else op.A.data)[(-1,) * (2 - sp.issparse(dense))] = 5
        assert np.flatnonzero(np.asarray(op @ da.from_array(x)) - before).tolist() == [len(before) - 1]


def test_a_complex_filter_stays_as_it_was():
    h = rng.standard_normal(3) + 1j
    op = Convolve1D(6, h, offset=1, dtype=complex)
    before = op.todense()
    h *= 2
    np.testing.assert_allclose(op.todense(), before)
    np.testing.assert_allclose(op.H.todense(), before.conj().T)


def test_slopes_of_operators_that_pylops_makes_stay_as_they_were():
    slopes, x = rng.standard_normal((8, 12)), rng.standard_normal((8, 12))
    for make in (Seislet, lambda s: PWSprayer2D((8, 12), s, radius=2)):
        op = make(slopes)
        before = make(slopes.copy()) @ x
        slopes *= 2
        np.testing.assert_allclose(op @ x, before)
        np.testing.assert_allclose(op @ da.from_array(x), before)


SHARING = {
    "not in place": pld.Identity(6, inplace=False), "Flip": pld.Flip(6),
    "product": pld.Identity(6) * pld.Identity(6), "real": pld.Identity(6).toreal(), "Real": pld.Real(6),
    "Smoothing1D": pld.Smoothing1D(1, 6), "N-d": pld.Flip((2, 3), axis=0),
}  # fmt: skip


@pytest.mark.parametrize("op", SHARING.values(), ids=SHARING)
def test_a_result_may_be_written_to(op):
    x = np.arange(6.0).reshape(op.dims)
    for apply in (
        lambda: op @ x,
        lambda: op.H @ x,
        lambda: op.matvec(x.ravel()),
        lambda: op.rmatvec(x.ravel()),
    ):
        apply()[...] = -1
        np.testing.assert_array_equal(x.ravel(), np.arange(6.0))


SOLVERS = {
    "cgls": lambda op, y, x0: pld.cgls(op, y, x0=x0, niter=3)[0],
    "lsqr": lambda op, y, x0: pld.lsqr(op, y, x0=x0, niter=3)[0],
    "no step": lambda op, y, x0: fista(op, y, x0=x0, niter=0)[0],
    "regularized": lambda op, y, x0: regularized_inversion(op, y, None, x0=x0)[0],
    "solve": lambda op, y, x0: pld.solve(op, y, x0=x0, niter=1).x,
}


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_a_model_may_be_written_to_where_the_first_one_is_the_solution(solver):
    op, x0 = pld.MatrixMult(rng.standard_normal((6, 4))), np.ones(4)
    y = op @ x0
    solver(op, y, x0)[...] = 77
    np.testing.assert_array_equal(x0, 1)
