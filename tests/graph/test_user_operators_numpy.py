"""Operators of users on NumPy vectors, and those that return an array that they write to again later."""

import dask.array as da
import numpy as np
import pylops
import pytest

import pylops_distributed as pld
from pylops_distributed.optimization.leastsquares import normal_equations_inversion, regularized_inversion
from pylops_distributed.optimization.sparsity import ista

rng = np.random.default_rng(0)
A, Y = rng.standard_normal((12, 8)), rng.standard_normal(12)
SOLVERS = {
    "regularized": lambda op, y: regularized_inversion(op, y, None),
    "normal": lambda op, y: normal_equations_inversion(op, y, None, epsI=0.3),
    "cgls": lambda op, y: pld.cgls(op, y, niter=10),
    "ista": lambda op, y: ista(op, y, niter=3, alpha=0.01),
}


class Owns(pld.LinearOperator):
    """Returns the same arrays each time, with new numbers."""

    def __init__(self):
        super().__init__(dtype=float, dims=8, dimsd=12)
        self.image, self.back = np.zeros(12), np.zeros((8, 1))

    def _matvec(self, x):
        self.image[:] = A @ x
        return self.image

    def _rmatvec(self, y):
        self.back[:, 0] = A.T @ y
        return self.back.ravel()


class OwnsLocally(pylops.LinearOperator):
    def __init__(self):
        super().__init__(dtype=float, shape=(12, 8))
        self.image, self.back = np.zeros(12), np.zeros(8)

    def _matvec(self, x):
        self.image[:] = A @ x
        return self.image

    def _rmatvec(self, y):
        self.back[:] = A.T @ y
        return self.back


IMAGE, BACK = np.zeros(12), np.zeros(8)


def forward(x):
    IMAGE[:] = A @ x
    return IMAGE


def backward(y):
    BACK[:] = A.T @ y
    return BACK


def owners():
    return Owns(), OwnsLocally(), pld.FunctionOperator(forward, backward, 12, 8)


def lazy(x):
    return da.from_array(x, chunks=4)


@pytest.mark.parametrize("form", [np.asarray, lazy])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_arrays_that_operators_write_to_again_are_copied(which, form):
    op = pld.aslinearoperator(owners()[which])
    one, two = (op @ form(x) for x in (np.ones(8), np.zeros(8)))
    np.testing.assert_allclose(np.asarray(one), A.sum(axis=1))
    np.testing.assert_allclose(np.asarray(two), 0)
    np.testing.assert_allclose(op.todense(), A)
    for solver in SOLVERS.values():
        expected, model = (np.asarray(solver(o, form(Y))[0]) for o in (pld.MatrixMult(A), owners()[which]))
        np.testing.assert_allclose(model, expected, rtol=1e-4, atol=1e-6)


class Random(Owns):
    def __init__(self):
        super().__init__()
        self.generator = np.random.default_rng(0)

    def _matvec(self, x):
        return A @ x + self.generator.standard_normal(12)


class Writes(Owns):
    def _rmatvec(self, y):
        y *= 2
        return A.T @ y / 2


class WritesLocally(OwnsLocally):
    def _matvec(self, x):
        x *= 2
        return A @ x / 2


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
@pytest.mark.parametrize(
    ("kind", "words"),
    [(Random, "returns other numbers when it is applied again"), (Writes, "have it work on a copy"),
     (WritesLocally, "have it work on a copy")],
)  # fmt: skip
def test_impure_operators_on_numpy_vectors_are_rejected(kind, words, solver):
    y = Y.copy()
    with pytest.raises(ValueError, match=words):
        solver(kind(), y)
    np.testing.assert_array_equal(y, Y)


def test_data_may_be_a_list():
    for solver in SOLVERS.values():
        one, two = (solver(pld.MatrixMult(A), y)[0] for y in (Y, Y.tolist()))
        np.testing.assert_array_equal(one, two)
