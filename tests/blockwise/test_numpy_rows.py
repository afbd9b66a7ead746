"""NumPy arrays through operators: by pieces and in threads as at once, and nothing left behind."""

import pickle
import threading
from copy import deepcopy

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
from cases import CASES
from dask.base import tokenize
from threadpoolctl import threadpool_info

import pylops_distributed as pld
from pylops_distributed.blockwise import numpy_rows, operator, separable
from pylops_distributed.testing.arrays import precision, samples
from pylops_distributed.vectors import pieces
from pylops_distributed.vectors.arithmetic import axpy, norm, vdot
from pylops_distributed.vectors.elementwise import norm1


@pytest.fixture
def tiny_pieces(monkeypatch):
    """Every array is cut, and worked on by three threads."""
    for module, names in (
        (pieces, ("SMALL", "LARGE")), (numpy_rows, ("SMALL",)), (separable, ("SMALL",)), (operator, ("LEAST_CACHE",)),
    ):  # fmt: skip
        for name in names:
            monkeypatch.setattr(module, name, 0)
    with dask.config.set({"num_workers": 3, "pylops-distributed.blockwise.cache-block": "64 B"}):
        yield


ONE_EACH = list({case.name.split("-")[0]: case for case in reversed(CASES)}.values())


@pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.name)
def test_pieces_add_up_to_the_whole(case, tiny_pieces, monkeypatch):
    op = case.operator(case.usual)
    for f in (op, op.H):
        x = samples(f.dims, f.domain.dtype, seed=6)
        cut = np.asarray(f @ x)
        with monkeypatch.context() as whole:
            for module in (pieces, numpy_rows, separable):
                whole.setattr(module, "SMALL", 2**40)
            whole.setattr(pieces, "LARGE", 2**40)
            whole.setattr(operator, "LEAST_CACHE", 2**40)
            expected = np.asarray(f @ x)
        assert cut.dtype == expected.dtype
        tolerance = precision(case.usual) * max(1.0, float(np.linalg.norm(expected)))
        np.testing.assert_allclose(cut, expected, rtol=0, atol=tolerance)


def test_arithmetic_by_pieces(tiny_pieces):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 37, 5)) + 1j * rng.standard_normal((2, 37, 5))
    np.testing.assert_allclose(axpy(0.5, x, y), 0.5 * x + y)
    np.testing.assert_allclose(vdot(x, y), np.vdot(x, y))
    np.testing.assert_allclose(norm(x), np.linalg.norm(x))
    np.testing.assert_allclose(norm1(x), np.abs(x).sum())


def test_threads_end_and_settings_return_with_the_call(tiny_pieces):
    before = threading.active_count(), [lib["num_threads"] for lib in threadpool_info()]
    pld.Smoothing2D((3, 3), (40, 40)) @ np.ones((40, 40))
    pld.cgls(pld.MatrixMult(np.eye(50)), np.ones(50), niter=3)
    assert (threading.active_count(), [lib["num_threads"] for lib in threadpool_info()]) == before


def test_the_error_of_a_piece_is_raised(tiny_pieces):
    def fail(at):
        if at.start:
            raise ValueError(f"piece {at.start}")

    with pytest.raises(ValueError, match="piece"):
        pieces.share_out(fail, pieces.pieces_of(12, 1))


def test_one_dask_array_makes_the_result_lazy():
    x = np.ones(6)
    held = pld.Diagonal(da.arange(6.0, chunks=2))
    for op, vector in (
        (held, x), (held @ pld.Identity(6), x), (pld.Flip(6) + held, x), (pld.VStack([pld.Identity(6), held]), x),
        (pld.Identity(6), da.from_array(x, chunks=3)), (2 * held.H, x),
    ):  # fmt: skip
        assert isinstance(op @ vector, da.Array), op
    for op in (pld.Diagonal(np.arange(6.0)), pld.Flip(6, chunks=2), pld.Identity(6) @ pylops.Flip(6)):
        assert isinstance(op @ x, np.ndarray), op


class UsersOwn(pld.LinearOperator):
    """Holds what it is given, and is written for any arrays."""

    def __init__(self, weights):
        self.weights = weights
        space = pld.Identity(6).domain
        super().__init__(domain=space, codomain=space)

    def _matvec(self, x):
        return self.weights * x

    _rmatvec = _matvec


def test_operators_of_users_follow_what_they_hold():
    assert isinstance(UsersOwn(np.arange(6.0)) @ np.ones(6), np.ndarray)
    assert isinstance(UsersOwn(da.arange(6.0, chunks=2)) @ np.ones(6), da.Array)


def test_what_an_operator_holds_may_be_replaced_or_changed():
    own, x = UsersOwn(np.arange(6.0)), np.ones(6)
    np.testing.assert_array_equal(own @ x, np.arange(6.0))
    own.weights = np.full(6, 7.0)
    np.testing.assert_array_equal(own @ x, np.full(6, 7.0))
    matrix = pld.MatrixMult(np.eye(3))
    matrix.A[0, 0] = 5.0
    assert (matrix @ np.ones(3))[0] == 5.0
    matrix.A = 2 * np.eye(3)
    np.testing.assert_array_equal(matrix @ np.ones(3), 2 * np.ones(3))
    np.testing.assert_array_equal((matrix @ da.ones(3)).compute(), 2 * np.ones(3))


def test_results_are_the_callers_own():
    for op in (pld.Zero(4), pld.FunctionOperator(lambda _: np.ones(4), lambda _: np.ones(4), 4)):
        first = op @ np.ones(4)
        first += 9
        assert (op @ np.ones(4)).max() < 9


def test_an_operator_that_was_applied_is_the_same():
    for op in (pld.MatrixMult(np.arange(12.0).reshape(3, 4)), pld.Kronecker(pld.Identity(2), pld.Flip(2))):
        token, x = tokenize(op), np.arange(1.0, op.shape[1] + 1)
        y = op @ x
        assert tokenize(op) == token
        for copy in (pickle.loads(pickle.dumps(op)), deepcopy(op)):
            assert tokenize(copy) == token
            np.testing.assert_array_equal(copy @ x, y)
